#include "pam/client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "tests/pam/test_folder.h"

namespace rolebridge::pam {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

const StartRequest kRequest{.service = "rolebridge", .username = "alice", .rhost = "192.0.2.7"};

// Stands where rolebridge-pam would and says whatever a test wants.
class FakeMonitor {
 public:
  FakeMonitor() : listener_(*ListenSeqpacket(path(), std::nullopt)) {}
  std::string path() const { return folder_ / "pam.sock"; }

  void Accept() {
    channel_ = std::make_unique<Channel>(UniqueFd(accept(listener_.get(), nullptr, nullptr)));
  }
  void Say(std::string_view bytes) { ASSERT_TRUE(channel_->Send(bytes, 1s)); }
  void Say(const Result<SecretString>& message) {
    ASSERT_TRUE(message);
    Say(message->Reveal());
  }
  std::string Hear() {
    const auto message = channel_->Receive(kMaxMessageBytes, 1s);
    return message ? std::string(message->Reveal()) : "";
  }
  void Leave() { channel_.reset(); }

 private:
  TestFolder folder_;
  UniqueFd listener_;
  std::unique_ptr<Channel> channel_;
};

class ConversationTest : public testing::Test {
 protected:
  ConversationTest() : conversation_(Begin()) { monitor_.Accept(); }

  Conversation Begin() {
    auto begun = Conversation::Begin(monitor_.path(), kRequest, getuid());
    EXPECT_TRUE(begun) << begun.error().message;
    return std::move(*begun);
  }
  void ExpectEnd(Verdict verdict, const std::string& detail) {
    const std::optional<Step> step = conversation_.Poll(5s);
    ASSERT_TRUE(step);
    ASSERT_TRUE(step->outcome);
    EXPECT_EQ(step->outcome->verdict, verdict);
    EXPECT_EQ(step->outcome->detail, detail);
    EXPECT_TRUE(step->outcome->pam_user.empty() || verdict == Verdict::kAccepted);
  }
  void AskForAPassword() {
    monitor_.Say(EncodePrompts({{PromptStyle::kEchoOff, "Password: "}}));
    ASSERT_TRUE(conversation_.Poll(5s));
  }
  Result<void> Answer(const std::vector<std::string>& texts) {
    std::vector<SecretString> answers;
    for (const std::string& text : texts) answers.emplace_back(text);
    return conversation_.Answer(std::move(answers));
  }

  FakeMonitor monitor_;
  Conversation conversation_;
};

TEST_F(ConversationTest, BeginsWithTheRequest) {
  const auto request = DecodeStart(monitor_.Hear());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->username, "alice");
}

TEST_F(ConversationTest, SaysNothingWhilePamIsBusy) {
  EXPECT_FALSE(conversation_.Poll(1ms));
  EXPECT_FALSE(conversation_.Poll(0ms));
}

TEST_F(ConversationTest, BringsPromptsAndTakesAnswers) {
  monitor_.Hear();
  monitor_.Say(EncodePrompts({{PromptStyle::kInfo, "Hello"},
                              {PromptStyle::kEchoOn, "Colour: "},
                              {PromptStyle::kEchoOff, "Token: "}}));
  const std::optional<Step> step = conversation_.Poll(5s);
  ASSERT_TRUE(step);
  EXPECT_FALSE(step->outcome);
  ASSERT_EQ(step->prompts.size(), 3U);
  EXPECT_EQ(step->prompts[1].text, "Colour: ");
  ASSERT_TRUE(Answer({"blue", "123456"}));
  const auto answers = DecodeAnswers(monitor_.Hear());
  ASSERT_TRUE(answers);
  ASSERT_EQ(answers->size(), 2U);
  EXPECT_EQ((*answers)[1].Reveal(), "123456");
}

TEST_F(ConversationTest, TextsAloneWantNoAnswer) {
  monitor_.Say(EncodePrompts({{PromptStyle::kInfo, "Confirm on your phone"}}));
  ASSERT_TRUE(conversation_.Poll(5s));
  EXPECT_EQ(Answer({"x"}).error().code, ErrorCode::kInvalidArgument);
  monitor_.Say(EncodePrompts({{PromptStyle::kInfo, "Still waiting"}}));
  EXPECT_TRUE(conversation_.Poll(5s));
}

