#include "bridge/issuer/device_token.h"

#include <gtest/gtest.h>

#include "tests/support/fakes.h"

namespace rolebridge::issuer {
namespace {

class DeviceTokenTest : public ::testing::Test {
 protected:
  bool IsAlices(const std::string& token, std::string_view username = "alice") const {
    return IsDeviceOf(key_, token, username, clock_.Now());
  }

  rolebridge::testing::FakeClock clock_;
  SystemRandom random_;
  const SecretString key_{std::string(32, 'k')};
  const std::string token_ = MakeDeviceToken(key_, "alice", clock_.Now(), random_);
};

TEST_F(DeviceTokenTest, IsKnownForItsPersonAlone) {
  EXPECT_EQ(token_.size(), 64U);
  EXPECT_TRUE(IsAlices(token_));
  EXPECT_FALSE(IsAlices(token_, "bob"));
  EXPECT_FALSE(IsDeviceOf(SecretString(std::string(32, 'x')), token_, "alice", clock_.Now()));
}

TEST_F(DeviceTokenTest, EndsAfterNinetyDays) {
  clock_.Advance(std::chrono::hours(24 * 90) - std::chrono::seconds(1));
  EXPECT_TRUE(IsAlices(token_));
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_FALSE(IsAlices(token_));
}

TEST_F(DeviceTokenTest, IsRefusedWithAnyDigitChangedOrOfAnotherLength) {
  for (size_t i = 0; i < token_.size(); ++i) {
    std::string changed = token_;
    changed[i] = changed[i] == '0' ? '1' : '0';
    EXPECT_FALSE(IsAlices(changed)) << i;
  }
  EXPECT_FALSE(IsAlices(""));
  EXPECT_FALSE(IsAlices(token_.substr(1)));
  EXPECT_FALSE(IsAlices(token_ + "0"));
}

TEST_F(DeviceTokenTest, IsAnotherEachTime) {
  EXPECT_NE(MakeDeviceToken(key_, "alice", clock_.Now(), random_), token_);
}

}  // namespace
}  // namespace rolebridge::issuer
