#pragma once

#include <string_view>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"

namespace rolebridge::saml {

// The instant that an xs:dateTime names: "2026-01-31T10:05:00Z", also with a fraction of a second
// (cut off) and with an offset from UTC, as some clients send it; a time zone must be there (SAML
// Core 1.3.3). Years 1970 to 9999. The other direction is base/clock's FormatUtc.
// Errors: kInvalidArgument.
Result<SysSeconds> ParseInstant(std::string_view text);

}  // namespace rolebridge::saml
