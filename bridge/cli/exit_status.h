#pragma once

namespace rolebridge::cli {

// What a command that answers a question exits with.
enum ExitStatus { kYes = 0, kNo = 1, kCannotTell = 2 };

}  // namespace rolebridge::cli
