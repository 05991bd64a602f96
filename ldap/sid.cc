#include "ldap/sid.h"

#include <cstddef>
#include <utility>

#include "bridge/base/random.h"

namespace rolebridge::ldap {
namespace {

// Revision, count, and six bytes of authority, big-endian; then four of each sub-authority,
// little-endian.
constexpr size_t kHeadBytes = 8;
constexpr size_t kNumberBytes = 4;
constexpr unsigned char kRevision = 1;
constexpr unsigned char kMaximumNumbers = 15;

unsigned char ByteAt(std::string_view bytes, size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

uint32_t NumberAt(std::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = kNumberBytes; i-- > 0;) number = number << 8 | ByteAt(bytes, at + i);
  return number;
}

std::string Reversed(std::string_view bytes) { return {bytes.rbegin(), bytes.rend()}; }

}  // namespace

std::optional<Sid> Sid::Parse(std::string_view bytes) {
  if (bytes.size() < kHeadBytes || ByteAt(bytes, 0) != kRevision) return std::nullopt;
  const size_t numbers = ByteAt(bytes, 1);
  if (numbers == 0 || numbers > kMaximumNumbers) return std::nullopt;
  if (bytes.size() != kHeadBytes + numbers * kNumberBytes) return std::nullopt;
  return Sid(std::string(bytes));
}

std::string Sid::Text() const {
  uint64_t authority = 0;
  for (size_t at = 2; at < kHeadBytes; ++at) authority = authority << 8 | ByteAt(bytes_, at);
  // From 2^32 on it is written in hexadecimal.
  const bool is_long = authority > UINT32_MAX;
  std::string text = "S-1-";
  text += is_long ? "0x" + ToHex(std::string_view(bytes_).substr(2, 6)) : std::to_string(authority);
  for (size_t at = kHeadBytes; at < bytes_.size(); at += kNumberBytes) {
    text += "-" + std::to_string(NumberAt(bytes_, at));
  }
  return text;
}

Sid Sid::InSameDomain(uint32_t rid) const {
  std::string bytes = bytes_.substr(0, bytes_.size() - kNumberBytes);
  for (size_t i = 0; i < kNumberBytes; ++i) bytes += static_cast<char>(rid >> (8 * i) & 0xff);
  return Sid(std::move(bytes));
}

std::optional<std::string> GuidText(std::string_view bytes) {
  if (bytes.size() != 16) return std::nullopt;
  return ToHex(Reversed(bytes.substr(0, 4))) + "-" + ToHex(Reversed(bytes.substr(4, 2))) + "-" +
         ToHex(Reversed(bytes.substr(6, 2))) + "-" + ToHex(bytes.substr(8, 2)) + "-" +
         ToHex(bytes.substr(10));
}

}  // namespace rolebridge::ldap
