#include "pam/account.h"

#include <gtest/gtest.h>

namespace rolebridge::pam {
namespace {

TEST(AccountTest, FindsTheUidOfALocalAccount) {
  const auto uid = FindLocalUid("root");
  ASSERT_TRUE(uid);
  EXPECT_EQ(*uid, 0U);
}

TEST(AccountTest, SaysWhereThereIsNone) {
  const auto uid = FindLocalUid("nobody-of-this-name");
  ASSERT_TRUE(uid);
  EXPECT_EQ(*uid, std::nullopt);
}

}  // namespace
}  // namespace rolebridge::pam
