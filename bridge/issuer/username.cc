#include "bridge/issuer/username.h"

#include <algorithm>
#include <vector>

#include "bridge/base/ascii.h"

namespace rolebridge::issuer {
namespace {

constexpr size_t kMaxLength = 64;

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool MayStart(char c) {
  return IsUpper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}
bool MayFollow(char c) { return MayStart(c) || c == '.' || c == '-'; }

bool IsOneOf(const std::vector<std::string>& realms, std::string_view realm) {
  const std::string wanted = LowerAscii(realm);
  return std::any_of(realms.begin(), realms.end(),
                     [&](const std::string& known) { return LowerAscii(known) == wanted; });
}

// The name in `typed`, without a realm that is one of ours.
std::string_view WithoutRealm(std::string_view typed, const std::vector<std::string>& realms) {
  if (const size_t at = typed.rfind('@'); at != std::string_view::npos) {
    return IsOneOf(realms, typed.substr(at + 1)) ? typed.substr(0, at) : typed;
  }
  const size_t backslash = typed.find('\\');
  if (backslash == std::string_view::npos) return typed;
  return IsOneOf(realms, typed.substr(0, backslash)) ? typed.substr(backslash + 1) : typed;
}

}  // namespace

std::optional<std::string> CanonicalUsername(std::string_view typed,
                                             const config::UsernameRules& rules) {
  const std::string_view name = WithoutRealm(typed, rules.realms);
  if (name.empty() || name.size() > kMaxLength || !MayStart(name.front()) ||
      !std::all_of(name.begin(), name.end(), MayFollow)) {
    return std::nullopt;
  }
  return rules.fold_case ? LowerAscii(name) : std::string(name);
}

}  // namespace rolebridge::issuer
