#pragma once

#include <string>
#include <string_view>

namespace rolebridge {

// Lower case of A to Z alone: what it is beyond ASCII depends on the language, and names that are
// compared here (hosts, LDAP attributes, IAM roles) have no other letters or are left as they are.
constexpr char LowerAscii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = LowerAscii(c);
  return lower;
}

}  // namespace rolebridge
