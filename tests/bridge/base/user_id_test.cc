#include "bridge/base/user_id.h"

#include <gtest/gtest.h>

namespace rolebridge {
namespace {

TEST(UserIdTest, TakesNamesAndNumbers) {
  EXPECT_EQ(*FindUserId("root"), 0U);
  EXPECT_EQ(*FindUserId("64801"), 64801U);
  EXPECT_EQ(*FindUserId("0"), 0U);
}

TEST(UserIdTest, RefusesWhatIsNobody) {
  for (const char* text : {"", "-1", "1x", " 1", "4294967296", "no-such-user-here"}) {
    EXPECT_FALSE(FindUserId(text)) << text;
  }
}

}  // namespace
}  // namespace rolebridge
