#include "pam/monitor.h"

#include <gtest/gtest.h>
#include <security/pam_appl.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "tests/pam/socket_pair.h"
#include "tests/pam/test_folder.h"

namespace rolebridge::pam {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

const std::string kScripted = std::string(ROLEBRIDGE_BINARY_DIR) + "/tests/pam_scripted.so";

// The monitor in a thread, the test as its issuer. The people have no local accounts here; the
// login tests have some.
class MonitorTest : public testing::Test {
 protected:
  MonitorTest() {
    rules_.service_folder = folder_.path();
    rules_.settings.allow_people_without_local_account = true;
    rules_.deadlines = {.start = 20s, .answer = 20s, .login = 60s};
  }
  ~MonitorTest() override {
    sockets_.issuer.Close();
    if (monitor_.joinable()) monitor_.join();
  }

  void Stack(const std::string& auth, const std::string& account = "") {
    folder_.Write("rolebridge", "auth required " + kScripted + " " + auth + "\naccount required " +
                                    kScripted + " " + account + "\n");
  }
  // For logins whose password has expired; `password` is what changing it does.
  void StackOfChange(const std::string& password) {
    rules_.changes_expired_passwords = true;
    rules_.settings.allow_change_of_expired_passwords = true;
    const std::string required = " required " + kScripted + " ";
    folder_.Write("rolebridge", "auth" + required + "\naccount" + required +
                                    "until-changed=" + std::to_string(PAM_NEW_AUTHTOK_REQD) +
                                    "\npassword" + required + password + "\n");
  }
  void AnswerPrompt(const std::string& text, const std::string& answer) {
    const auto prompts = DecodePrompts(ReceiveBytes(sockets_.issuer));
    ASSERT_TRUE(prompts);
    EXPECT_EQ((*prompts)[0].text, text);
    ASSERT_TRUE(SendAnswers(sockets_.issuer, {answer}));
  }
  void Serve() {
    monitor_ = std::thread([this] { served_.emplace(ServeLogin(sockets_.monitor, rules_)); });
  }
  void Start(const std::string& username, const std::string& service = "rolebridge") {
    Serve();
    const auto message = EncodeStart({service, username, "192.0.2.7"});
    ASSERT_TRUE(message);
    ASSERT_TRUE(sockets_.issuer.Send(message->Reveal(), 5s));
  }
  Outcome HearOutcome() {
    const auto outcome = DecodeOutcome(ReceiveBytes(sockets_.issuer));
    EXPECT_TRUE(outcome);
    return outcome ? *outcome : Outcome{};
  }
  void ExpectOutcome(Verdict verdict, const std::string& detail) {
    const Outcome outcome = HearOutcome();
    EXPECT_EQ(NameOf(outcome.verdict), NameOf(verdict));
    EXPECT_EQ(outcome.detail, detail);
  }
  // What ServeLogin came back with, for logins that end without an answer.
  std::optional<ErrorCode> ErrorOfServing() {
    monitor_.join();
    return *served_ ? std::nullopt : std::optional(served_->error().code);
  }
  void ExpectNoAnswer() {
    sockets_.monitor.Close();
    EXPECT_EQ(ReceiveBytes(sockets_.issuer), "");
  }