TEST_F(ConversationTest, RefusesAWrongNumberOfAnswersAndBadOnesAndLetsThemBeGivenAgain) {
  AskForAPassword();
  for (const std::vector<std::string>& answers : std::vector<std::vector<std::string>>{
           {}, {"a", "b"}, {""}, {std::string(512, 'x')}, {"a\0b"s}}) {
    const Result<void> answered = Answer(answers);
    ASSERT_FALSE(answered);
    EXPECT_EQ(answered.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(Answer({std::string(511, 'x')}));
  EXPECT_FALSE(Answer({"twice"}));
}

TEST_F(ConversationTest, BringsTheOutcomeAndKeepsIt) {
  monitor_.Say(EncodeOutcome({.verdict = Verdict::kAccepted, .pam_user = "alice", .uid = 2001}));
  for (int i = 0; i < 2; ++i) {
    const std::optional<Step> step = conversation_.Poll(5s);
    ASSERT_TRUE(step && step->outcome);
    EXPECT_EQ(step->outcome->verdict, Verdict::kAccepted);
    EXPECT_EQ(step->outcome->pam_user, "alice");
  }
  EXPECT_EQ(Answer({"x"}).error().code, ErrorCode::kUnavailable);
}

TEST_F(ConversationTest, AProcessThatGoesWithoutAWordIsUnavailable) {
  monitor_.Leave();
  ExpectEnd(Verdict::kUnavailable, "process_ended");
}

TEST_F(ConversationTest, AProcessThatGoesWhileAskingIsUnavailable) {
  AskForAPassword();
  monitor_.Leave();
  EXPECT_EQ(Answer({"secret"}).error().code, ErrorCode::kUnavailable);
  ExpectEnd(Verdict::kUnavailable, "process_ended");
}

TEST_F(ConversationTest, LastWordsAreHeardAlthoughTheAnswerCameTooLate) {
  AskForAPassword();
  monitor_.Say(EncodeOutcome({.verdict = Verdict::kUnavailable, .detail = "answer_deadline"}));
  monitor_.Hear();
  monitor_.Leave();
  EXPECT_FALSE(Answer({"secret"}));
  ExpectEnd(Verdict::kUnavailable, "answer_deadline");
}

TEST_F(ConversationTest, JunkIsUnavailable) {
  monitor_.Say("\x7fjunk");
  ExpectEnd(Verdict::kUnavailable, "protocol_error");
}

TEST_F(ConversationTest, AMessageTooLongIsUnavailable) {
  monitor_.Say(std::string(kMaxMessageBytes + 1, '\x03'));
  ExpectEnd(Verdict::kUnavailable, "protocol_error");
}

TEST_F(ConversationTest, AQuestionUponAQuestionIsUnavailable) {
  AskForAPassword();
  monitor_.Say(EncodePrompts({{PromptStyle::kEchoOff, "And the PIN: "}}));
  ExpectEnd(Verdict::kUnavailable, "protocol_error");
}

TEST_F(ConversationTest, AnAcceptanceBeforeTheAnswerIsNone) {
  AskForAPassword();
  monitor_.Say(EncodeOutcome({.verdict = Verdict::kAccepted, .pam_user = "alice"}));
  ExpectEnd(Verdict::kUnavailable, "protocol_error");
}

TEST_F(ConversationTest, AnAcceptanceWithoutANameIsNone) {
  monitor_.Say("\x04\0\0\0\0\0\0\0\0\0\0"s);
  ExpectEnd(Verdict::kUnavailable, "protocol_error");
}

TEST(ConversationBeginTest, FailsWhereNobodyListens) {
  const TestFolder folder;
  const auto begun = Conversation::Begin(folder / "pam.sock", kRequest);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, ErrorCode::kUnavailable);
}

TEST(ConversationBeginTest, TellsNothingToAPeerThatIsNotRoot) {
  FakeMonitor monitor;
  const auto begun = Conversation::Begin(monitor.path(), kRequest, getuid() + 1);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, ErrorCode::kPermissionDenied);
  monitor.Accept();
  EXPECT_EQ(monitor.Hear(), "");
}

TEST(ConversationBeginTest, RefusesARequestThatTheProtocolHasNoPlaceFor) {
  FakeMonitor monitor;
  const auto begun = Conversation::Begin(monitor.path(), {"login", "alice", "192.0.2.7"}, getuid());
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace rolebridge::pam
