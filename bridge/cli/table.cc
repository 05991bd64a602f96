#include "bridge/cli/table.h"

#include <algorithm>
#include <iomanip>

namespace rolebridge::cli {

void PrintTable(const std::deque<std::vector<std::string>>& lines, std::ostream& out) {
  std::vector<size_t> widths;
  for (const std::vector<std::string>& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (size_t column = 0; column < line.size(); ++column) {
      widths[column] = std::max(widths[column], line[column].size());
    }
  }
  out << std::left;
  for (const std::vector<std::string>& line : lines) {
    for (size_t column = 0; column + 1 < line.size(); ++column) {
      out << std::setw(static_cast<int>(widths[column]) + 2) << line[column];
    }
    out << line.back() << "\n";
  }
}

}  // namespace rolebridge::cli
