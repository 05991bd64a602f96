#pragma once

#include <string>
#include <string_view>

#include "bridge/base/result.h"

namespace rolebridge {

// RFC 4648 section 4, padded, on one line.
std::string EncodeBase64(std::string_view bytes);

// The bytes of `text`. Strict: the standard alphabet, full padding, unused bits zero; line breaks
// (CR, LF) are skipped only where `allow_line_breaks`, as POSTed SAML may hold them.
// Errors: kInvalidArgument, anything else stands in it.
Result<std::string> DecodeBase64(std::string_view text, bool allow_line_breaks = false);

}  // namespace rolebridge
