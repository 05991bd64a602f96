#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bridge/base/result.h"

namespace rolebridge::pam {

// The uid of `name` in this host's account database (NSS); nothing where it has no such account.
// Errors: kUnavailable, the database does not answer: that is no "has none" (fail closed).
Result<std::optional<uint32_t>> FindLocalUid(const std::string& name);

}  // namespace rolebridge::pam
