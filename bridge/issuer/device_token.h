#pragma once

#include <string>
#include <string_view>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::issuer {

// What a browser keeps after a login, so that others' failures do not hold its person up
// (security.md T3): 64 hexadecimal digits, of a time, random bytes and a code over both and the
// name under `key`. It proves nothing but that somebody logged in as `username` there within 90
// days.
std::string MakeDeviceToken(const SecretString& key, std::string_view username, SysSeconds now,
                            Random& random);

// Whether it is ours, for this name, and not too old.
bool IsDeviceOf(const SecretString& key, std::string_view token, std::string_view username,
                SysSeconds now);

}  // namespace rolebridge::issuer
