#pragma once

#include <sys/types.h>

#include <string>

#include "bridge/base/result.h"

namespace rolebridge {

// The uid that `text` means: a number of up to nine digits, or a name of this host's account
// database. Errors: kNotFound, there is no such user.
Result<uid_t> FindUserId(const std::string& text);

}  // namespace rolebridge
