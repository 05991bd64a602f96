// Whole logins: the issuer's client, systemd's socket activator, the program, real PAM modules.

#include <gtest/gtest.h>
#include <security/pam_appl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "pam/client.h"
#include "tests/pam/login_host.h"

namespace rolebridge::pam {
namespace {

using namespace std::chrono_literals;

const std::string kAlicesPassword = "alice's password";

void ExpectEnding(const Transcript& login, Verdict verdict, const std::string& detail) {
  EXPECT_EQ(NameOf(login.outcome.verdict), NameOf(verdict));
  EXPECT_EQ(login.outcome.detail, detail);
  EXPECT_EQ(login.outcome.pam_user.empty(), verdict != Verdict::kAccepted);
}

class LoginTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { host_ = new LoginHost; }
  static void TearDownTestSuite() {
    delete host_;
    host_ = nullptr;
  }
  static void ExpectOutcome(const Transcript& login, Verdict verdict, const std::string& detail) {
    ExpectEnding(login, verdict, detail);
    if (HasFailure()) std::cerr << host_->Log();
  }
  // That whatever happened in a login before is of no concern to the next.
  static void ExpectOthersUnaffected() {
    EXPECT_EQ(NameOf(host_->LogIn("alice", {kAlicesPassword}).outcome.verdict), "accepted");
  }
  static LoginHost* host_;
};

LoginHost* LoginTest::host_ = nullptr;

// Accounts, by pam_unix with yescrypt and the shipped service file

TEST_F(LoginTest, TheRightPasswordIsAccepted) {
  const Transcript login = host_->LogIn("alice", {kAlicesPassword});
  ExpectOutcome(login, Verdict::kAccepted, "PAM_SUCCESS");
  EXPECT_EQ(login.outcome.pam_user, "alice");
  EXPECT_EQ(login.outcome.uid, 2001U);
  ASSERT_EQ(login.rounds.size(), 1U);
  ASSERT_EQ(login.rounds[0].size(), 1U);
  EXPECT_EQ(login.rounds[0][0].style, PromptStyle::kEchoOff);
  EXPECT_EQ(login.rounds[0][0].text, "Password: ");
}

TEST_F(LoginTest, AWrongPasswordIsDenied) {
  ExpectOutcome(host_->LogIn("alice", {"bob's"}), Verdict::kDenied, "PAM_AUTH_ERR");
}

TEST_F(LoginTest, AnUnknownUserIsAskedAndDeniedLikeAnyOther) {
  const Transcript unknown = host_->LogIn("nosuchuser", {kAlicesPassword});
  EXPECT_EQ(unknown.outcome.verdict, Verdict::kDenied);
  ASSERT_EQ(unknown.rounds.size(), 1U);
  EXPECT_EQ(unknown.rounds[0][0].text, "Password: ");
}

TEST_F(LoginTest, NoSecretOpensALockedAccount) {
  for (const std::string& password : {kAlicesPassword, "!" + kAlicesPassword, std::string("!")}) {
    EXPECT_EQ(host_->LogIn("locked", {password}).outcome.verdict, Verdict::kDenied);
  }
  EXPECT_EQ(host_->LogIn("starred", {"*"}).outcome.verdict, Verdict::kDenied);
}

TEST_F(LoginTest, AnExpiredAccountIsToldFromAWrongPassword) {
  ExpectOutcome(host_->LogIn("gone", {kAlicesPassword}), Verdict::kAccountExpired,
                "PAM_ACCT_EXPIRED");
  ExpectOutcome(host_->LogIn("gone", {"wrong"}), Verdict::kDenied, "PAM_AUTH_ERR");
}

TEST_F(LoginTest, AnExpiredPasswordIsNoLogin) {
  ExpectOutcome(host_->LogIn("stale", {kAlicesPassword}), Verdict::kPasswordExpired,
                "PAM_NEW_AUTHTOK_REQD");
  ExpectOutcome(host_->LogIn("mustchange", {kAlicesPassword}), Verdict::kPasswordExpired,
                "PAM_NEW_AUTHTOK_REQD");
  EXPECT_EQ(host_->LogIn("inactive", {kAlicesPassword}).outcome.verdict, Verdict::kPasswordExpired);
}

// pam_unix, and a file of ours in the place of /etc/shadow.
TEST(ChangeTest, AnExpiredPasswordIsChangedAndTheNewOneIsTheOne) {
  LoginHost host(/*changes_passwords=*/true);
  host.AddService("rolebridge",
                  "auth required pam_unix.so\naccount required pam_unix.so\n"
                  "password required pam_unix.so yescrypt minlen=8\n");
  const std::string chosen = "quite another secret 7";
  const Transcript change =
      host.LogIn("mustchange", {kAlicesPassword, kAlicesPassword, chosen, chosen});
  ExpectEnding(change, Verdict::kAccepted, "password_changed");
  EXPECT_EQ(change.outcome.pam_user, "mustchange");
  ExpectEnding(host.LogIn("mustchange", {kAlicesPassword}), Verdict::kDenied, "PAM_AUTH_ERR");
  ExpectEnding(host.LogIn("mustchange", {chosen}), Verdict::kAccepted, "PAM_SUCCESS");
}

TEST(ChangeTest, WhatPamUnixTurnsDownIsAskedForAgainAndChangesNothing) {
  LoginHost host(/*changes_passwords=*/true);
  host.AddService("rolebridge",
                  "auth required pam_unix.so\naccount required pam_unix.so\n"
                  "password required pam_unix.so yescrypt minlen=8\n");
  // Once to log in; then it asks three times each time that we ask it.
  std::vector<std::string> answers = {kAlicesPassword};
  for (int i = 0; i < 3; ++i) {
    answers.push_back(kAlicesPassword);
    answers.insert(answers.end(), 6, "short");
  }
  const Transcript change = host.LogIn("mustchange", answers);
  ExpectEnding(change, Verdict::kPasswordKept, "PAM_AUTHTOK_ERR");
  ExpectEnding(host.LogIn("mustchange", {"wrong"}), Verdict::kDenied, "PAM_AUTH_ERR");
}

TEST_F(LoginTest, AnEmptyHashOpensToNoSecretEvenWithNullok) {
  host_->AddService("rolebridge-nullok",
                    "auth required pam_unix.so nullok\naccount required pam_unix.so\n");
  EXPECT_NE(host_->LogIn("empty", {"anything"}, "rolebridge-nullok").outcome.verdict,
            Verdict::kAccepted);
  EXPECT_NE(host_->LogIn("empty", {"anything"}).outcome.verdict, Verdict::kAccepted);
}

TEST_F(LoginTest, AccountsOfTheHostAreNoPeople) {
  ExpectOutcome(host_->LogIn("root", {}), Verdict::kNotAPerson, "refused_name");
  ExpectOutcome(host_->LogIn("toor", {}), Verdict::kNotAPerson, "uid_below_minimum");
  ExpectOutcome(host_->LogIn("printer", {}), Verdict::kNotAPerson, "uid_below_minimum");
  ExpectOutcome(host_->LogIn("nobody", {}), Verdict::kNotAPerson, "refused_name");
}

TEST_F(LoginTest, NamesThatLookLikeAlicesAreNot) {
  for (const char* name : {" alice", "alice ", "ali ce", "alice\n", "-alice", "alice\xc2\xa0"}) {
    ExpectOutcome(host_->LogIn(name, {}), Verdict::kNotAPerson, "malformed_name");
  }
  EXPECT_EQ(host_->LogIn("Alice", {kAlicesPassword}).outcome.verdict, Verdict::kDenied);
}

TEST_F(LoginTest, NologinClosesTheDoorForEverybody) {
  host_->folder().Write("nologin", "Maintenance until noon\n");
  host_->AddService("rolebridge-nologin",
                    "auth required pam_unix.so\n"
                    "account required pam_nologin.so file=" +
                        (host_->folder() / "nologin") + "\naccount required pam_unix.so\n");
  const Transcript login = host_->LogIn("alice", {kAlicesPassword}, "rolebridge-nologin");
  EXPECT_NE(login.outcome.verdict, Verdict::kAccepted);
  ASSERT_FALSE(login.rounds.empty());
  EXPECT_EQ(login.rounds.back()[0].text, "Maintenance until noon\n");
}

TEST_F(LoginTest, AccessRulesGoByTheAddressOfTheClient) {
  host_->folder().Write("access-here", "+:ALL:192.0.2.7\n-:ALL:ALL\n");
  host_->folder().Write("access-there", "+:ALL:192.0.2.8\n-:ALL:ALL\n");
  for (const std::string place : {"here", "there"}) {
    host_->AddService("rolebridge-" + place,
                      "auth required pam_unix.so\naccount required pam_access.so accessfile=" +
                          (host_->folder() / ("access-" + place)) + "\n");
  }
  ExpectOutcome(host_->LogIn("alice", {kAlicesPassword}, "rolebridge-here"), Verdict::kAccepted,
                "PAM_SUCCESS");
  ExpectOutcome(host_->LogIn("alice", {kAlicesPassword}, "rolebridge-there"),
                Verdict::kAccountRefused, "PAM_PERM_DENIED");
}

TEST_F(LoginTest, TheServiceHasToBeThere) {
  host_->AddService("other", "auth required pam_permit.so\naccount required pam_permit.so\n");
  ExpectOutcome(host_->LogIn("alice", {}, "rolebridge-absent"), Verdict::kUnavailable,
                "service_file");
}

TEST_F(LoginTest, OneAtATimeOrManyAtOnceIsTheSame) {
  std::vector<Conversation> conversations;
  for (int i = 0; i < 8; ++i) conversations.push_back(host_->Begin(i % 2 == 0 ? "alice" : "bob"));
  for (int i = 0; i < 8; ++i) {
    const Transcript login =
        Finish(conversations[static_cast<size_t>(i)], {i % 2 == 0 ? kAlicesPassword : "bob's"});
    ExpectOutcome(login, Verdict::kAccepted, "PAM_SUCCESS");
    EXPECT_EQ(login.outcome.pam_user, i % 2 == 0 ? "alice" : "bob");
  }
}

// Questions

TEST_F(LoginTest, SeveralRoundsWithEchoOnAndOffInfoAndErrorTexts) {
  host_->AddScripted("rolebridge-rounds",
                     "info=Welcome ask=Password:+ expect=sesame error=Again,+please "
                     "batch expect=blue|123456");
  const Transcript login = host_->LogIn("bob", {"sesame", "blue", "123456"}, "rolebridge-rounds");
  ExpectOutcome(login, Verdict::kAccepted, "PAM_SUCCESS");
  EXPECT_EQ(login.outcome.uid, 2002U);
  ASSERT_EQ(login.rounds.size(), 4U);
  EXPECT_EQ(login.rounds[0][0].text, "Welcome");
  EXPECT_EQ(login.rounds[1][0].text, "Password: ");
  EXPECT_EQ(login.rounds[2][0].style, PromptStyle::kError);
  ASSERT_EQ(login.rounds[3].size(), 4U);
  EXPECT_EQ(login.rounds[3][1].style, PromptStyle::kEchoOn);
  EXPECT_EQ(login.rounds[3][3].style, PromptStyle::kEchoOff);
}

TEST_F(LoginTest, TheAccountPartMayAskToo) {
  host_->AddScripted("rolebridge-terms", "", "show=Do+you+accept? expect=yes");
  ExpectOutcome(host_->LogIn("bob", {"yes"}, "rolebridge-terms"), Verdict::kAccepted,
                "PAM_SUCCESS");
}

TEST_F(LoginTest, ANameThatAModuleChangedIsTheNameThatCounts) {
  host_->AddScripted("rolebridge-rename", "rename=bob");
  const Transcript login = host_->LogIn("alice", {}, "rolebridge-rename");
  ExpectOutcome(login, Verdict::kAccepted, "PAM_SUCCESS");
  EXPECT_EQ(login.outcome.pam_user, "bob");
  EXPECT_EQ(login.outcome.uid, 2002U);
}

TEST_F(LoginTest, ANameThatAModuleChangedToRootIsRefused) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"root", "refused_name"},
      {"toor", "uid_below_minimum"},
      {"printer", "uid_below_minimum"},
      {"nosuchuser", "no_local_account"}};
  for (const auto& [name, detail] : names) {
    host_->AddScripted("rolebridge-rename", "rename=" + name);
    ExpectOutcome(host_->LogIn("alice", {}, "rolebridge-rename"), Verdict::kNotAPerson, detail);
  }
}

