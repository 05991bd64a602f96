#include "pam/protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace rolebridge::pam {
namespace {

using namespace std::string_literals;

const StartRequest kRequest{.service = "rolebridge", .username = "alice", .rhost = "192.0.2.7"};

std::string BytesOf(const Result<SecretString>& message) {
  return message ? std::string(message->Reveal()) : "";
}

std::vector<SecretString> Secrets(const std::vector<std::string>& texts) {
  std::vector<SecretString> secrets;
  for (const std::string& text : texts) secrets.emplace_back(text);
  return secrets;
}

TEST(ProtocolTest, StartStandsInBytesAsTheHeaderSays) {
  EXPECT_EQ(BytesOf(EncodeStart(kRequest)),
            "\x01\0\0\0\x01\0\0\0\x0arolebridge\0\0\0\x05"
            "alice\0\0\0\x09"
            "192.0.2.7"s);
}

TEST(ProtocolTest, StartComesBackAsItWent) {
  const auto request = DecodeStart(BytesOf(EncodeStart(kRequest)));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->service, "rolebridge");
  EXPECT_EQ(request->username, "alice");
  EXPECT_EQ(request->rhost, "192.0.2.7");
}

TEST(ProtocolTest, RefusesAnotherVersion) {
  std::string message = BytesOf(EncodeStart(kRequest));
  for (const char version : {'\0', '\2'}) {
    message[4] = version;
    EXPECT_FALSE(DecodeStart(message)) << int{version};
  }
}

TEST(ProtocolTest, RefusesAMessageThatIsCutAnywhereOrHasAByteTooMany) {
  const std::string message = BytesOf(EncodeStart(kRequest));
  for (size_t size = 0; size < message.size(); ++size) {
    EXPECT_FALSE(DecodeStart(message.substr(0, size))) << size;
  }
  EXPECT_FALSE(DecodeStart(message + "\0"s));
}

TEST(ProtocolTest, RefusesAMessageOfAnotherType) {
  std::vector<SecretString> answers = Secrets({"x"});
  const std::string message = BytesOf(EncodeAnswers(answers));
  EXPECT_TRUE(DecodeAnswers(message));
  EXPECT_FALSE(DecodeStart(message));
  EXPECT_FALSE(DecodePrompts(message));
  EXPECT_FALSE(DecodeOutcome(message));
}

TEST(ProtocolTest, RefusesStartRequestsOfTheWrongShape) {
  const std::vector<StartRequest> refused = {
      {"other", "alice", "192.0.2.7"},
      {"", "alice", "192.0.2.7"},
      {"rolebridge", std::string(65, 'a'), "192.0.2.7"},
      {"rolebridge", "ali\0ce"s, "192.0.2.7"},
      {"rolebridge", "alice", ""},
      {"rolebridge", "alice", "host.example.org"},
  };
  for (const StartRequest& request : refused) {
    EXPECT_FALSE(EncodeStart(request)) << request.service << request.username << request.rhost;
  }
  // The same, written by somebody who does not use our encoder.
  EXPECT_FALSE(
      DecodeStart("\x01\0\0\0\x01\0\0\0\x05other\0\0\0\x01"
                  "a\0\0\0\x03::1"s));
  EXPECT_TRUE(
      DecodeStart("\x01\0\0\0\x01\0\0\0\x0arolebridge\0\0\0\x01"
                  "a\0\0\0\x03::1"s));
}

TEST(ProtocolTest, AnswersAreNeverEmptyLongOrWithANul) {
  for (const std::string& text : {""s, std::string(512, 'x'), "hid\0den"s}) {
    std::vector<SecretString> answers = Secrets({"fine", text});
    EXPECT_FALSE(EncodeAnswers(answers)) << text.size();
  }
  std::vector<SecretString> longest = Secrets({std::string(511, 'x'), "\xff\n"});
  const auto decoded = DecodeAnswers(BytesOf(EncodeAnswers(longest)));
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->size(), 2U);
  EXPECT_EQ((*decoded)[0].size(), 511U);
  EXPECT_EQ((*decoded)[1].Reveal(), "\xff\n");
  EXPECT_FALSE(DecodeAnswers("\x02\0\0\0\x01\0\0\0\0"s));
  EXPECT_FALSE(DecodeAnswers("\x02\0\0\0\x01\0\0\0\x01\0"s));
  EXPECT_FALSE(DecodeAnswers("\x02\0\0\0\0"s));
}

