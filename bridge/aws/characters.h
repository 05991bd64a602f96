#pragma once

#include <algorithm>
#include <string_view>

// The alphabets of IAM (aws-saml.md 2.1, 2.2). ASCII only, whatever the locale says.
namespace rolebridge::aws {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr bool IsLetterOrDigit(char c) {
  return IsDigit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Without the comma that IAM allows: it separates the two ARNs of a pair.
constexpr bool IsRoleNameCharacter(char c) {
  return IsLetterOrDigit(c) || std::string_view("_+=.@-").find(c) != std::string_view::npos;
}

constexpr bool IsProviderNameCharacter(char c) {
  return IsLetterOrDigit(c) || c == '_' || c == '.' || c == '-';
}

constexpr bool IsSessionNameCharacter(char c) { return IsRoleNameCharacter(c) || c == ','; }

template <typename Predicate>
constexpr bool ConsistsOf(std::string_view text, Predicate is_allowed) {
  return std::all_of(text.begin(), text.end(), is_allowed);
}

constexpr bool IsAccountId(std::string_view text) {
  return text.size() == 12 && ConsistsOf(text, IsDigit);
}

constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ToLower(x) == ToLower(y); });
}

}  // namespace rolebridge::aws
