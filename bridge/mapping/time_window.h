#pragma once

#include <bitset>
#include <chrono>
#include <string_view>

#include "bridge/base/result.h"

namespace rolebridge::mapping {

// "Mon-Fri 08:00-18:00", "Sat,Sun 00:00-24:00", "22:00-06:00" (every day): hours of a week by the
// clock on the wall. One over midnight belongs to the day on which it begins.
class TimeWindow {
 public:
  // Errors: kInvalidArgument, what is wrong with it and what to write.
  static Result<TimeWindow> Parse(std::string_view text);
  // The end is not part of it.
  bool Contains(std::chrono::weekday weekday, std::chrono::minutes of_day) const;

 private:
  TimeWindow() = default;
  std::bitset<7> days_;  // from Sunday, as std::chrono counts
  std::chrono::minutes begin_{0};
  std::chrono::minutes end_{0};
};

}  // namespace rolebridge::mapping
