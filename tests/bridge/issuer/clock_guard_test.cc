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
  ClockGuard guard(clock);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(guard.Objection(true));
    clock.Advance(hours(1));
    clock.now += seconds(5);  // slewed
  }
}

TEST(ClockGuardTest, RefusesAnUnsynchronisedClockUnlessToldOtherwise) {
  FakeClock clock;
  clock.synchronised = false;
  EXPECT_TRUE(ClockGuard(clock).Objection(true));
  EXPECT_FALSE(ClockGuard(clock).Objection(false));
}

TEST(ClockGuardTest, RefusesTheTimeBeforeItsOwnRelease) {
  FakeClock clock;
  clock.now = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
  EXPECT_TRUE(ClockGuard(clock).Objection(false));
}

TEST(ClockGuardTest, RefusesAfterAStepEitherWayAndStaysSo) {
  for (const seconds step : {seconds(61), seconds(-61)}) {
    FakeClock clock;
    ClockGuard guard(clock);
    clock.now += step;
    EXPECT_TRUE(guard.Objection(false));
    clock.now -= step;
    EXPECT_TRUE(guard.Objection(false));
  }
  FakeClock clock;
  ClockGuard guard(clock);
  clock.now += seconds(60);
  EXPECT_FALSE(guard.Objection(false));
}

}  // namespace
}  // namespace rolebridge::issuer