TEST_F(LoginTest, TextsOfModulesArriveCutAndOtherwiseAsTheyAre) {
  host_->AddScripted("rolebridge-texts", "giant binary");
  const Transcript login = host_->LogIn("alice", {}, "rolebridge-texts");
  ExpectOutcome(login, Verdict::kAccepted, "PAM_SUCCESS");
  ASSERT_EQ(login.rounds.size(), 2U);
  EXPECT_EQ(login.rounds[0][0].text, std::string(512, 'x'));
  EXPECT_EQ(login.rounds[1][0].text, "\xff\xfe\x1b[2J\x80\xc0\xaf\n\r");
}

// Modules that misbehave: one login ends, and nothing else

TEST_F(LoginTest, ACrashingModuleEndsOneLogin) {
  host_->AddScripted("rolebridge-crash", "ask=Password: crash");
  Conversation bystander = host_->Begin("alice");
  ExpectOutcome(host_->LogIn("alice", {"x"}, "rolebridge-crash"), Verdict::kUnavailable,
                "process_ended");
  ExpectOutcome(Finish(bystander, {kAlicesPassword}), Verdict::kAccepted, "PAM_SUCCESS");
  ExpectOthersUnaffected();
}

TEST_F(LoginTest, AModuleThatExitsWithZeroIsNoSuccess) {
  host_->AddScripted("rolebridge-exit", "exit");
  ExpectOutcome(host_->LogIn("alice", {}, "rolebridge-exit"), Verdict::kUnavailable,
                "process_ended");
  ExpectOthersUnaffected();
}

