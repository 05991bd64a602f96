#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/config/config.h"

namespace rolebridge::issuer {

// The one form of a name that PAM, LDAP, throttle, sessions and the audit record use: [A-Za-z0-9_]
// and then [A-Za-z0-9._-], at most 64 in all, in ASCII lower case where the rules fold. It may
// stand as name@REALM or REALM\name, of a realm of the rules in any ASCII case, which is taken off
// once. Nothing is trimmed or repaired; anything else is nobody's name (security.md U1, U2).
std::optional<std::string> CanonicalUsername(std::string_view typed,
                                             const config::UsernameRules& rules);

}  // namespace rolebridge::issuer
