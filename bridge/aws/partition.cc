#include "bridge/aws/partition.h"

#include <algorithm>
#include <array>

#include "bridge/aws/characters.h"

namespace rolebridge::aws {
namespace {

constexpr size_t kMaxRelayState = 2048;

const std::array<Partition, 3>& Partitions() {
  static const auto& partitions = *new std::array<Partition, 3>{
      Partition{
          .name = "aws",
          .audience = "urn:amazon:webservices",
          .acs_url = "https://signin.aws.amazon.com/saml",
          .sign_out_url = "https://signin.aws.amazon.com/oauth?Action=logout",
          .form_origins = {"https://signin.aws.amazon.com", "https://*.signin.aws.amazon.com",
                           "https://console.aws.amazon.com", "https://*.console.aws.amazon.com"},
          .relay_state_hosts = {"console.aws.amazon.com"}},
      Partition{.name = "aws-cn",
                .audience = "urn:amazon:webservices:cn-north-1",
                .acs_url = "https://signin.amazonaws.cn/saml",
                .sign_out_url = "https://signin.amazonaws.cn/oauth?Action=logout",
                .form_origins = {"https://signin.amazonaws.cn", "https://*.signin.amazonaws.cn",
                                 "https://console.amazonaws.cn", "https://*.console.amazonaws.cn"},
                .relay_state_hosts = {"console.amazonaws.cn"}},
      Partition{.name = "aws-us-gov",
                .audience = "urn:amazon:webservices:govcloud",
                .acs_url = "https://signin.amazonaws-us-gov.com/saml",
                .sign_out_url = "https://signin.amazonaws-us-gov.com/oauth?Action=logout",
                .form_origins = {"https://signin.amazonaws-us-gov.com",
                                 "https://*.signin.amazonaws-us-gov.com",
                                 "https://console.amazonaws-us-gov.com",
                                 "https://*.console.amazonaws-us-gov.com"},
                .relay_state_hosts = {"console.amazonaws-us-gov.com"}},
  };
  return partitions;
}

bool IsHostCharacter(char c) { return IsLetterOrDigit(c) || c == '-' || c == '.'; }

bool IsHost(std::string_view host) {
  return !host.empty() && ConsistsOf(host, IsHostCharacter) && host.front() != '.' &&
         host.back() != '.' && host.find("..") == std::string_view::npos;
}

bool IsOrIsBelow(std::string_view host, std::string_view parent) {
  if (parent.empty() || host.size() < parent.size()) return false;
  const size_t rest = host.size() - parent.size();
  return EqualIgnoringCase(host.substr(rest), parent) && (rest == 0 || host[rest - 1] == '.');
}

}  // namespace

const Partition* FindPartition(std::string_view name) {
  for (const Partition& partition : Partitions()) {
    if (partition.name == name) return &partition;
  }
  return nullptr;
}

bool IsAllowedRelayState(std::string_view relay_state, const std::vector<std::string>& hosts) {
  constexpr std::string_view kScheme = "https://";
  if (relay_state.size() > kMaxRelayState || !relay_state.starts_with(kScheme)) return false;
  // A browser reads a backslash as a slash and drops line breaks and tabs: what we would take for
  // the host might not be what it goes to.
  const auto is_plain = [](char c) { return c > ' ' && c < 0x7F && c != '\\'; };
  if (!ConsistsOf(relay_state, is_plain)) return false;
  std::string_view host = relay_state.substr(kScheme.size());
  host = host.substr(0, host.find_first_of("/?#"));
  constexpr std::string_view kPort = ":443";
  if (host.ends_with(kPort)) host.remove_suffix(kPort.size());
  if (!IsHost(host)) return false;
  return std::any_of(hosts.begin(), hosts.end(),
                     [&](const std::string& parent) { return IsOrIsBelow(host, parent); });
}

}  // namespace rolebridge::aws