  TestFolder folder_;
  MonitorRules rules_;
  SocketPair sockets_;
  std::thread monitor_;
  std::optional<Result<ServedLogin>> served_;
};

TEST_F(MonitorTest, AcceptsAfterBothSuccesses) {
  Stack("ask=Password: expect=sesame");
  Start("alice");
  const auto prompts = DecodePrompts(ReceiveBytes(sockets_.issuer));
  ASSERT_TRUE(prompts);
  EXPECT_EQ((*prompts)[0].text, "Password:");
  ASSERT_TRUE(SendAnswers(sockets_.issuer, {"sesame"}));
  const Outcome outcome = HearOutcome();
  EXPECT_EQ(outcome.verdict, Verdict::kAccepted);
  EXPECT_EQ(outcome.pam_user, "alice");
  EXPECT_EQ(outcome.uid, std::nullopt);
}

TEST_F(MonitorTest, ChangesAnExpiredPasswordAndAcceptsTheLogin) {
  StackOfChange("ask=New: expect=better");
  Start("alice");
  AnswerPrompt("New:", "better");
  const Outcome outcome = HearOutcome();
  EXPECT_EQ(outcome.verdict, Verdict::kAccepted);
  EXPECT_EQ(outcome.pam_user, "alice");
  EXPECT_EQ(outcome.detail, "password_changed");
}

TEST_F(MonitorTest, AsksAgainForANewPasswordThatWasTurnedDown) {
  StackOfChange("ask=New: expect=better");
  Start("alice");
  AnswerPrompt("New:", "worse");
  AnswerPrompt("New:", "worst");
  AnswerPrompt("New:", "better");
  ExpectOutcome(Verdict::kAccepted, "password_changed");
}

TEST_F(MonitorTest, AThirdNewPasswordThatIsTurnedDownIsTheLast) {
  StackOfChange("ask=New: expect=better");
  Start("alice");
  for (int i = 0; i < 3; ++i) AnswerPrompt("New:", "worse");
  ExpectOutcome(Verdict::kPasswordKept, "PAM_AUTHTOK_ERR");
}

TEST_F(MonitorTest, AModuleThatMayNotChangeItIsNotAskedAgain) {
  StackOfChange("return=" + std::to_string(PAM_PERM_DENIED));
  Start("alice");
  ExpectOutcome(Verdict::kPasswordKept, "PAM_PERM_DENIED");
}

TEST_F(MonitorTest, AnAccountThatIsStillRefusedAfterTheChangeIsNoLogin) {
  StackOfChange("");
  folder_.Write("rolebridge", "auth required " + kScripted + "\naccount required " + kScripted +
                                  " return=" + std::to_string(PAM_NEW_AUTHTOK_REQD) +
                                  "\npassword required " + kScripted + "\n");
  Start("alice");
  ExpectOutcome(Verdict::kPasswordExpired, "password_changed");
}

// As pam_sss does it.
TEST_F(MonitorTest, AModuleThatGoesOnSayingExpiredIsAskedAnewAfterTheChange) {
  StackOfChange("");
  const std::string expired = " where-proved=" + std::to_string(PAM_NEW_AUTHTOK_REQD);
  const std::string password = "\npassword required " + kScripted + "\n";
  folder_.Write("rolebridge", "auth required " + kScripted + " rename=alina\naccount required " +
                                  kScripted + expired + " require-item=PAM_USER:alina" + password);
  Start("alice");
  const Outcome outcome = HearOutcome();
  EXPECT_EQ(outcome.verdict, Verdict::kAccepted);
  EXPECT_EQ(outcome.pam_user, "alina");
  EXPECT_EQ(outcome.detail, "password_changed");
}

TEST_F(MonitorTest, WhatIsSaidOfAnotherNameAfterTheChangeIsNoLogin) {
  StackOfChange("");
  const std::string expired = " where-proved=" + std::to_string(PAM_NEW_AUTHTOK_REQD);
  const std::string password = "\npassword required " + kScripted + "\n";
  folder_.Write("rolebridge", "auth required " + kScripted + "\naccount required " + kScripted +
                                  expired + " rename=bob" + password);
  Start("alice");
  ExpectOutcome(Verdict::kAccountRefused, "password_changed");
}

TEST_F(MonitorTest, OnlyAPasswordThatIsToBeChangedLeadsToAChange) {
  for (const int code : {PAM_AUTHTOK_EXPIRED, PAM_ACCT_EXPIRED, PAM_PERM_DENIED}) {
    EXPECT_NE(VerdictOfCheckAccount(code), Verdict::kAccepted);
  }
  StackOfChange("ask=New:");
  folder_.Write("rolebridge", "auth required " + kScripted + "\naccount required " + kScripted +
                                  " return=" + std::to_string(PAM_AUTHTOK_EXPIRED) +
                                  "\npassword required " + kScripted + " ask=New:\n");
  Start("alice");
  ExpectOutcome(Verdict::kPasswordExpired, "PAM_AUTHTOK_EXPIRED");
}

TEST_F(MonitorTest, ALoginWhosePasswordIsFineIsJustALoginHere) {
  StackOfChange("ask=New:");
  Stack("");
  folder_.Write("rolebridge", ReadFile(folder_ / "rolebridge") + "password required " + kScripted +
                                  " ask=New:\n");
  Start("alice");
  ExpectOutcome(Verdict::kAccepted, "PAM_SUCCESS");
}

TEST_F(MonitorTest, ChangesNothingThatTheSettingsRefuse) {
  StackOfChange("ask=New:");
  rules_.settings.allow_change_of_expired_passwords = false;
  Start("alice");
  ExpectOutcome(Verdict::kPasswordExpired, "change_not_allowed");
}

TEST_F(MonitorTest, ChangesNothingThroughTheStackOfOther) {
  StackOfChange("");
  folder_.Write("other", "password required " + kScripted + " ask=New:\n");
  Stack("", "return=" + std::to_string(PAM_NEW_AUTHTOK_REQD));
  Start("alice");
  ExpectOutcome(Verdict::kPasswordExpired, "no_password_line");
}

TEST_F(MonitorTest, WithoutBeingStartedForItChangesNothing) {
  StackOfChange("ask=New:");
  rules_.changes_expired_passwords = false;
  Start("alice");
  ExpectOutcome(Verdict::kPasswordExpired, "PAM_NEW_AUTHTOK_REQD");
}

TEST_F(MonitorTest, AskedForTheAccountEvenThoughTheSecretWasRight) {
  Stack("", "return=" + std::to_string(PAM_ACCT_EXPIRED));
  Start("alice");
  ExpectOutcome(Verdict::kAccountExpired, "PAM_ACCT_EXPIRED");
}

TEST_F(MonitorTest, DoesNotAskForTheAccountAfterAWrongSecret) {
  // pam_faillock's account part would forget the failure.
  Stack("return=" + std::to_string(PAM_AUTH_ERR), "report=" + (folder_ / "asked"));
  Start("alice");
  ExpectOutcome(Verdict::kDenied, "PAM_AUTH_ERR");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "asked"));
}