TEST_F(LoginTest, AModuleThatLoopsOrSleepsEndsWhenTheIssuerLeaves) {
  for (const char* what : {"loop", "sleep"}) {
    host_->AddScripted("rolebridge-busy", std::string("info=started ") + what);
    Conversation conversation = host_->Begin("alice", "rolebridge-busy");
    EXPECT_EQ(NextStep(conversation).prompts.size(), 1U);
    EXPECT_FALSE(conversation.Poll(1ms));
    const pid_t process = host_->LastProcess();
    ASSERT_GT(process, 1);
    ExpectOthersUnaffected();
    { const Conversation left = std::move(conversation); }
    EXPECT_TRUE(WaitUntilGone(process)) << what;
  }
}

TEST_F(LoginTest, AModuleThatWillNotHearOfTheEndEndsWithTheIssuer) {
  host_->AddScripted("rolebridge-stubborn", "stubborn");
  Conversation conversation = host_->Begin("alice", "rolebridge-stubborn");
  for (int round = 0; round < 8; ++round) {
    ASSERT_EQ(NextStep(conversation).prompts.size(), 1U) << round;
    ASSERT_TRUE(AnswerWith(conversation, {"x"}));
  }
  EXPECT_FALSE(conversation.Poll(1ms));
  const pid_t process = host_->LastProcess();
  { const Conversation left = std::move(conversation); }
  EXPECT_TRUE(WaitUntilGone(process));
}

