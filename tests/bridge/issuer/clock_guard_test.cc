#include "bridge/issuer/clock_guard.h"

#include <gtest/gtest.h>

#include "tests/support/fakes.h"

namespace rolebridge::issuer {
namespace {

using rolebridge::testing::FakeClock;
using std::chrono::hours;
using std::chrono::seconds;

TEST(ClockGuardTest, TrustsAClockThatGoesAlong) {
  FakeClock clock;
  ClockGuard guard(clock, true);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(guard.Objection());
    clock.Advance(hours(1));
    clock.now += seconds(5);  // slewed
  }
}

TEST(ClockGuardTest, RefusesAnUnsynchronisedClockUnlessToldOtherwise) {
  FakeClock clock;
  clock.synchronised = false;
  EXPECT_TRUE(ClockGuard(clock, true).Objection());
  EXPECT_FALSE(ClockGuard(clock, false).Objection());
}

TEST(ClockGuardTest, RefusesTheTimeBeforeItsOwnRelease) {
  FakeClock clock;
  clock.now = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
  EXPECT_TRUE(ClockGuard(clock, false).Objection());
}

TEST(ClockGuardTest, RefusesAfterAStepEitherWayAndStaysSo) {
  for (const seconds step : {seconds(61), seconds(-61)}) {
    FakeClock clock;
    ClockGuard guard(clock, false);
    clock.now += step;
    EXPECT_TRUE(guard.Objection());
    clock.now -= step;
    EXPECT_TRUE(guard.Objection());
  }
  FakeClock clock;
  ClockGuard guard(clock, false);
  clock.now += seconds(60);
  EXPECT_FALSE(guard.Objection());
}

}  // namespace
}  // namespace rolebridge::issuer