TEST_F(MonitorTest, RefusesNamesBeforePamIsAsked) {
  // No service file: whoever got as far as PAM would hear of that.
  rules_.settings.deny_users = {"mallory"};
  const std::vector<std::pair<std::string, std::string>> names = {
      {"root", "refused_name"},        {"Root", "refused_name"},
      {"mallory", "refused_name"},     {"MALLORY", "refused_name"},
      {"daemon", "uid_below_minimum"}, {"", "malformed_name"},
      {"-alice", "malformed_name"},    {"al ice", "malformed_name"},
      {"*)(uid=*", "malformed_name"},  {"../alice", "malformed_name"}};
  for (const auto& [name, detail] : names) {
    SocketPair sockets;
    const auto message = EncodeStart({"rolebridge", name, "192.0.2.7"});
    ASSERT_TRUE(message && sockets.issuer.Send(message->Reveal(), 5s));
    const auto served = ServeLogin(sockets.monitor, rules_);
    ASSERT_TRUE(served) << name;
    EXPECT_EQ(NameOf(served->outcome.verdict), "not_a_person") << name;
    EXPECT_EQ(served->outcome.detail, detail) << name;
  }
}

TEST_F(MonitorTest, RefusesTheNameThatPamEndedOn) {
  rules_.settings.deny_users = {"mallory"};
  const std::vector<std::pair<std::string, std::string>> names = {{"root", "refused_name"},
                                                                  {"mallory", "refused_name"},
                                                                  {"daemon", "uid_below_minimum"},
                                                                  {"al/ice", "malformed_name"}};
  for (const auto& [name, detail] : names) {
    for (const bool in_account : {false, true}) {
      SocketPair sockets;
      in_account ? Stack("", "rename=" + name) : Stack("rename=" + name);
      const auto message = EncodeStart({"rolebridge", "alice", "192.0.2.7"});
      ASSERT_TRUE(message && sockets.issuer.Send(message->Reveal(), 5s));
      const auto served = ServeLogin(sockets.monitor, rules_);
      ASSERT_TRUE(served) << name;
      EXPECT_EQ(NameOf(served->outcome.verdict), "not_a_person") << name;
      EXPECT_EQ(served->outcome.detail, detail) << name;
    }
  }
}

