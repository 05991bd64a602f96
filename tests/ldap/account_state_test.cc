#include "ldap/account_state.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace rolebridge::ldap {
namespace {

using std::chrono::seconds;

// 2026-01-31T10:05:00Z; the day is 20484 since 1970.
constexpr SysSeconds kNow{seconds(1769853900)};
constexpr SysSeconds kMidnight{seconds(20484 * 86400)};

Settings With(Membership membership, seconds lockout = seconds(0)) {
  Settings settings;
  settings.groups.membership = membership;
  settings.users.lockout_duration = lockout;
  return settings;
}

AccountVerdict Judge(const std::string& attribute, const std::string& value, SysSeconds now = kNow,
                     seconds lockout = seconds(0)) {
  std::string lower = attribute;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return JudgeAccount({.attributes = {{lower, {value}}}}, With(Membership::kMember, lockout), now);
}

constexpr AccountState kActive = AccountState::kActive;
constexpr AccountState kDisabled = AccountState::kDisabled;
constexpr AccountState kLocked = AccountState::kLocked;
constexpr AccountState kExpired = AccountState::kExpired;

struct Row {
  const char* attribute;
  const char* value;
  SysSeconds now;
  AccountState state;
};

// security.md L10, each at its border second.
const Row kRows[] = {
    {"shadowExpire", "-1", kNow, kActive},
    {"shadowExpire", "0", kNow, kExpired},
    {"shadowExpire", "20483", kNow, kExpired},
    {"shadowExpire", "20484", kMidnight, kExpired},
    {"shadowExpire", "20484", kMidnight - seconds(1), kActive},
    {"shadowExpire", "20485", kNow, kActive},
    {"shadowExpire", "-2", kNow, kDisabled},
    {"shadowExpire", "", kNow, kDisabled},
    {"shadowExpire", "20485 ", kNow, kDisabled},
    {"shadowExpire", "soon", kNow, kDisabled},
    {"shadowExpire", "99999999999999999999", kNow, kDisabled},
    {"pwdAccountLockedTime", "000001010000Z", kNow, kDisabled},
    {"pwdAccountLockedTime", "20260131100459Z", kNow, kLocked},
    {"pwdAccountLockedTime", "19700101000000Z", kNow, kLocked},
    {"pwdAccountLockedTime", "yesterday", kNow, kDisabled},
    {"accountUnlockTime", "19700101000000Z", kNow, kLocked},
    {"accountUnlockTime", "20260131100501Z", kNow, kLocked},
    {"accountUnlockTime", "20260131100500Z", kNow, kActive},
    {"accountUnlockTime", "0", kNow, kDisabled},
    {"pwdEndTime", "20260131100500Z", kNow, kExpired},
    {"pwdEndTime", "20260131100500Z", kNow - seconds(1), kActive},
    {"pwdEndTime", "20260131100500.5Z", kNow, kExpired},
    {"pwdEndTime", "202601311005Z", kNow, kExpired},
    {"pwdEndTime", "202601311006Z", kNow, kActive},
    {"pwdEndTime", "20260131100501", kNow, kDisabled},
    {"pwdEndTime", "20260230100501Z", kNow, kDisabled},
    {"pwdEndTime", "20270131246000Z", kNow, kDisabled},
    {"pwdEndTime", "20270131100500.Z", kNow, kDisabled},
    {"pwdEndTime", "20270131100500+0100", kNow, kDisabled},
    {"pwdStartTime", "20260131100500Z", kNow, kActive},
    {"pwdStartTime", "20260131100500Z", kNow - seconds(1), kDisabled},
    {"pwdStartTime", "?", kNow, kDisabled},
    {"nsAccountLock", "TRUE", kNow, kDisabled},
    {"nsAccountLock", "true", kNow, kDisabled},
    {"nsAccountLock", "FALSE", kNow, kActive},
    {"nsAccountLock", "", kNow, kDisabled},
    {"nsAccountLock", "1", kNow, kDisabled},
    {"krbPrincipalExpiration", "20260131100500Z", kNow, kExpired},
    {"krbPrincipalExpiration", "20260131100500Z", kNow - seconds(1), kActive},
    {"krbPrincipalExpiration", "never", kNow, kDisabled},
    {"userAccountControl", "512", kNow, kActive},
    {"userAccountControl", "514", kNow, kDisabled},
    {"userAccountControl", "66050", kNow, kDisabled},
    {"userAccountControl", "0x200", kNow, kDisabled},
    {"accountExpires", "0", kNow, kActive},
    {"accountExpires", "9223372036854775807", kNow, kActive},
    // 2026-01-31T10:05:00Z as hundreds of nanoseconds since 1601.
    {"accountExpires", "134143275000000000", kNow, kExpired},
    {"accountExpires", "134143275000000000", kNow - seconds(1), kActive},
    {"accountExpires", "134143275000000001", kNow, kActive},
    {"accountExpires", "-1", kNow, kDisabled},
    {"accountExpires", "9223372036854775808", kNow, kDisabled},
    {"msDS-User-Account-Control-Computed", "0", kNow, kActive},
    {"msDS-User-Account-Control-Computed", "16", kNow, kLocked},
    {"msDS-User-Account-Control-Computed", "8388608", kNow, kExpired},
    {"msDS-User-Account-Control-Computed", "8388624", kNow, kLocked},
    {"msDS-User-Account-Control-Computed", "x", kNow, kDisabled},
    {"loginDisabled", "TRUE", kNow, kDisabled},
    {"loginDisabled", "FALSE", kNow, kActive},
    {"loginDisabled", "no", kNow, kDisabled},
};

TEST(AccountStateTest, IsJudgedToTheSecondAndClosedWhereItCannotBeRead) {
  for (const Row& row : kRows) {
    const AccountVerdict verdict = Judge(row.attribute, row.value, row.now);
    EXPECT_EQ(verdict.state, row.state) << row.attribute << "=" << row.value;
    EXPECT_EQ(verdict.reason.empty(), row.state == kActive) << row.attribute << "=" << row.value;
  }
}

TEST(AccountStateTest, AsksForEveryAttributeThatItJudges) {
  const auto& asked = kAccountStateAttributes;
  for (const Row& row : kRows) {
    EXPECT_NE(std::find(asked.begin(), asked.end(), row.attribute), asked.end()) << row.attribute;
  }
}

TEST(AccountStateTest, UnlocksOnceTheLockOutHasRunOut) {
  EXPECT_EQ(Judge("pwdAccountLockedTime", "20260131100000Z", kNow, seconds(301)).state, kLocked);
  EXPECT_EQ(Judge("pwdAccountLockedTime", "20260131100000Z", kNow, seconds(300)).state, kActive);
  EXPECT_EQ(Judge("pwdAccountLockedTime", "000001010000Z", kNow, seconds(300)).state, kDisabled);
}

TEST(AccountStateTest, IsClosedByOneOfSeveralValues) {
  const Entry entry{.attributes = {{"nsaccountlock", {"FALSE", "TRUE"}}}};
  EXPECT_EQ(JudgeAccount(entry, With(Membership::kMember), kNow).state, kDisabled);
}

TEST(AccountStateTest, SaysWhichAttributeWasTheReason) {
  EXPECT_EQ(Judge("shadowExpire", "19000").reason, "shadowExpire=19000");
  EXPECT_EQ(Judge("shadowExpire", "soon").reason, "shadowExpire=soon cannot be read");
}

// As a hardened domain hides them from whoever is not told.
TEST(AccountStateTest, IsClosedWhereActiveDirectoryDoesNotShowIt) {
  const Entry whole{.attributes = {{"useraccountcontrol", {"512"}},
                                   {"msds-user-account-control-computed", {"0"}},
                                   {"accountexpires", {"0"}}}};
  constexpr Membership kLayout = Membership::kActiveDirectory;
  EXPECT_EQ(JudgeAccount(whole, With(kLayout), kNow).state, kActive);
  for (const auto& [attribute, values] : whole.attributes) {
    Entry hidden = whole;
    hidden.attributes.erase(attribute);
    const AccountVerdict verdict = JudgeAccount(hidden, With(kLayout), kNow);
    EXPECT_EQ(verdict.state, kDisabled) << attribute;
    EXPECT_NE(verdict.reason.find(" is not shown: let the bind account read it"), std::string::npos)
        << verdict.reason;
    EXPECT_EQ(JudgeAccount(hidden, With(Membership::kMember), kNow).state, kActive);
  }
}

TEST(AccountStateTest, IsActiveWhereNothingSpeaksAgainstIt) {
  EXPECT_EQ(JudgeAccount({}, With(Membership::kMember), kNow).state, kActive);
}

TEST(JudgeAccountTest, LooksAtWhatCameWithAnOption) {
  const Entry entry{.attributes = {{"nsaccountlock;x-option", {"true"}}}};
  EXPECT_EQ(JudgeAccount(entry, With(Membership::kMember), kNow).state, kDisabled);
}

TEST(JudgeAccountTest, LeavesOutWhatTheSettingsIgnore) {
  const Entry entry{.attributes = {{"nsaccountlock", {"true"}}, {"shadowexpire", {"1"}}}};
  Settings settings = With(Membership::kMember);
  settings.users.ignored_states = {"nsAccountLock"};
  EXPECT_EQ(JudgeAccount(entry, settings, kNow).reason, "shadowExpire=1");
  settings.users.ignored_states = {"nsAccountLock", "shadowExpire"};
  EXPECT_EQ(JudgeAccount(entry, settings, kNow).state, kActive);
}

TEST(JudgeAccountTest, NeedNotSeeInADomainWhatTheSettingsIgnore) {
  Settings settings = With(Membership::kActiveDirectory);
  settings.users.ignored_states = {"userAccountControl", "msDS-User-Account-Control-Computed"};
  EXPECT_EQ(JudgeAccount({}, settings, kNow).state, kDisabled);
  settings.users.ignored_states.emplace_back("accountExpires");
  EXPECT_EQ(JudgeAccount({}, settings, kNow).state, kActive);
}

}  // namespace
}  // namespace rolebridge::ldap