TEST(ProtocolTest, AnswersAreAtMostThirtyTwo) {
  std::vector<SecretString> most = Secrets(std::vector<std::string>(32, std::string(511, 'x')));
  const std::string message = BytesOf(EncodeAnswers(most));
  EXPECT_TRUE(DecodeAnswers(message));
  EXPECT_LE(message.size(), kMaxMessageBytes);
  std::vector<SecretString> more = Secrets(std::vector<std::string>(33, "x"));
  EXPECT_FALSE(EncodeAnswers(more));
}

TEST(ProtocolTest, ALengthBeyondItsBoundIsRefusedWhateverFollows) {
  EXPECT_FALSE(DecodeAnswers("\x02\0\0\0\x01\xff\xff\xff\xff"s + std::string(600, 'x')));
  EXPECT_FALSE(DecodeAnswers("\x02\xff\xff\xff\xff"s + std::string(600, 'x')));
}

TEST(ProtocolTest, PromptsComeBackAsTheyWentWithAnyBytesButNul) {
  const auto prompts = DecodePrompts(BytesOf(EncodePrompts(
      {{PromptStyle::kEchoOff, "Password: "}, {PromptStyle::kError, "\xff\x1b[2J"}})));
  ASSERT_TRUE(prompts);
  ASSERT_EQ(prompts->size(), 2U);
  EXPECT_EQ((*prompts)[0].style, PromptStyle::kEchoOff);
  EXPECT_EQ((*prompts)[0].text, "Password: ");
  EXPECT_EQ((*prompts)[1].style, PromptStyle::kError);
  EXPECT_EQ((*prompts)[1].text, "\xff\x1b[2J");
}

TEST(ProtocolTest, PromptsKeepTheirBounds) {
  const Prompt longest{PromptStyle::kInfo, std::string(512, 'x')};
  const std::string message = BytesOf(EncodePrompts(std::vector<Prompt>(32, longest)));
  EXPECT_TRUE(DecodePrompts(message));
  EXPECT_LE(message.size(), kMaxMessageBytes);
  EXPECT_FALSE(EncodePrompts(std::vector<Prompt>(33, Prompt{})));
  EXPECT_FALSE(EncodePrompts({{PromptStyle::kInfo, std::string(513, 'x')}}));
  EXPECT_FALSE(EncodePrompts({{PromptStyle::kInfo, "a\0b"s}}));
  EXPECT_FALSE(EncodePrompts({}));
  EXPECT_FALSE(DecodePrompts("\x03\0\0\0\x01\x04\0\0\0\0"s));  // a style that there is not
}

TEST(ProtocolTest, OutcomesComeBackAsTheyWent) {
  const auto accepted = DecodeOutcome(BytesOf(EncodeOutcome(
      {.verdict = Verdict::kAccepted, .pam_user = "alice", .uid = 2001, .detail = "PAM_SUCCESS"})));
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->verdict, Verdict::kAccepted);
  EXPECT_EQ(accepted->pam_user, "alice");
  EXPECT_EQ(accepted->uid, 2001U);
  EXPECT_EQ(accepted->detail, "PAM_SUCCESS");
  const auto denied = DecodeOutcome(
      BytesOf(EncodeOutcome({.verdict = Verdict::kDenied, .detail = "PAM_AUTH_ERR"})));
  ASSERT_TRUE(denied);
  EXPECT_EQ(denied->verdict, Verdict::kDenied);
  EXPECT_FALSE(denied->uid);
}

