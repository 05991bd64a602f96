#pragma once

#include <string>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"

namespace rolebridge {

// Files that decide who may become what (security.md Y5, K1). Opened without following a symbolic
// link in the last place, looked at after opening, read whole.
//
// Errors of both: kNotFound, it is not there; kPermissionDenied, it is no regular file, of another
// owner than root or this process's user (or a credential of systemd), or its mode lets others in;
// kResourceExhausted, it is larger than `maximum` bytes. The message names the path and what to do.

// Not writable by group or others.
Result<std::string> ReadConfigFile(const std::string& path, size_t maximum);

// In addition not readable by others, and not writable by its group: at most 0640. At most 64 KiB.
Result<SecretString> ReadSecretFile(const std::string& path);

}  // namespace rolebridge