TEST_F(MonitorTest, SaysTheNameThatPamEndedOn) {
  Stack("rename=bob");
  Start("alice");
  const Outcome outcome = HearOutcome();
  EXPECT_EQ(outcome.verdict, Verdict::kAccepted);
  EXPECT_EQ(outcome.pam_user, "bob");
}

TEST_F(MonitorTest, RefusesPeopleWithoutALocalAccountUnlessToldOtherwise) {
  rules_.settings.allow_people_without_local_account = false;
  Stack("");
  Start("alice");
  ExpectOutcome(Verdict::kNotAPerson, "no_local_account");
}

TEST_F(MonitorTest, AMissingServiceFileIsNotReplacedByOther) {
  folder_.Write("other", "auth required pam_permit.so\naccount required pam_permit.so\n");
  Start("alice", "rolebridge-mfa");
  ExpectOutcome(Verdict::kUnavailable, "service_file");
}

TEST_F(MonitorTest, AServiceFileWithoutAccountLinesIsNotCompletedFromOther) {
  folder_.Write("other", "auth required pam_permit.so\naccount required pam_permit.so\n");
  folder_.Write("rolebridge", "auth required pam_permit.so\n");
  Start("alice");
  ExpectOutcome(Verdict::kUnavailable, "service_file");
}

TEST_F(MonitorTest, AMissingModuleIsNoSuccess) {
  folder_.Write("rolebridge",
                "auth sufficient /no/such/module.so\naccount required pam_permit.so\n");
  Start("alice");
  const Outcome outcome = HearOutcome();
  EXPECT_NE(outcome.verdict, Verdict::kAccepted);
}

TEST_F(MonitorTest, WhatAModuleSaysAfterABrokenConversationCountsForNothing) {
  // The module ignores the error and succeeds.
  folder_.Write("rolebridge", "auth optional " + kScripted + " many33\nauth required " + kScripted +
                                  "\naccount required pam_permit.so\n");
  Start("alice");
  ExpectOutcome(Verdict::kUnavailable, "too_many_prompts");
}

TEST_F(MonitorTest, EndsEndlessQuestions) {
  Stack("asking-forever");
  Start("alice");
  for (int round = 0; round < 8; ++round) {
    ASSERT_TRUE(DecodePrompts(ReceiveBytes(sockets_.issuer))) << round;
    ASSERT_TRUE(SendAnswers(sockets_.issuer, {"x"}));
  }
  ExpectOutcome(Verdict::kTooManyTries, "too_many_rounds");
}

TEST_F(MonitorTest, EndsEndlessAnnouncements) {
  Stack("telling-forever");
  Start("alice");
  for (int round = 0; round < 32; ++round) {
    ASSERT_TRUE(DecodePrompts(ReceiveBytes(sockets_.issuer))) << round;
  }
  ExpectOutcome(Verdict::kUnavailable, "too_many_texts");
}

TEST_F(MonitorTest, DoesNotWaitForAnswersForever) {
  rules_.deadlines.answer = 1ms;
  Stack("ask=Password:");
  Start("alice");
  ReceiveBytes(sockets_.issuer);
  ExpectOutcome(Verdict::kUnavailable, "answer_deadline");
}

