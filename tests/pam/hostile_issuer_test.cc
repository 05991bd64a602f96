// What a taken-over issuer, or another local account, gets from rolebridge-pam.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "bridge/base/channel.h"
#include "pam/peer_watch.h"
#include "pam/protocol.h"
#include "tests/pam/child.h"
#include "tests/pam/login_host.h"
#include "tests/pam/socket_pair.h"

namespace rolebridge::pam {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

class HostileIssuerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { host_ = new LoginHost; }
  static void TearDownTestSuite() {
    delete host_;
    host_ = nullptr;
  }
  static Channel Connect() {
    auto channel = Channel::Connect(host_->socket_path());
    EXPECT_TRUE(channel);
    return std::move(*channel);
  }
  static std::string Start(const std::string& username) {
    const auto message = EncodeStart({"rolebridge", username, "192.0.2.7"});
    return std::string(message->Reveal());
  }
  // The process ends without another word, and others do not notice.
  static void ExpectEndWithoutAWord(Channel& channel, const std::string& after) {
    const auto message = channel.Receive(kMaxMessageBytes, 20s);
    ASSERT_FALSE(message) << after;
    EXPECT_EQ(message.error().code, ErrorCode::kUnavailable) << after;
    EXPECT_TRUE(WaitUntilGone(host_->LastProcess())) << after;
  }
  static void ExpectOthersUnaffected() {
    EXPECT_EQ(host_->LogIn("alice", {"alice's password"}).outcome.verdict, Verdict::kAccepted);
  }
  static LoginHost* host_;
};

LoginHost* HostileIssuerTest::host_ = nullptr;

TEST_F(HostileIssuerTest, MessagesThatAreNoStartEndTheProcess) {
  const std::string start = Start("alice");
  std::string other_version = start;
  other_version[4] = 2;
  const std::vector<std::string> messages = {
      "x",
      "\0"s,
      std::string(20'000, '\xff'),
      std::string(100'000, '\x01'),
      start.substr(0, start.size() - 1),
      start + "x",
      other_version,
      "\x02\0\0\0\x01\0\0\0\x01x"s,    // answers before anybody asked
      "\x03\0\0\0\x01\0\0\0\0\x01x"s,  // what only the monitor says
      "\x04\0\0\0\0\x05"
      "alice\0\0\0\0\0"s,
      "\x01\0\0\0\x01\0\0\0\x05login\0\0\0\x05"
      "alice\0\0\0\x09"
      "192.0.2.7"s};
  for (const std::string& message : messages) {
    Channel channel = Connect();
    ASSERT_TRUE(channel.Send(message, 5s));
    ExpectEndWithoutAWord(channel, message.substr(0, 40));
  }
  ExpectOthersUnaffected();
}

TEST_F(HostileIssuerTest, MessagesThatAreNoAnswersEndTheProcess) {
  const std::vector<std::string> messages = {
      Start("alice"),
      "x",
      "\x02\0\0\0\0"s,                                      // none
      "\x02\0\0\0\x01\0\0\0\0"s,                            // an empty one
      "\x02\0\0\0\x02\0\0\0\x01x\0\0\0\x01y"s,              // too many
      "\x02\0\0\0\x01\0\0\x02\0"s + std::string(512, 'x'),  // too long
      "\x02\0\0\0\x01\0\0\0\x03x\0y"s,                      // with a NUL
      std::string(kMaxMessageBytes + 1, '\x02')};
  for (const std::string& message : messages) {
    Channel channel = Connect();
    ASSERT_TRUE(channel.Send(Start("alice"), 5s));
    ASSERT_TRUE(DecodePrompts(ReceiveBytes(channel)));
    ASSERT_TRUE(channel.Send(message, 5s));
    ExpectEndWithoutAWord(channel, message.substr(0, 40));
  }
  ExpectOthersUnaffected();
}

TEST_F(HostileIssuerTest, AMessageWhilePamIsBusyEndsTheProcess) {
  host_->AddScripted("rolebridge-busy", "info=started sleep");
  Channel channel = Connect();
  const auto start = EncodeStart({"rolebridge-busy", "alice", "192.0.2.7"});
  ASSERT_TRUE(channel.Send(start->Reveal(), 5s));
  ASSERT_TRUE(DecodePrompts(ReceiveBytes(channel)));
  ASSERT_TRUE(SendAnswers(channel, {"x"}));
  ExpectEndWithoutAWord(channel, "answers out of turn");
  ExpectOthersUnaffected();
}

TEST_F(HostileIssuerTest, ManyMessagesAtOnceEndTheProcess) {
  Channel channel = Connect();
  ASSERT_TRUE(channel.Send(Start("alice"), 5s));
  // However far it has come: no outcome may follow from what was not asked for.
  for (int i = 0; i < 10 && SendAnswers(channel, {"alice's password"}); ++i) {
  }
  while (true) {
    const auto message = channel.Receive(kMaxMessageBytes, 20s);
    if (!message) break;
    EXPECT_EQ(TypeOf(message->Reveal()), MessageType::kPrompts);
  }
  EXPECT_TRUE(WaitUntilGone(host_->LastProcess()));
  ExpectOthersUnaffected();
}

TEST_F(HostileIssuerTest, ADescriptorPassedAlongEndsTheProcess) {
  Channel channel = Connect();
  std::string text = Start("alice");
  iovec bytes{text.data(), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  const int smuggled = STDERR_FILENO;
  std::memcpy(CMSG_DATA(rights), &smuggled, sizeof(int));
  ASSERT_GT(sendmsg(channel.fd(), &header, 0), 0);
  ExpectEndWithoutAWord(channel, "SCM_RIGHTS");
  ExpectOthersUnaffected();
}

TEST_F(HostileIssuerTest, SilenceHoldsUpNobodyElse) {
  std::vector<Channel> silent;
  for (int i = 0; i < 20; ++i) silent.push_back(Connect());
  std::vector<Channel> half;
  for (int i = 0; i < 20; ++i) {
    half.push_back(Connect());
    ASSERT_TRUE(half.back().Send(Start("alice"), 5s));
  }
  ExpectOthersUnaffected();
}

TEST_F(HostileIssuerTest, AnotherUsersProcessIsToldNothing) {
  ASSERT_EQ(chmod(host_->socket_path().c_str(), 0777), 0);
  const int status = WaitForChild(StartChild([] {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(99);
    auto channel = Channel::Connect(host_->socket_path());
    if (!channel) _exit(98);
    // It may be refused before or after this is sent.
    channel->Send(Start("alice"), 5s).has_value();
    const auto message = channel->Receive(kMaxMessageBytes, 20s);
    _exit(!message && message.error().code == ErrorCode::kUnavailable ? 42 : 97);
  }));
  EXPECT_TRUE(ExitedWith(status, 42)) << status;
  EXPECT_TRUE(host_->WaitForLog("pam_peer_refused"));
}

}  // namespace
}  // namespace rolebridge::pam
