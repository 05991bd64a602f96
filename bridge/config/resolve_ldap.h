#pragma once

#include "bridge/config/draft.h"
#include "bridge/config/resolve.h"
#include "ldap/settings.h"

namespace rolebridge::config {

// Fills in `settings` with what `ldap:` says, and `users:` and `limits:` say of it; `complete` as
// in Resolve().
void ResolveLdap(const Draft& draft, bool complete, Reports& reports, ldap::Settings& settings);

}  // namespace rolebridge::config
