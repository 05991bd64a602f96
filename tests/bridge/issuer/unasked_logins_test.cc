#include "bridge/issuer/unasked_logins.h"

#include <gtest/gtest.h>

#include "tests/support/fakes.h"

namespace rolebridge::issuer {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class UnaskedLoginsTest : public ::testing::Test {
 protected:
  rolebridge::testing::FakeClock clock_;
  UnaskedLogins unasked_{clock_};
};

TEST_F(UnaskedLoginsTest, OneAMinuteIsForTheRecordAndTellsOfTheOthers) {
  EXPECT_EQ(unasked_.Count("throttle", "192.0.2.7"), 0U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(unasked_.Count("throttle", "192.0.2.7"), std::nullopt);
  clock_.Advance(seconds(61));
  EXPECT_EQ(unasked_.Count("throttle", "192.0.2.7"), 3U);
  clock_.Advance(seconds(61));
  EXPECT_EQ(unasked_.Count("throttle", "192.0.2.7"), 0U);
}

TEST_F(UnaskedLoginsTest, ByStageAndNetwork) {
  EXPECT_EQ(unasked_.Count("throttle", "192.0.2.7"), 0U);
  EXPECT_EQ(unasked_.Count("throttle", "192.0.2.8"), std::nullopt);
  EXPECT_EQ(unasked_.Count("repeat", "192.0.2.8"), 0U);
  EXPECT_EQ(unasked_.Count("throttle", "192.0.3.8"), 0U);
  EXPECT_EQ(unasked_.Count("throttle", "2001:db8::1"), 0U);
  EXPECT_EQ(unasked_.Count("throttle", "2001:db8:0:ffff::1"), std::nullopt);
}

TEST_F(UnaskedLoginsTest, SoManyNetworksThatTheyFillItAreNotRecordedUntilOthersAreForgotten) {
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(unasked_.Count("throttle", "10." + std::to_string(i / 256) + "." +
                                             std::to_string(i % 256) + ".1"),
              0U);
  }
  EXPECT_EQ(unasked_.Count("throttle", "192.0.2.7"), std::nullopt);
  clock_.Advance(minutes(10));
  EXPECT_EQ(unasked_.Count("throttle", "192.0.2.7"), 0U);
}

}  // namespace
}  // namespace rolebridge::issuer
