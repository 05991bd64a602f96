#include "pam/peer_watch.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "tests/pam/child.h"
#include "tests/pam/socket_pair.h"
#include "tests/pam/spin.h"

namespace rolebridge::pam {
namespace {

using namespace std::chrono_literals;

// A child that watches its end of a connection, says when it does, and then runs the body.
class PeerWatchTest : public testing::Test {
 protected:
  template <typename Body>
  void Watch(Body body) {
    child_ = StartChild([this, body] {
      sockets_.issuer.Close();
      EndWhenPeerLeaves(sockets_.monitor.fd());
      if (!sockets_.monitor.Send("watching", 5s)) _exit(99);
      body(sockets_.monitor);
    });
    sockets_.monitor.Close();
    ASSERT_EQ(ReceiveBytes(sockets_.issuer), "watching");
  }
  void ExpectSignal() {
    const int status = WaitForChild(child_);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGIO) << status;
  }
  void ExpectExit(int code) {
    const int status = WaitForChild(child_);
    EXPECT_TRUE(ExitedWith(status, code)) << status;
  }
  SocketPair sockets_;
  pid_t child_ = -1;
};

TEST_F(PeerWatchTest, APeerThatLeavesEndsABusyLoop) {
  Watch([](Channel&) { SpinForever(); });
  sockets_.issuer.Close();
  ExpectSignal();
}

TEST_F(PeerWatchTest, APeerThatLeavesEndsASleep) {
  Watch([](Channel&) {
    while (true) sleep(3600);
  });
  sockets_.issuer.Close();
  ExpectSignal();
}

TEST_F(PeerWatchTest, APeerThatWillSayNoMoreHasLeft) {
  Watch([](Channel&) { SpinForever(); });
  shutdown(sockets_.issuer.fd(), SHUT_WR);
  ExpectSignal();
}

TEST_F(PeerWatchTest, AMessageThatIsNotDueEndsTheProcess) {
  Watch([](Channel&) { SpinForever(); });
  ASSERT_TRUE(sockets_.issuer.Send("now?", 5s));
  ExpectSignal();
}

TEST_F(PeerWatchTest, AMessageThatIsDueDoesNot) {
  Watch([](Channel& channel) {
    ReplyDue reply_due(channel.fd());
    if (!channel.Send("well?", 5s)) _exit(99);
    if (ReceiveBytes(channel) != "well") _exit(98);
    reply_due.Received();
    _exit(42);
  });
  ASSERT_EQ(ReceiveBytes(sockets_.issuer), "well?");
  ASSERT_TRUE(sockets_.issuer.Send("well", 5s));
  ExpectExit(42);
}

// Of fifty logins a second one in 1,500 ended so. Here it takes a busy machine to show.
TEST_F(PeerWatchTest, ASignalBehindItsReplyEndsNothing) {
  constexpr int kReplies = 1000;
  Watch([](Channel& channel) {
    for (int i = 0; i < kReplies; ++i) {
      {
        ReplyDue reply_due(channel.fd());
        if (!channel.Send("well?", 5s)) _exit(99);
        if (ReceiveBytes(channel) != "well") _exit(98);
        reply_due.Received();
      }
      usleep(500);
    }
    _exit(42);
  });
  for (int i = 0; i < kReplies; ++i) {
    if (ReceiveBytes(sockets_.issuer) != "well?" || !sockets_.issuer.Send("well", 5s)) break;
  }
  ExpectExit(42);
}

TEST_F(PeerWatchTest, ASecondMessageBehindTheOneThatIsDueEndsTheProcess) {
  // Sent before the watch began, so no signal tells of it.
  ASSERT_TRUE(sockets_.issuer.Send("start", 5s));
  ASSERT_TRUE(sockets_.issuer.Send("more", 5s));
  child_ = StartChild([this] {
    {
      const ReplyDue reply_due(sockets_.monitor.fd());
      EndWhenPeerLeaves(sockets_.monitor.fd());
      if (ReceiveBytes(sockets_.monitor) != "start") _exit(98);
    }
    _exit(42);
  });
  ExpectExit(kExitOutOfTurn);
}

TEST_F(PeerWatchTest, APeerThatLeftBeforeTheWatchBeganIsNoticed) {
  ASSERT_TRUE(sockets_.issuer.Send("start", 5s));
  sockets_.issuer.Close();
  child_ = StartChild([this] {
    {
      const ReplyDue reply_due(sockets_.monitor.fd());
      EndWhenPeerLeaves(sockets_.monitor.fd());
      if (ReceiveBytes(sockets_.monitor) != "start") _exit(98);
    }
    _exit(42);
  });
  ExpectExit(kExitPeerLeft);
}

TEST_F(PeerWatchTest, APeerThatMayLeaveEndsNothing) {
  Watch([](Channel& channel) {
    LetPeerLeave(channel.fd());
    if (!channel.Send("goodbye", 5s)) _exit(99);
    if (ReceiveBytes(channel).empty()) _exit(42);  // it has left
  });
  ASSERT_EQ(ReceiveBytes(sockets_.issuer), "goodbye");
  sockets_.issuer.Close();
  ExpectExit(42);
}

}  // namespace
}  // namespace rolebridge::pam
