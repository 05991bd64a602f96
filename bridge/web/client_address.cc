#include "bridge/web/client_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace rolebridge::web {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::string_view TrimSpaces(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// A decimal number of at most three digits, without sign or leading zero.
std::optional<unsigned> ParsePrefix(std::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), prefix);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return prefix;
}

}  // namespace

IpAddress IpAddress::FromV4(const std::array<uint8_t, 4>& bytes) {
  IpAddress address;
  address.v4_ = true;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::FromV6(const std::array<uint8_t, 16>& bytes) {
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin())) {
    return FromV4({bytes[12], bytes[13], bytes[14], bytes[15]});
  }
  IpAddress address;
  address.bytes_ = bytes;
  return address;
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  // inet_pton stops at a NUL, and takes nothing that is longer.
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  std::array<uint8_t, 4> v4{};
  if (inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) return FromV4(v4);
  std::array<uint8_t, 16> v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return FromV6(v6);
  return std::nullopt;
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), text, sizeof(text));
  return text;
}

bool IpAddress::IsLoopback() const {
  if (v4_) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](uint8_t byte) { return byte == 0; }) &&
         bytes_.back() == 1;
}

IpAddress IpAddress::CountedAs() const {
  IpAddress counted = *this;
  if (!v4_) std::fill(counted.bytes_.begin() + 8, counted.bytes_.end(), uint8_t{0});
  return counted;
}

Result<IpNetwork> IpNetwork::Parse(std::string_view text) {
  const Error malformed{ErrorCode::kInvalidArgument,
                        "'" + std::string(text) +
                            "' is no address or network; write 192.0.2.7, "
                            "10.0.0.0/8 or 2001:db8::/32"};
  const size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::Parse(text.substr(0, slash));
  if (!address) return malformed;
  IpNetwork network = Of(*address);
  const unsigned width = network.prefix_;
  if (slash != std::string_view::npos) {
    const std::optional<unsigned> prefix = ParsePrefix(text.substr(slash + 1));
    if (!prefix || *prefix > width) return malformed;
    network.prefix_ = *prefix;
  }
  for (unsigned bit = network.prefix_; bit < width; ++bit) {
    if ((address->bytes_[bit / 8] >> (7 - bit % 8)) & 1) {
      return Error{ErrorCode::kInvalidArgument,
                   "'" + std::string(text) + "' has bits set behind its prefix"};
    }
  }
  return network;
}

IpNetwork IpNetwork::Of(const IpAddress& address) {
  IpNetwork network;
  network.address_ = address;
  network.prefix_ = address.is_v4() ? 32 : 128;
  return network;
}

bool IpNetwork::Contains(const IpAddress& address) const {
  if (address.v4_ != address_.v4_) return false;
  const unsigned whole = prefix_ / 8;
  if (!std::equal(address_.bytes_.begin(), address_.bytes_.begin() + whole,
                  address.bytes_.begin())) {
    return false;
  }
  const unsigned rest = prefix_ % 8;
  if (rest == 0) return true;
  return (address_.bytes_[whole] >> (8 - rest)) == (address.bytes_[whole] >> (8 - rest));
}

bool IsTrusted(const IpAddress& address, const std::vector<IpNetwork>& trusted_proxies) {
  return std::any_of(trusted_proxies.begin(), trusted_proxies.end(),
                     [&](const IpNetwork& network) { return network.Contains(address); });
}

ClientAddress FindClientAddress(const IpAddress& peer, const std::vector<HttpField>& fields,
                                const std::vector<IpNetwork>& trusted_proxies) {
  ClientAddress client{peer};
  if (!IsTrusted(peer, trusted_proxies)) return client;
  // Each proxy appends at the right, be it to the last such field or as a field of its own.
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    if (field->first != "x-forwarded-for") continue;
    std::string_view list = field->second;
    while (true) {
      const size_t comma = list.rfind(',');
      const std::string_view last =
          TrimSpaces(comma == std::string_view::npos ? list : list.substr(comma + 1));
      const std::optional<IpAddress> address = IpAddress::Parse(last);
      if (!address) return {peer, true};
      client.address = *address;
      if (!IsTrusted(*address, trusted_proxies)) return client;
      if (comma == std::string_view::npos) break;
      list = list.substr(0, comma);
    }
  }
  return client;
}

}  // namespace rolebridge::web
