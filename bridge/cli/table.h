#pragma once

#include <deque>
#include <ostream>
#include <string>
#include <vector>

namespace rolebridge::cli {

// Prints lines of as many cells each in columns, two spaces apart. The cells must be fit for a
// terminal (VisibleText).
void PrintTable(const std::deque<std::vector<std::string>>& lines, std::ostream& out);

}  // namespace rolebridge::cli