TEST_F(LoginTest, AModuleThatAsksForeverOrTooMuchIsEnded) {
  host_->AddScripted("rolebridge-forever", "asking-forever");
  ExpectOutcome(host_->LogIn("alice", std::vector<std::string>(8, "x"), "rolebridge-forever"),
                Verdict::kTooManyTries, "too_many_rounds");
  host_->AddScripted("rolebridge-many", "many33");
  ExpectOutcome(host_->LogIn("alice", {}, "rolebridge-many"), Verdict::kUnavailable,
                "too_many_prompts");
  host_->AddScripted("rolebridge-radio", "radio");
  ExpectOutcome(host_->LogIn("alice", {}, "rolebridge-radio"), Verdict::kUnavailable,
                "unknown_prompt_style");
}

TEST_F(LoginTest, AModuleThatPrintsDoesNotSpeakForTheMonitor) {
  host_->AddScripted("rolebridge-stdout", "stdout", "return=" + std::to_string(PAM_PERM_DENIED));
  ExpectOutcome(host_->LogIn("alice", {}, "rolebridge-stdout"), Verdict::kAccountRefused,
                "PAM_PERM_DENIED");
}

TEST_F(LoginTest, AModuleThatLeavesAChildBehindDoesNotHoldUpTheOutcome) {
  host_->AddScripted("rolebridge-fork", "fork-and-stay");
  ExpectOutcome(host_->LogIn("alice", {}, "rolebridge-fork"), Verdict::kAccepted, "PAM_SUCCESS");
  // Under systemd it would end with the unit; here nobody does that for us.
  const std::string log = host_->Log();
  const std::string words = "left behind: ";
  const size_t at = log.rfind(words);
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(kill(std::atoi(log.c_str() + at + words.size()), SIGKILL), 0);
}

TEST_F(LoginTest, ModulesRunInABareProcess) {
  host_->AddScripted("rolebridge-report", "report=" + (host_->folder() / "report"));
  host_->LogIn("alice", {}, "rolebridge-report");
  std::vector<std::string> lines;
  std::ifstream report(host_->folder() / "report");
  for (std::string line; std::getline(report, line);) {
    // The descriptor of the report itself, and of the connection, whose number is no promise.
    if (line.starts_with("fd ") && line > "fd 2") {
      if (line.ends_with(" cloexec")) continue;
      if (line == "fd 4") continue;
    }
    lines.push_back(line);
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"env PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                             "env LANG=C.UTF-8", "umask 63", "core 0", "cwd /",
                                             "dumpable 0", "fd 0", "fd 1", "fd 2"}));
}

TEST_F(LoginTest, TheLogNamesNobodyWhoWasNotAccepted) {
  host_->LogIn("sesame-typed-here", {"x"});
  ASSERT_TRUE(host_->WaitForLog("verdict=denied"));
  EXPECT_EQ(host_->Log().find("sesame-typed-here"), std::string::npos);
}

}  // namespace
}  // namespace rolebridge::pam
