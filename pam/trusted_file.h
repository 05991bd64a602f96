#pragma once

#include <string>

#include "bridge/base/result.h"

namespace rolebridge::pam {

// The bytes of a file that only root can have written: a regular file, no symbolic link, owned by
// root, not writable by group or others, in a folder of which the same holds; at most 64 KiB.
// Errors: kNotFound; kPermissionDenied, the file or its folder is not of that kind (with the path
// and what to do); kResourceExhausted, it is longer; kUnavailable, it changed meanwhile.
Result<std::string> ReadTrustedFile(const std::string& path);

}  // namespace rolebridge::pam
