#include "bridge/issuer/device_token.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "bridge/crypto/crypto.h"

namespace rolebridge::issuer {
namespace {

constexpr size_t kHead = 32;  // 16 digits of a time, 16 random ones
constexpr size_t kSize = 64;
constexpr auto kKept = std::chrono::days(90);

std::string CodeOf(const SecretString& key, std::string_view head, std::string_view username) {
  std::string text = "device ";
  text.append(head).append(" ").append(username);
  return ToHex(crypto::HmacSha256(key, text)).substr(0, kSize - kHead);
}

}  // namespace

std::string MakeDeviceToken(const SecretString& key, std::string_view username, SysSeconds now,
                            Random& random) {
  std::array<char, 17> time{};
  std::snprintf(time.data(), time.size(), "%016llx",
                static_cast<unsigned long long>(now.time_since_epoch().count()));
  const std::string head = time.data() + RandomHex(random, 8);
  return head + CodeOf(key, head, username);
}

bool IsDeviceOf(const SecretString& key, std::string_view token, std::string_view username,
                SysSeconds now) {
  if (token.size() != kSize) return false;
  const std::string_view head = token.substr(0, kHead);
  if (!ConstantTimeEquals(token.substr(kHead), CodeOf(key, head, username))) return false;
  int64_t time = 0;
  std::from_chars(head.data(), head.data() + 16, time, 16);
  return now - SysSeconds(std::chrono::seconds(time)) < kKept;
}

}  // namespace rolebridge::issuer