TEST(ProtocolTest, AnOutcomeSaysOneThing) {
  EXPECT_FALSE(EncodeOutcome({.verdict = Verdict::kAccepted}));
  EXPECT_FALSE(EncodeOutcome({.verdict = Verdict::kAccepted, .pam_user = "-alice"}));
  EXPECT_FALSE(EncodeOutcome({.verdict = Verdict::kDenied, .pam_user = "alice"}));
  EXPECT_FALSE(EncodeOutcome({.verdict = Verdict::kDenied, .uid = 7}));
  EXPECT_FALSE(EncodeOutcome({.verdict = Verdict::kDenied, .detail = "a module's text"}));
  EXPECT_FALSE(DecodeOutcome("\x04\0\0\0\0\0\0\0\0\0\0"s));      // accepted, without a name
  EXPECT_FALSE(DecodeOutcome("\x04\x09\0\0\0\0\0\0\0\0\0"s));    // a verdict that there is not
  EXPECT_FALSE(DecodeOutcome("\x04\x01\0\0\0\0\x02\0\0\0\0"s));  // neither with nor without a uid
}

TEST(ProtocolTest, KnowsTheTypesOfMessagesAndNoOthers) {
  EXPECT_EQ(TypeOf("\x01"), MessageType::kStart);
  EXPECT_EQ(TypeOf("\x04zzz"), MessageType::kOutcome);
  EXPECT_EQ(TypeOf(""), std::nullopt);
  EXPECT_EQ(TypeOf("\0"s), std::nullopt);
  EXPECT_EQ(TypeOf("\x05"), std::nullopt);
  EXPECT_EQ(TypeOf("\xff"), std::nullopt);
}

TEST(ServiceNameTest, AcceptsRolebridgeAndWhatItBegins) {
  for (const char* name : {"rolebridge", "rolebridge-mfa", "rolebridge-2", "rolebridge--"}) {
    EXPECT_TRUE(IsServiceName(name)) << name;
  }
}

TEST(ServiceNameTest, RefusesEveryOtherName) {
  for (const std::string& name :
       {""s, "other"s, "login"s, "rolebridg"s, "rolebridge-"s, "rolebridge_mfa"s, "Rolebridge"s,
        "rolebridge-MFA"s, "rolebridge-../login"s, "rolebridge/../login"s, "../rolebridge"s,
        "rolebridge "s, "rolebridge-a\0"s, "rolebridge.dpkg-old"s,
        "rolebridge-" + std::string(54, 'a')}) {
    EXPECT_FALSE(IsServiceName(name)) << name;
  }
  EXPECT_TRUE(IsServiceName("rolebridge-" + std::string(53, 'a')));
}

TEST(UsernameTest, AcceptsWhatRuleU1Says) {
  for (const std::string& name :
       {"alice"s, "Alice"s, "a"s, "_svc"s, "0x"s, "a.b-c_d"s, "alice."s, std::string(64, 'a')}) {
    EXPECT_TRUE(IsUsername(name)) << name;
  }
}

TEST(UsernameTest, RefusesNearMisses) {
  for (const std::string& name :
       {""s, " alice"s, "alice "s, "-alice"s, ".alice"s, "ali ce"s, "alice\0"s, "ali/ce"s,
        "alice@example.org"s, "EXAMPLE\\alice"s, "alice\xc2\xa0"s, "\xef\xbd\x81lice"s,
        "\xe2\x80\xae"s + "ecila", "*)(uid=*"s, "al\nice"s, std::string(65, 'a')}) {
    EXPECT_FALSE(IsUsername(name)) << name;
  }
}

TEST(NumericAddressTest, TakesAddressesAndNoNames) {
  for (const char* text : {"192.0.2.7", "::1", "2001:db8::7", "::ffff:192.0.2.7"}) {
    EXPECT_TRUE(IsNumericAddress(text)) << text;
  }
  for (const std::string& text : {""s, "localhost"s, "192.0.2"s, "192.0.2.7 "s, "fe80::1%eth0"s,
                                  "192.0.2.07x"s, "[::1]"s, "192.0.2.7\0"s, "192.0.2.7:80"s}) {
    EXPECT_FALSE(IsNumericAddress(text)) << text;
  }
}

TEST(VerdictTest, EachHasANameOfItsOwn) {
  EXPECT_EQ(NameOf(Verdict::kAccepted), "accepted");
  EXPECT_EQ(NameOf(Verdict::kUnavailable), "unavailable");
}

}  // namespace
}  // namespace rolebridge::pam
