#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rolebridge::aws {

// What is fixed for each part of AWS (aws-saml.md 3.1, 3.2).
struct Partition {
  std::string_view name;      // as in ARNs: "aws", "aws-cn", "aws-us-gov"
  std::string_view audience;  // entity ID of the relying party
  std::string_view acs_url;   // the non-regional one
  std::string_view sign_out_url;
  std::vector<std::string_view> form_origins;  // CSP sources the ACS redirects to (security.md B5)
  std::vector<std::string_view> relay_state_hosts;  // the host itself, or what ends in "." + it
};

// Null where there is no such partition here.
const Partition* FindPartition(std::string_view name);

// True where `relay_state` is an https URL whose host is one of `hosts` or below one (3.5).
bool IsAllowedRelayState(std::string_view relay_state, const std::vector<std::string>& hosts);

}  // namespace rolebridge::aws
