#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/web/http.h"

namespace rolebridge::web {

// An IPv4 or IPv6 address. An IPv4 address mapped into IPv6 is the IPv4 address.
class IpAddress {
 public:
  // Numeric form only, without zone, port or brackets.
  static std::optional<IpAddress> Parse(std::string_view text);
  static IpAddress FromV4(const std::array<uint8_t, 4>& bytes);
  static IpAddress FromV6(const std::array<uint8_t, 16>& bytes);

  bool is_v4() const { return v4_; }
  bool IsLoopback() const;
  std::string ToString() const;

  // What connections are counted by: the IPv4 address, or the /64 of an IPv6 address, which is what
  // one customer is given.
  IpAddress CountedAs() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  friend class IpNetwork;
  std::array<uint8_t, 16> bytes_{};  // IPv4: the first four
  bool v4_ = false;
};

// An address, or a network in CIDR notation ("10.0.0.0/8").
class IpNetwork {
 public:
  // Errors: kInvalidArgument, not an address or network, or bits are set behind the prefix.
  static Result<IpNetwork> Parse(std::string_view text);
  // The network of this one address.
  static IpNetwork Of(const IpAddress& address);
  bool Contains(const IpAddress& address) const;

 private:
  IpAddress address_;
  unsigned prefix_ = 0;
};

struct ClientAddress {
  IpAddress address;
  bool malformed = false;  // X-Forwarded-For held what is no address; worth a log line
};

bool IsTrusted(const IpAddress& address, const std::vector<IpNetwork>& trusted_proxies);

// Who sent a request (security.md H9): the socket's peer. Where that is a trusted proxy, the
// X-Forwarded-For fields are walked from the right, past trusted proxies, to the first address that
// is none. Where something else than an address is met on that walk, it is the peer, and malformed.
ClientAddress FindClientAddress(const IpAddress& peer, const std::vector<HttpField>& fields,
                                const std::vector<IpNetwork>& trusted_proxies);

}  // namespace rolebridge::web
