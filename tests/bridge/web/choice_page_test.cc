#include "bridge/web/choice_page.h"

#include <gtest/gtest.h>

namespace rolebridge::web {
namespace {

TEST(ChoicePageTest, SaysDurationsInWords) {
  EXPECT_EQ(DurationText(0), "1 minute");
  EXPECT_EQ(DurationText(59), "1 minute");
  EXPECT_EQ(DurationText(60), "1 minute");
  EXPECT_EQ(DurationText(3'599), "59 minutes");
  EXPECT_EQ(DurationText(3'600), "1 hour");
  EXPECT_EQ(DurationText(3'660), "1 hour 1 minute");
  EXPECT_EQ(DurationText(28'799), "7 hours 59 minutes");
}

TEST(ChoicePageTest, KeepsRolesOfOneAccountTogether) {
  const protocol::DescribedApplication application{.slug = "aws",
                                                   .name = "AWS",
                                                   .has_roles = true,
                                                   .roles = {{"a1", "111111111111", "Dev", "A"},
                                                             {"a2", "111111111111", "Dev", "B"},
                                                             {"b1", "222222222222", "Dev", "A"}}};
  const PageData data = ApplicationData(application, "/", false);
  const auto& accounts = data.get("accounts")->list_value();
  ASSERT_EQ(accounts.size(), 2u);
  EXPECT_EQ(accounts[0].get("role_count")->string_value(), "2 roles");
  EXPECT_EQ(accounts[1].get("role_count")->string_value(), "1 role");
  EXPECT_EQ(accounts[1].get("account_id")->string_value(), "222222222222");
}

}  // namespace
}  // namespace rolebridge::web
