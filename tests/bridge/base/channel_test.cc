#include "bridge/base/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace rolebridge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Pair {
  Channel ours;
  Channel theirs;
};

Pair MakePair() {
  int fds[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
  return {Channel(UniqueFd(fds[0])), Channel(UniqueFd(fds[1]))};
}

TEST(ChannelTest, KeepsMessagesWhole) {
  Pair pair = MakePair();
  ASSERT_TRUE(pair.theirs.Send("one", seconds(5)));
  ASSERT_TRUE(pair.theirs.Send("two", seconds(5)));
  const Result<SecretString> one = pair.ours.Receive(16, seconds(5));
  const Result<SecretString> two = pair.ours.Receive(16, seconds(5));
  ASSERT_TRUE(one);
  ASSERT_TRUE(two);
  EXPECT_EQ(one->Reveal(), "one");
  EXPECT_EQ(two->Reveal(), "two");
}

TEST(ChannelTest, TakesAMessageAtTheBoundAndRefusesOneByteMore) {
  Pair pair = MakePair();
  ASSERT_TRUE(pair.theirs.Send(std::string(16, 'x'), seconds(5)));
  EXPECT_TRUE(pair.ours.Receive(16, seconds(5)));
  ASSERT_TRUE(pair.theirs.Send(std::string(17, 'x'), seconds(5)));
  const Result<SecretString> longer = pair.ours.Receive(16, seconds(5));
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, ErrorCode::kInvalidArgument);
}

TEST(ChannelTest, TellsSilenceFromAnEnd) {
  Pair pair = MakePair();
  const Result<SecretString> silence = pair.ours.Receive(16, milliseconds(1));
  ASSERT_FALSE(silence);
  EXPECT_EQ(silence.error().code, ErrorCode::kDeadlineExceeded);
  pair.theirs.Close();
  const Result<SecretString> end = pair.ours.Receive(16, seconds(5));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kUnavailable);
}

TEST(ChannelTest, RefusesDescriptorsAndClosesThem) {
  Pair pair = MakePair();
  int carried[2];
  ASSERT_EQ(pipe2(carried, O_CLOEXEC), 0);
  const UniqueFd read_end(carried[0]);
  UniqueFd write_end(carried[1]);
  char byte = 'x';
  iovec bytes{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  cmsghdr* const message = CMSG_FIRSTHDR(&header);
  message->cmsg_level = SOL_SOCKET;
  message->cmsg_type = SCM_RIGHTS;
  message->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = write_end.get();
  std::memcpy(CMSG_DATA(message), &fd, sizeof(int));
  ASSERT_EQ(sendmsg(pair.theirs.fd(), &header, 0), 1);
  const Result<SecretString> refused = pair.ours.Receive(16, seconds(5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  // No writer is left once ours is closed: the copy that was sent is closed, too.
  write_end.Reset();
  EXPECT_EQ(read(read_end.get(), &byte, 1), 0);
}

TEST(ChannelTest, ListensForItsGroupAlone) {
  char folder[] = "/tmp/rolebridge-channel-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/socket";
  const Result<UniqueFd> listener = ListenSeqpacket(path, std::nullopt);
  ASSERT_TRUE(listener) << listener.error().message;
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660U);
  Result<Channel> client = Channel::Connect(path);
  ASSERT_TRUE(client);
  const Result<uid_t> peer = PeerUid(client->fd());
  ASSERT_TRUE(peer);
  EXPECT_EQ(*peer, geteuid());
  // A socket that a crash left behind is replaced.
  EXPECT_TRUE(ListenSeqpacket(path, std::nullopt));
  std::filesystem::remove_all(folder);
}

TEST(ChannelTest, RefusesAPathThatDoesNotFit) {
  EXPECT_FALSE(Channel::Connect(std::string(108, 'x')));
  EXPECT_FALSE(Channel::Connect(""));
}

}  // namespace
}  // namespace rolebridge
