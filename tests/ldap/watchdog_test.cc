#include "ldap/watchdog.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rolebridge::ldap {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct SocketPair {
  SocketPair() {
    int both[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), 0);
    ours = UniqueFd(both[0]);
    theirs = UniqueFd(both[1]);
  }
  UniqueFd ours, theirs;
};

TEST(WatchdogTest, EndsAReadThatNobodyAnswers) {
  Watchdog watchdog;
  Watchdog::Watched watched(watchdog);
  SocketPair sockets;
  ASSERT_TRUE(watched.Attach(sockets.ours.get()));
  watched.Arm(steady_clock::now() + milliseconds(20));
  char byte;
  EXPECT_EQ(::read(sockets.ours.get(), &byte, 1), 0);
  EXPECT_TRUE(watched.HasFired());
}

TEST(WatchdogTest, LeavesASocketAloneOnceDisarmed) {
  Watchdog watchdog;
  SocketPair sockets;
  Watchdog::Watched watched(watchdog);
  ASSERT_TRUE(watched.Attach(sockets.ours.get()));
  watched.Arm(steady_clock::now() + std::chrono::hours(1));
  watched.Disarm();
  // Another one fires after it, so the first had its chance.
  SocketPair others;
  Watchdog::Watched other(watchdog);
  ASSERT_TRUE(other.Attach(others.ours.get()));
  other.Arm(steady_clock::now());
  char byte;
  EXPECT_EQ(::read(others.ours.get(), &byte, 1), 0);
  EXPECT_FALSE(watched.HasFired());
  EXPECT_EQ(::write(sockets.theirs.get(), "x", 1), 1);
  EXPECT_EQ(::read(sockets.ours.get(), &byte, 1), 1);
}

TEST(WatchdogTest, RefusesASocketThatComesTooLate) {
  Watchdog watchdog;
  SocketPair others;
  Watchdog::Watched other(watchdog);
  ASSERT_TRUE(other.Attach(others.ours.get()));
  Watchdog::Watched late(watchdog);
  const auto past = steady_clock::now() - milliseconds(1);
  late.Arm(past);
  other.Arm(past + milliseconds(1));
  char byte;
  EXPECT_EQ(::read(others.ours.get(), &byte, 1), 0);  // which comes after the other
  SocketPair sockets;
  EXPECT_FALSE(late.Attach(sockets.ours.get()));
}

TEST(WatchdogTest, OutlivesTheDescriptorThatItWasGiven) {
  Watchdog watchdog;
  Watchdog::Watched watched(watchdog);
  SocketPair sockets;
  ASSERT_TRUE(watched.Attach(sockets.ours.get()));
  const int number = sockets.ours.get();
  sockets.ours.Reset();
  SocketPair innocent;  // may well get the same number
  ASSERT_TRUE(innocent.ours.get() == number || innocent.theirs.get() == number);
  watched.Arm(steady_clock::now());
  char byte;
  EXPECT_EQ(::read(sockets.theirs.get(), &byte, 1), 0);  // the watched one was shut down
  EXPECT_EQ(::write(innocent.ours.get(), "x", 1), 1);    // the other was not
  EXPECT_EQ(::read(innocent.theirs.get(), &byte, 1), 1);
}

}  // namespace
}  // namespace rolebridge::ldap
