#pragma once

#include <memory>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/config/config.h"
#include "ldap/directory.h"

namespace rolebridge::issuer {

// The directory of `ldap:`, with the password read from its file; nothing is connected yet.
// `notice`: who is told of servers that fail.
// Errors: the password's file can't be read or is empty; what Directory says of the settings.
Result<std::unique_ptr<ldap::Directory>> OpenDirectory(const config::Config& config,
                                                       const Clock& clock,
                                                       ldap::ServerNotice notice = {});

}  // namespace rolebridge::issuer
