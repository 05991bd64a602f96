#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rolebridge {

// Journal priorities (sd-daemon(3)); each line starts with one in angle brackets.
enum class LogPriority { kError = 3, kWarning = 4, kNotice = 5, kInfo = 6 };

// The fields of an event, in the order in which they are shown.
using LogFields = std::vector<std::pair<std::string_view, std::string>>;

// One event as one line: "<6>response_issued request=4f1c9a user='alice' roles=2". The event's name
// is stable and comes first. Values that are not plain words are quoted, and every control byte,
// quote and byte outside of ASCII in them is escaped: untrusted text can't start a line.
std::string FormatLogLine(LogPriority priority, std::string_view event, const LogFields& fields);

// Writes that line to standard error, in one write(2).
void Log(LogPriority priority, std::string_view event, const LogFields& fields = {});

}  // namespace rolebridge
