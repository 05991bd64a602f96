#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/random.h"
#include "bridge/base/result.h"

namespace rolebridge::ldap {

// One server that the DNS names for a service (RFC 2782).
struct Service {
  int priority = 0;  // the lower, the earlier
  int weight = 0;
  std::string host;
  int port = 0;
  auto operator<=>(const Service&) const = default;
};

struct ServiceAnswer {
  std::vector<Service> services;
  std::chrono::seconds lifetime{0};  // the shortest of the records'
};

// The SRV records of an answer as it came (RFC 1035 section 4, RFC 2782); what is malformed, and a
// target of ".", which means "not here", is none. At most 100 of them.
ServiceAnswer ParseServices(std::span<const unsigned char> answer);

// Asks the DNS for `name`, as "_ldap._tcp.example.org". An answer may be empty.
// Errors: kUnavailable, with the name: no such name, or no answer within a few seconds.
using ServiceFinder = std::function<Result<ServiceAnswer>(const std::string& name)>;

// By libresolv and the host's resolv.conf(5). `loopback_port`: a name server there instead, for
// tests.
ServiceFinder SystemServiceFinder(uint16_t loopback_port = 0);

// In the order of RFC 2782: by priority, and within one drawn by weight, so that many clients
// spread over the servers.
std::vector<Service> DrawOrder(std::vector<Service> services, Random& random);

// Their addresses, in the same order, `scheme` being ldap or ldaps. Only hosts within `domain`
// (lower case): nobody vouches for the answer, and the bind password goes where it leads. What TLS
// then asks for is a certificate in that host's name.
std::vector<std::string> UrisOf(const std::vector<Service>& services, std::string_view scheme,
                                std::string_view domain);

// Labels of letters, digits and '-', 253 bytes at most (RFC 1123 2.1).
bool IsDnsName(std::string_view text);

// What "ldap+srv://example.org" or "ldaps+srv://example.org" asks for: the service is the scheme.
struct ServiceUri {
  std::string scheme;  // ldap (StartTLS) or ldaps
  std::string domain;  // lower case
  std::string name() const { return "_" + scheme + "._tcp." + domain; }
};
// None: it is no such URI.
std::optional<ServiceUri> ParseServiceUri(std::string_view uri);

}  // namespace rolebridge::ldap
