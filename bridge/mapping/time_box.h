#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/mapping/facts.h"

namespace rolebridge::mapping {

// A value of the directory that may carry an end: "Admin;until=2026-12-31" counts until that day
// is over in UTC, "Admin;until=2026-12-31T18:00Z" until that minute begins. Blanks around ';',
// `until` and '=' change nothing, nor do capital letters.
struct TimeBox {
  std::string value;                            // without the end
  std::optional<std::chrono::sys_seconds> end;  // no longer from here on
  bool malformed = false;                       // it carries an end that is none
};

TimeBox SplitTimeBox(std::string_view text);

// A value that counts for nothing (security.md M4).
struct EndedValue {
  std::string owner;  // "user 'alice'", "group 'aws admins'"
  std::string attribute;
  std::string value;   // as the directory has it
  std::string reason;  // "ended at 2027-01-01T00:00:00Z"
};

// Whether any value carries an end; looks at each byte once and copies none.
bool HasTimeBox(const Facts& facts);

// Takes the ends off and removes what ended at `facts.instant`. Where a value carries an end that
// is none, the whole attribute of that user or group is removed (security.md M8). Each value that
// is removed is reported to `ended`.
void RemoveEnded(Facts& facts, std::vector<EndedValue>& ended);

}  // namespace rolebridge::mapping
