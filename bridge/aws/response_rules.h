#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/saml/assertion.h"

namespace rolebridge::aws {

// One thing that AWS would refuse, with the number it has in the reference ("R4", "2.1 Role").
struct Violation {
  std::string_view rule;
  std::string attribute;  // SAML attribute name that is at fault; empty: the response itself
  std::string message;    // what is wrong, the value in single quotes, what to do
};

// Every documented rule of AWS's that `response`, as a structure, breaks; none: it may be signed.
// Pure; the text that was signed is checked for size by CheckSize. (aws-saml.md 1.1, 2, 3.2)
std::vector<Violation> CheckResponse(const saml::Response& response);

// True where `url` is on a host where AWS signs people in, whatever its path: R5 and 3.1 hold for
// it. Others are R6.
bool IsAtAws(std::string_view url);

// R16: more than 95,000 characters of base64.
std::vector<Violation> CheckSize(size_t base64_characters, size_t roles);

}  // namespace rolebridge::aws
