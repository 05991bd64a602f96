#pragma once

#include <string>
#include <string_view>

namespace rolebridge::aws {

// `text` for a message that an administrator reads in a terminal or in the audit record: what is
// not printable ASCII as \xHH, and no more than 200 characters of it. A directory value may hold
// anything (security.md G4).
std::string Quoted(std::string_view text);

}  // namespace rolebridge::aws
