#include "bridge/mapping/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool IsMapped(const std::array<uint8_t, 16>& bytes) {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

// The address as it is written, with no regard to what a mapped one means.
std::optional<Address> ParseAsWritten(std::string_view text) {
  // The C interface would stop at a NUL and take what stands before it.
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string terminated(text);
  Address address;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) {
    address.is_v4 = true;
    return address;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

Address WithoutMapping(const Address& address) {
  if (address.is_v4 || !IsMapped(address.bytes)) return address;
  Address v4{true, {}};
  std::copy(address.bytes.begin() + 12, address.bytes.end(), v4.bytes.begin());
  return v4;
}

std::optional<size_t> ParsePrefix(std::string_view text, size_t most) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  size_t prefix = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), prefix);
  if (error != std::errc() || end != text.data() + text.size() || prefix > most) {
    return std::nullopt;
  }
  return prefix;
}

bool SameBits(const Address& a, const Address& b, size_t bits) {
  const size_t whole = bits / 8;
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + whole, b.bytes.begin())) return false;
  const size_t rest = bits % 8;
  return rest == 0 || (a.bytes[whole] >> (8 - rest)) == (b.bytes[whole] >> (8 - rest));
}

Address FirstOf(const Address& address, size_t prefix) {
  Address first = address;
  for (size_t bit = prefix; bit < 128; ++bit) {
    first.bytes[bit / 8] &= static_cast<uint8_t>(~(0x80U >> (bit % 8)));
  }
  return first;
}

std::string Written(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.is_v4 ? AF_INET : AF_INET6, address.bytes.data(), text, sizeof text);
  return text;
}

}  // namespace

std::optional<Address> Address::Parse(std::string_view text) {
  const std::optional<Address> address = ParseAsWritten(text);
  if (!address) return std::nullopt;
  return WithoutMapping(*address);
}

Result<Network> Network::Parse(std::string_view text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const std::optional<Address> address = ParseAsWritten(text.substr(0, slash));
  const size_t most = address && address->is_v4 ? 32 : 128;
  const std::optional<size_t> prefix =
      slash == text.size() ? most : ParsePrefix(text.substr(slash + 1), most);
  if (!address || !prefix) {
    return Error{ErrorCode::kInvalidArgument,
                 Quote(text) + " is no network; use 10.0.0.0/8, 2001:db8::/32 or an address"};
  }
  if (!SameBits(*address, FirstOf(*address, *prefix), most)) {
    return Error{ErrorCode::kInvalidArgument, Quote(text) + " has bits behind its prefix; write " +
                                                  Written(FirstOf(*address, *prefix)) + "/" +
                                                  std::to_string(*prefix)};
  }
  Network network;
  const bool mapped = !address->is_v4 && IsMapped(address->bytes) && *prefix >= 96;
  network.address_ = mapped ? WithoutMapping(*address) : *address;
  network.prefix_ = mapped ? *prefix - 96 : *prefix;
  return network;
}

bool Network::Contains(const Address& address) const {
  return address.is_v4 == address_.is_v4 && SameBits(address, address_, prefix_);
}

}  // namespace rolebridge::mapping
