#include "pam/conversation.h"

#include <gtest/gtest.h>
#include <security/pam_appl.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "tests/pam/socket_pair.h"

namespace rolebridge::pam {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using std::chrono::steady_clock;

using Texts = std::vector<std::pair<int, std::string>>;

// Speaks to the relay as a module does. What the issuer will say is sent beforehand: it waits in
// the socket.
class PromptRelayTest : public testing::Test {
 protected:
  struct Reply {
    int status = PAM_SUCCESS;
    std::vector<std::string> answers;  // "(null)" where there is none
  };

  Reply Speak(const Texts& texts) {
    std::vector<pam_message> messages;
    for (const auto& [style, text] : texts) messages.push_back({style, text.c_str()});
    std::vector<const pam_message*> pointers;
    for (const pam_message& message : messages) pointers.push_back(&message);
    pam_response* replies = nullptr;
    const pam_conv conversation = relay_.AsPamConv();
    Reply reply;
    reply.status = conversation.conv(static_cast<int>(pointers.size()), pointers.data(), &replies,
                                     conversation.appdata_ptr);
    for (size_t i = 0; replies != nullptr && i < texts.size(); ++i) {
      reply.answers.emplace_back(replies[i].resp == nullptr ? "(null)" : replies[i].resp);
      std::free(replies[i].resp);  // which is malloc's to free, as pam_conv(3) says
    }
    std::free(replies);
    return reply;
  }
  std::vector<Prompt> HeardByIssuer() {
    auto prompts = DecodePrompts(ReceiveBytes(sockets_.issuer));
    return prompts ? std::move(*prompts) : std::vector<Prompt>();
  }
  void ExpectFailure(const Reply& reply, RelayFailure failure) {
    EXPECT_EQ(reply.status, PAM_CONV_ERR);
    EXPECT_TRUE(reply.answers.empty());
    EXPECT_EQ(relay_.failure(), failure);
    // Nor does any later call succeed.
    EXPECT_EQ(Speak({{PAM_TEXT_INFO, "Hello"}}).status, PAM_CONV_ERR);
  }

