#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"

namespace date {
class time_zone;
}

namespace rolebridge {

// A time zone of the system's database (tzdata), by its name there. Sole user of the date library.
class TimeZone {
 public:
  // What the clock on the wall shows.
  struct LocalTime {
    std::chrono::weekday weekday;
    std::chrono::minutes of_day{
        0};  // 0 to 1439: an hour that comes twice has the same minutes twice
  };

  // Errors: kNotFound, there is none of that name; kUnavailable, the database cannot be read.
  static Result<TimeZone> Find(std::string_view name);
  static std::vector<std::string> Names();

  LocalTime At(std::chrono::sys_seconds instant) const;

 private:
  explicit TimeZone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;  // belongs to the database, which stays until the program ends
};

}  // namespace rolebridge
