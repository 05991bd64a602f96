#include "bridge/base/log.h"

#include <unistd.h>

#include <algorithm>

namespace rolebridge {
namespace {

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-.:/@+,").find(c) != std::string_view::npos;
}

void AppendEscaped(std::string& line, std::string_view value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  line.push_back('\'');
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '\'' || c == '\\') {
      line += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      line.push_back(c);
    }
  }
  line.push_back('\'');
}

}  // namespace

std::string FormatLogLine(LogPriority priority, std::string_view event, const LogFields& fields) {
  std::string line = "<" + std::to_string(static_cast<int>(priority)) + ">";
  line += event;
  for (const auto& [name, value] : fields) {
    line += ' ';
    line += name;
    line += '=';
    if (!value.empty() && std::all_of(value.begin(), value.end(), IsPlain)) {
      line += value;
    } else {
      AppendEscaped(line, value);
    }
  }
  return line;
}

void Log(LogPriority priority, std::string_view event, const LogFields& fields) {
  const std::string line = FormatLogLine(priority, event, fields) + "\n";
  // A log line that can't be written is no reason to fail what it reports.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace rolebridge