  SocketPair sockets_;
  Deadlines deadlines_{.start = 5s, .answer = 5s, .login = 20s};
  PromptRelay relay_{sockets_.monitor, deadlines_, steady_clock::now() + 20s, kMaxAskingRounds};
};

TEST_F(PromptRelayTest, AsksWithAndWithoutEchoAndTells) {
  ASSERT_TRUE(SendAnswers(sockets_.issuer, {"blue", "123456"}));
  const Reply reply = Speak({{PAM_TEXT_INFO, "Hello"},
                             {PAM_PROMPT_ECHO_ON, "Colour: "},
                             {PAM_ERROR_MSG, "Careful"},
                             {PAM_PROMPT_ECHO_OFF, "Token: "}});
  EXPECT_EQ(reply.status, PAM_SUCCESS);
  EXPECT_EQ(reply.answers, (std::vector<std::string>{"(null)", "blue", "(null)", "123456"}));
  const std::vector<Prompt> prompts = HeardByIssuer();
  ASSERT_EQ(prompts.size(), 4U);
  EXPECT_EQ(prompts[0].style, PromptStyle::kInfo);
  EXPECT_EQ(prompts[1].style, PromptStyle::kEchoOn);
  EXPECT_EQ(prompts[2].style, PromptStyle::kError);
  EXPECT_EQ(prompts[3].style, PromptStyle::kEchoOff);
  EXPECT_EQ(prompts[3].text, "Token: ");
}

TEST_F(PromptRelayTest, TextsAloneWaitForNobody) {
  const Reply reply = Speak({{PAM_TEXT_INFO, "Confirm on your phone"}});
  EXPECT_EQ(reply.status, PAM_SUCCESS);
  EXPECT_EQ(reply.answers, std::vector<std::string>{"(null)"});
  EXPECT_EQ(HeardByIssuer().size(), 1U);
}

TEST_F(PromptRelayTest, PassesTheLongestAnswerWhole) {
  ASSERT_TRUE(SendAnswers(sockets_.issuer, {std::string(511, 'x')}));
  EXPECT_EQ(Speak({{PAM_PROMPT_ECHO_OFF, "?"}}).answers[0], std::string(511, 'x'));
}

TEST_F(PromptRelayTest, ThirtyTwoMessagesPassAndThirtyThreeDoNot) {
  EXPECT_EQ(Speak(Texts(32, {PAM_TEXT_INFO, "x"})).status, PAM_SUCCESS);
  ExpectFailure(Speak(Texts(33, {PAM_TEXT_INFO, "x"})), RelayFailure::kTooManyPrompts);
}

TEST_F(PromptRelayTest, EightRoundsPassAndNineDoNot) {
  for (int round = 0; round < 8; ++round) {
    ASSERT_TRUE(SendAnswers(sockets_.issuer, {"x"}));
    EXPECT_EQ(Speak({{PAM_PROMPT_ECHO_OFF, "?"}}).status, PAM_SUCCESS);
  }
  ExpectFailure(Speak({{PAM_PROMPT_ECHO_OFF, "?"}}), RelayFailure::kTooManyRounds);
}

TEST_F(PromptRelayTest, ThirtyTwoAnnouncementsPassAndThirtyThreeDoNot) {
  for (int round = 0; round < 32; ++round) {
    EXPECT_EQ(Speak({{PAM_TEXT_INFO, "x"}}).status, PAM_SUCCESS);
  }
  ExpectFailure(Speak({{PAM_TEXT_INFO, "x"}}), RelayFailure::kTooManyTexts);
}

TEST_F(PromptRelayTest, RefusesStylesThatNoPageHas) {
  ExpectFailure(Speak({{PAM_RADIO_TYPE, "yes or no?"}}), RelayFailure::kUnknownStyle);
}

TEST_F(PromptRelayTest, RefusesABinaryPromptWithoutReadingIt) {
  ExpectFailure(Speak({{PAM_BINARY_PROMPT, "\0\0\0\x05\0"s}}), RelayFailure::kUnknownStyle);
}

TEST_F(PromptRelayTest, CutsLongTexts) {
  EXPECT_EQ(Speak({{PAM_TEXT_INFO, std::string(100'000, 'x')}}).status, PAM_SUCCESS);
  EXPECT_EQ(HeardByIssuer()[0].text, std::string(512, 'x'));
}

TEST_F(PromptRelayTest, EndsWithWhoeverAnswersWrongly) {
  ASSERT_TRUE(SendAnswers(sockets_.issuer, {"one", "two"}));
  ExpectFailure(Speak({{PAM_PROMPT_ECHO_OFF, "?"}}), RelayFailure::kPeerBroke);
}

TEST_F(PromptRelayTest, EndsWithWhoeverAnswersNothing) {
  ASSERT_TRUE(sockets_.issuer.Send("\x02\0\0\0\x01\0\0\0\0"s, 1s));
  ExpectFailure(Speak({{PAM_PROMPT_ECHO_OFF, "?"}}), RelayFailure::kPeerBroke);
}

TEST_F(PromptRelayTest, EndsWithWhoeverSaysTooMuch) {
  ASSERT_TRUE(sockets_.issuer.Send(std::string(kMaxMessageBytes + 1, '\x02'), 1s));
  ExpectFailure(Speak({{PAM_PROMPT_ECHO_OFF, "?"}}), RelayFailure::kPeerBroke);
}

TEST_F(PromptRelayTest, EndsWithWhoeverLeaves) {
  sockets_.issuer.Close();
  ExpectFailure(Speak({{PAM_PROMPT_ECHO_OFF, "?"}}), RelayFailure::kPeerGone);
}

TEST_F(PromptRelayTest, EndsWithWhoeverDoesNotAnswer) {
  deadlines_.answer = 1ms;
  ExpectFailure(Speak({{PAM_PROMPT_ECHO_OFF, "?"}}), RelayFailure::kAnswerDeadline);
}

TEST_F(PromptRelayTest, TheWholeLoginEndsWhateverIsLeftForTheAnswer) {
  deadlines_.answer = 1h;
  PromptRelay late(sockets_.monitor, deadlines_, steady_clock::now(), kMaxAskingRounds);
  const pam_message question{PAM_PROMPT_ECHO_OFF, "?"};
  const pam_message* pointer = &question;
  pam_response* replies = nullptr;
  const pam_conv conversation = late.AsPamConv();
  EXPECT_EQ(conversation.conv(1, &pointer, &replies, conversation.appdata_ptr), PAM_CONV_ERR);
  EXPECT_EQ(late.failure(), RelayFailure::kAnswerDeadline);
}

TEST_F(PromptRelayTest, TakesAMessageWithoutText) {
  const pam_message empty{PAM_TEXT_INFO, nullptr};
  const pam_message* pointer = &empty;
  pam_response* replies = nullptr;
  const pam_conv conversation = relay_.AsPamConv();
  EXPECT_EQ(conversation.conv(1, &pointer, &replies, conversation.appdata_ptr), PAM_SUCCESS);
  std::free(replies);
  EXPECT_EQ(HeardByIssuer()[0].text, "");
}

TEST_F(PromptRelayTest, RefusesCallsThatSayNothing) {
  pam_response* replies = nullptr;
  const pam_conv conversation = relay_.AsPamConv();
  EXPECT_EQ(conversation.conv(0, nullptr, &replies, conversation.appdata_ptr), PAM_CONV_ERR);
  EXPECT_EQ(conversation.conv(-1, nullptr, &replies, conversation.appdata_ptr), PAM_CONV_ERR);
}

TEST(CutTextTest, CutsWhereACharacterStarts) {
  EXPECT_EQ(CutText("abc", 3), "abc");
  EXPECT_EQ(CutText("abcd", 3), "abc");
  EXPECT_EQ(CutText("ab\xc3\xa4z", 3), "ab");  // ä
  EXPECT_EQ(CutText("ab\xc3\xa4z", 4), "ab\xc3\xa4");
  EXPECT_EQ(CutText("\xe2\x82\xac\xe2\x82\xac", 5), "\xe2\x82\xac");  // €
  EXPECT_EQ(CutText("a\xf0\x9f\x99\x82", 4), "a");                    // a smiley
  EXPECT_EQ(CutText("", 0), "");
  EXPECT_EQ(CutText("x", 0), "");
}

TEST(CutTextTest, CutsWhatIsNoUtf8Anywhere) {
  EXPECT_EQ(CutText(std::string(9, '\x80'), 6), std::string(6, '\x80'));
  EXPECT_EQ(CutText("\x80\x80\x80", 1), "\x80");
}

}  // namespace
}  // namespace rolebridge::pam
