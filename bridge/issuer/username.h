#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rolebridge::issuer {

// The one form of a name that PAM, LDAP, sessions and the audit record use: [A-Za-z0-9_] and then
// [A-Za-z0-9._-], at most 64 in all, in ASCII lower case where `fold_case`. Nothing is trimmed or
// repaired; anything else is nobody's name (security.md U1, U2).
std::optional<std::string> CanonicalUsername(std::string_view typed, bool fold_case);

}  // namespace rolebridge::issuer
