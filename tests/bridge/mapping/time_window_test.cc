#include "bridge/mapping/time_window.h"

#include <gtest/gtest.h>

#include <string>

namespace rolebridge::mapping {
namespace {

using std::chrono::hours, std::chrono::minutes;
using std::chrono::Monday, std::chrono::Tuesday, std::chrono::Friday, std::chrono::Saturday,
    std::chrono::Sunday;

struct Row {
  std::string window;
  std::chrono::weekday weekday;
  minutes of_day;
  bool contains;
};

TEST(TimeWindowTest, ContainsItsMinutes) {
  const Row rows[] = {
      {"Mon-Fri 08:00-18:00", Monday, hours(8), true},
      {"Mon-Fri 08:00-18:00", Friday, hours(18) - minutes(1), true},
      {"Mon-Fri 08:00-18:00", Friday, hours(18), false},
      {"Mon-Fri 08:00-18:00", Monday, hours(8) - minutes(1), false},
      {"Mon-Fri 08:00-18:00", Saturday, hours(12), false},
      {"Sat,Sun 00:00-24:00", Sunday, hours(24) - minutes(1), true},
      {"Sat,Sun 00:00-24:00", Saturday, hours(0), true},
      {"Sat,Sun 00:00-24:00", Monday, hours(0), false},
      {"08:00-18:00", Sunday, hours(12), true},
      {"Fri-Mon 08:00-18:00", Sunday, hours(12), true},
      {"Fri-Mon 08:00-18:00", Monday, hours(12), true},
      {"Fri-Mon 08:00-18:00", Tuesday, hours(12), false},
      {"Mon,Fri-Sat 08:00-18:00", Saturday, hours(12), true},
      // Over midnight: the day is that of its begin.
      {"22:00-06:00", Monday, hours(22), true},
      {"22:00-06:00", Monday, hours(6) - minutes(1), true},
      {"22:00-06:00", Monday, hours(6), false},
      {"22:00-06:00", Monday, hours(22) - minutes(1), false},
      {"Mon 22:00-06:00", Monday, hours(23), true},
      {"Mon 22:00-06:00", Tuesday, hours(5), true},
      {"Mon 22:00-06:00", Monday, hours(5), false},
      {"Mon 22:00-06:00", Tuesday, hours(23), false},
      {"Sat 22:00-06:00", Sunday, hours(5), true},
      {"Sun 22:00-06:00", Monday, hours(5), true},
      {"22:00-00:00", Monday, hours(23), true},
      {"22:00-00:00", Monday, hours(0), false},
  };
  for (const Row& row : rows) {
    const auto window = TimeWindow::Parse(row.window);
    ASSERT_TRUE(window.has_value()) << row.window << ": " << window.error().message;
    EXPECT_EQ(window->Contains(row.weekday, row.of_day), row.contains)
        << row.window << " day " << row.weekday.c_encoding() << " minute " << row.of_day.count();
  }
}

TEST(TimeWindowTest, RefusesWhatIsNone) {
  for (const std::string text :
       {"", "Mon", "Mon-Fri", "08:00", "8:00-18:00", "08:00-18", "08:00-24:01", "24:00-08:00",
        "08:60-18:00", "08:00 - 18:00", "Mon-Fri  08:00-18:00", "Mon-Fri 08:00-18:00 ",
        "08.00-18.00", "0a:00-18:00", "08:00-18:00-19:00"}) {
    EXPECT_FALSE(TimeWindow::Parse(text).has_value()) << text;
  }
  EXPECT_EQ(TimeWindow::Parse("Mon-Fry 08:00-18:00").error().message,
            "'Fry' is no day; use Mon, Tue, Wed, Thu, Fri, Sat or Sun; did you mean 'Fri'?");
  EXPECT_EQ(TimeWindow::Parse("Mon, 08:00-18:00").error().message,
            "'' is no day; use Mon, Tue, Wed, Thu, Fri, Sat or Sun");
  EXPECT_EQ(TimeWindow::Parse("08:00-08:00").error().message,
            "'08:00-08:00' is empty; a whole day is 00:00-24:00");
}

}  // namespace
}  // namespace rolebridge::mapping
