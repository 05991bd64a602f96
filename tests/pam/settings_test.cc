#include "pam/settings.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/pam/test_folder.h"

namespace rolebridge::pam {
namespace {

std::string MistakesIn(const std::string& text) {
  const auto settings = ParseSettings(text, "pam.conf");
  return settings ? "" : settings.error().message;
}

TEST(SettingsTest, TheShippedFileIsRead) {
  const auto settings = ParseSettings(
      ReadFile(std::string(ROLEBRIDGE_SOURCE_DIR) + "/etc/rolebridge-pam.conf"), "pam.conf");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->min_uid, 1000U);
  EXPECT_EQ(settings->deny_users, std::vector<std::string>{"nobody"});
  EXPECT_FALSE(settings->allow_people_without_local_account);
  EXPECT_FALSE(settings->allow_change_of_expired_passwords);
}

TEST(SettingsTest, AnEmptyFileMeansTheDefaults) {
  const auto settings = ParseSettings("", "pam.conf");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->min_uid, 1000U);
  EXPECT_TRUE(settings->deny_users.empty());
  EXPECT_FALSE(settings->allow_people_without_local_account);
}

TEST(SettingsTest, ReadsEachKey) {
  const auto settings = ParseSettings(
      "# a comment\n\n  min_uid=500\t\ndeny_users = alice, bob  carol,\n"
      "people_without_local_account = allow\nexpired_passwords = change",
      "pam.conf");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->min_uid, 500U);
  EXPECT_EQ(settings->deny_users, (std::vector<std::string>{"alice", "bob", "carol"}));
  EXPECT_TRUE(settings->allow_people_without_local_account);
  EXPECT_TRUE(settings->allow_change_of_expired_passwords);
}

TEST(SettingsTest, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"min_uid",
                           "min_uid =",
                           "min_uid = 0",
                           "min_uid = -1",
                           "min_uid = 1e3",
                           "min_uid = 0x10",
                           "min_uid = 4294967295",
                           "min_uid = 4294967296",
                           "min_uid = 1000 # people",
                           "min_uid = 1000\nmin_uid = 1000",
                           "minuid = 1000",
                           "Min_uid = 1000",
                           "= 7",
                           "expired_passwords = allow",
                           "expired_passwords =",
                           "deny_users = 'alice'",
                           "deny_users = alice # he left",
                           "deny_users = al\x01ice",
                           "people_without_local_account = yes",
                           "people_without_local_account = ALLOW",
                           "people_without_local_account =",
                           "[rolebridge]",
                           "min_uid: 1000"}) {
    EXPECT_NE(MistakesIn(text), "") << text;
  }
}

TEST(SettingsTest, ReportsEveryMistakeWithItsLine) {
  EXPECT_EQ(MistakesIn("min_uid = none\n\nminuid = 7\n"),
            "pam.conf:1: min_uid: 'none' is out of range; use 1 to 4294967294\n"
            "pam.conf:3: unknown key 'minuid'; use min_uid, deny_users, "
            "people_without_local_account or expired_passwords");
}

TEST(SettingsTest, AMissingFileIsNoSetOfDefaults) {
  const TestFolder folder;
  const auto settings = LoadSettings(folder / "pam.conf");
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace rolebridge::pam
