#include "bridge/web/cookie.h"

#include <algorithm>
#include <chrono>

namespace rolebridge::web {
namespace {

constexpr size_t kValueLength = 64;
// The prefix __Host- makes the browser insist on Secure, Path=/ and no Domain, so that no sibling
// host can set one of these (security.md B1).
constexpr std::string_view kAttributes = "; Secure; HttpOnly; SameSite=Lax; Path=/";

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string_view> FindCookie(std::string_view cookies, std::string_view name) {
  std::optional<std::string_view> found;
  while (!cookies.empty()) {
    const size_t end = cookies.find(';');
    const std::string_view pair = Trim(cookies.substr(0, end));
    cookies.remove_prefix(end == std::string_view::npos ? cookies.size() : end + 1);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    if (found) return std::nullopt;
    found = pair.substr(equals + 1);
  }
  if (!found || found->size() != kValueLength || !IsHex(*found)) return std::nullopt;
  return found;
}

std::string SetCookie(std::string_view name, std::string_view value) {
  std::string cookie(name);
  cookie.append("=").append(value).append(kAttributes);
  return cookie;
}

std::string SetDeviceCookie(std::string_view value) {
  constexpr std::chrono::seconds kKept = std::chrono::days(90);
  return SetCookie(kDeviceCookie, value) + "; Max-Age=" + std::to_string(kKept.count());
}

std::string ClearCookie(std::string_view name) {
  std::string cookie(name);
  cookie.append("=").append(kAttributes).append("; Max-Age=0");
  return cookie;
}

}  // namespace rolebridge::web
