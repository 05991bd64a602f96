#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rolebridge::web {

// The session (security.md B1), and the cookie that exists before it and outlives it: login forms
// and conversations are bound to it, so that a second tab doesn't break when the session changes.
inline constexpr std::string_view kSessionCookie = "__Host-rb";
inline constexpr std::string_view kLoginCookie = "__Host-rb-login";
// Says for 90 days that somebody logged in with this browser: what strangers get wrong does not
// hold it up (security.md T3). It opens nothing.
inline constexpr std::string_view kDeviceCookie = "__Host-rb-device";

// The value of cookie `name` in the field value `cookies` (RFC 6265 4.2.1). Only values of our own
// making: 64 lower-case hexadecimal digits. Nothing where there is none, another shape, or more
// than one of that name: which of two is ours, nobody can tell.
std::optional<std::string_view> FindCookie(std::string_view cookies, std::string_view name);

// Field values of Set-Cookie. `value` is 64 hexadecimal digits.
std::string SetCookie(std::string_view name, std::string_view value);
// For 90 days.
std::string SetDeviceCookie(std::string_view value);
std::string ClearCookie(std::string_view name);

}  // namespace rolebridge::web
