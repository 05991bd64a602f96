#pragma once

#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/config/config.h"
#include "ldap/directory.h"

namespace rolebridge::issuer {

// Whether one entry of `tests:` holds, by the same code that issues. `directory` may be null.
// Errors: kInvalidArgument, it does not, and how; kUnavailable, it asks about somebody of the
// directory, and there is none; what the directory says.
Result<void> CheckPromise(const config::Config& config, const config::Test& test,
                          ldap::Directory* directory, const Clock& clock);

}  // namespace rolebridge::issuer
