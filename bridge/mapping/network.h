#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "bridge/base/result.h"

namespace rolebridge::mapping {

// An IP address; an IPv4 address that is written as an IPv6 one (::ffff:192.0.2.7) is the former.
struct Address {
  bool is_v4 = false;
  std::array<uint8_t, 16> bytes{};  // of IPv4 the first four

  static std::optional<Address> Parse(std::string_view text);
};

// "10.0.0.0/8", "2001:db8::/32", or one address.
class Network {
 public:
  // Errors: kInvalidArgument, what is wrong with it and what to write.
  static Result<Network> Parse(std::string_view text);
  bool Contains(const Address& address) const;

 private:
  Network() = default;
  Address address_;
  size_t prefix_ = 0;  // bits
};

}  // namespace rolebridge::mapping