TEST_F(MonitorTest, DoesNotWaitForTheStartForever) {
  rules_.deadlines.start = 1ms;
  Serve();
  EXPECT_EQ(ErrorOfServing(), ErrorCode::kDeadlineExceeded);
  ExpectNoAnswer();
}

TEST_F(MonitorTest, EndsWithoutAnAnswerWhereTheStartIsNone) {
  std::vector<SecretString> answers;
  answers.emplace_back("x");
  const auto out_of_turn = EncodeAnswers(answers);
  const std::vector<std::string> messages = {"\0"s,
                                             "\x05"s,
                                             "\xff\xff\xff\xff"s,
                                             "\x01"s,
                                             std::string(out_of_turn->Reveal()),
                                             std::string(kMaxMessageBytes + 1, '\x01')};
  for (const std::string& message : messages) {
    SocketPair sockets;
    ASSERT_TRUE(sockets.issuer.Send(message, 5s));
    const auto served = ServeLogin(sockets.monitor, rules_);
    ASSERT_FALSE(served);
    EXPECT_EQ(served.error().code, ErrorCode::kInvalidArgument);
    sockets.monitor.Close();
    EXPECT_EQ(ReceiveBytes(sockets.issuer), "");
  }
}

TEST_F(MonitorTest, EndsWithoutAnAnswerWhereTheAnswersAreNone) {
  Stack("ask=Password:");
  Start("alice");
  ReceiveBytes(sockets_.issuer);
  ASSERT_TRUE(sockets_.issuer.Send("\x02\0\0\0\x02"s, 5s));
  EXPECT_EQ(ErrorOfServing(), ErrorCode::kInvalidArgument);
  ExpectNoAnswer();
}

TEST(VerdictOfAuthenticateTest, OnlySuccessIsAccepted) {
  for (int code = -1; code < 40; ++code) {
    EXPECT_EQ(VerdictOfAuthenticate(code) == Verdict::kAccepted, code == PAM_SUCCESS) << code;
    EXPECT_EQ(VerdictOfCheckAccount(code) == Verdict::kAccepted, code == PAM_SUCCESS) << code;
  }
}

TEST(VerdictOfAuthenticateTest, TellsRefusalsFromFailures) {
  EXPECT_EQ(VerdictOfAuthenticate(PAM_AUTH_ERR), Verdict::kDenied);
  EXPECT_EQ(VerdictOfAuthenticate(PAM_USER_UNKNOWN), Verdict::kDenied);
  EXPECT_EQ(VerdictOfAuthenticate(PAM_MAXTRIES), Verdict::kTooManyTries);
  EXPECT_EQ(VerdictOfAuthenticate(PAM_AUTHINFO_UNAVAIL), Verdict::kUnavailable);
  EXPECT_EQ(VerdictOfAuthenticate(PAM_MODULE_UNKNOWN), Verdict::kUnavailable);
  EXPECT_EQ(VerdictOfAuthenticate(PAM_IGNORE), Verdict::kUnavailable);
}

TEST(VerdictOfCheckAccountTest, TellsWhatIsWrongWithTheAccount) {
  EXPECT_EQ(VerdictOfCheckAccount(PAM_ACCT_EXPIRED), Verdict::kAccountExpired);
  EXPECT_EQ(VerdictOfCheckAccount(PAM_NEW_AUTHTOK_REQD), Verdict::kPasswordExpired);
  EXPECT_EQ(VerdictOfCheckAccount(PAM_AUTHTOK_EXPIRED), Verdict::kPasswordExpired);
  EXPECT_EQ(VerdictOfCheckAccount(PAM_PERM_DENIED), Verdict::kAccountRefused);
  EXPECT_EQ(VerdictOfCheckAccount(PAM_SYSTEM_ERR), Verdict::kUnavailable);
}

}  // namespace
}  // namespace rolebridge::pam
