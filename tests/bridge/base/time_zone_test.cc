#include "bridge/base/time_zone.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace rolebridge {
namespace {

using std::chrono::hours, std::chrono::minutes, std::chrono::seconds, std::chrono::sys_days,
    std::chrono::sys_seconds, std::chrono::year;

// "2 08:30": the weekday from Sunday, and what the clock shows.
std::string Wall(std::string_view zone, sys_seconds instant) {
  const auto found = TimeZone::Find(zone);
  EXPECT_TRUE(found.has_value()) << zone;
  const TimeZone::LocalTime local = found->At(instant);
  const auto two = [](long number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return std::to_string(local.weekday.c_encoding()) + " " + two(local.of_day.count() / 60) + ":" +
         two(local.of_day.count() % 60);
}

// Expected values: date(1) with TZ set, on Debian 12.
TEST(TimeZoneTest, TellsTheWallClock) {
  const sys_seconds instant = sys_days(year(2026) / 11 / 24) + hours(22) + minutes(45);
  EXPECT_EQ(Wall("UTC", instant), "2 22:45");
  EXPECT_EQ(Wall("Europe/Berlin", instant), "2 23:45");
  EXPECT_EQ(Wall("Asia/Kolkata", instant), "3 04:15");
  EXPECT_EQ(Wall("America/New_York", instant), "2 17:45");
  EXPECT_EQ(Wall("Australia/Sydney", instant), "3 09:45");
  EXPECT_EQ(Wall("UTC", sys_seconds(seconds(-1))), "3 23:59");
}

TEST(TimeZoneTest, LeavesAnHourOutInSpring) {
  const sys_seconds change = sys_days(year(2026) / 3 / 29) + hours(1);
  EXPECT_EQ(Wall("Europe/Berlin", change - seconds(1)), "0 01:59");
  EXPECT_EQ(Wall("Europe/Berlin", change), "0 03:00");
}

TEST(TimeZoneTest, ShowsAnHourTwiceInAutumn) {
  const sys_seconds change = sys_days(year(2026) / 10 / 25) + hours(1);
  EXPECT_EQ(Wall("Europe/Berlin", change - hours(1)), "0 02:00");
  EXPECT_EQ(Wall("Europe/Berlin", change - seconds(1)), "0 02:59");
  EXPECT_EQ(Wall("Europe/Berlin", change), "0 02:00");
  EXPECT_EQ(Wall("Europe/Berlin", change + hours(1)), "0 03:00");
}

TEST(TimeZoneTest, KnowsTheSouthToo) {
  EXPECT_EQ(Wall("Australia/Sydney", sys_days(year(2026) / 4 / 4) + hours(15) + minutes(59)),
            "0 02:59");
  EXPECT_EQ(Wall("Australia/Sydney", sys_days(year(2026) / 4 / 4) + hours(16)), "0 02:00");
}

TEST(TimeZoneTest, FindsNothingElse) {
  for (const std::string name : {"", "Mars/Olympus", "europe/berlin", "Europe/Berlin ", "../passwd",
                                 "/etc/passwd", "Europe", "CEST", "+01:00"}) {
    const auto zone = TimeZone::Find(name);
    ASSERT_FALSE(zone.has_value()) << name;
    EXPECT_EQ(zone.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(zone.error().message, "unknown time zone '" + name + "'");
  }
}

TEST(TimeZoneTest, TellsItsNames) {
  const auto names = TimeZone::Names();
  EXPECT_NE(std::find(names.begin(), names.end(), "Europe/Berlin"), names.end());
  EXPECT_NE(std::find(names.begin(), names.end(), "UTC"), names.end());
}

}  // namespace
}  // namespace rolebridge
