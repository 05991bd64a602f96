#pragma once

#include <string>
#include <string_view>

namespace rolebridge {

// The value of a hexadecimal digit; -1 where `c` is none.
int HexDigit(char c);

// `text` with each percent sign and two digits as the byte they stand for (RFC 3986 2.1). A percent
// sign without digits stays as it is: for what other programs wrote, not for requests.
std::string PercentDecoded(std::string_view text);

}  // namespace rolebridge
