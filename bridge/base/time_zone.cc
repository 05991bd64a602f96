#include "bridge/base/time_zone.h"

#include <date/tz.h>

#include <algorithm>
#include <exception>

namespace rolebridge {
namespace {

// Null where the database cannot be read.
const date::tzdb* Database() {
  try {
    return &date::get_tzdb();
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace

Result<TimeZone> TimeZone::Find(std::string_view name) {
  const date::tzdb* database = Database();
  if (database == nullptr) {
    return Error{ErrorCode::kUnavailable,
                 "the time zones of this system cannot be read; install the package tzdata"};
  }
  const auto& zones = database->zones;
  const auto found = std::find_if(zones.begin(), zones.end(),
                                  [&](const date::time_zone& zone) { return zone.name() == name; });
  if (found == zones.end()) {
    return Error{ErrorCode::kNotFound, "unknown time zone '" + std::string(name) + "'"};
  }
  try {
    // A zone is read from its file when it is first asked, and here is the place to fail.
    found->get_info(date::sys_seconds{});
  } catch (const std::exception& error) {
    return Error{ErrorCode::kUnavailable,
                 "time zone '" + std::string(name) + "' cannot be read: " + error.what()};
  }
  return TimeZone(&*found);
}

std::vector<std::string> TimeZone::Names() {
  std::vector<std::string> names;
  const date::tzdb* database = Database();
  if (database == nullptr) return names;
  for (const date::time_zone& zone : database->zones) names.push_back(zone.name());
  return names;
}

TimeZone::LocalTime TimeZone::At(std::chrono::sys_seconds instant) const {
  const std::chrono::seconds offset = zone_->get_info(date::sys_seconds(instant)).offset;
  const std::chrono::local_seconds local(instant.time_since_epoch() + offset);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  return {std::chrono::weekday(day), std::chrono::floor<std::chrono::minutes>(local - day)};
}

}  // namespace rolebridge
