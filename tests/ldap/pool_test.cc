#include "ldap/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/ldap/neighbours.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

const FixedClock kClock{SysSeconds(std::chrono::seconds(1769853900))};

Deadline Soon() { return steady_clock::now() + std::chrono::seconds(20); }

TEST(PoolTest, LendsAConnectionAgain) {
  const SlapdServer slapd;
  const Settings settings = slapd.settings();
  Pool pool(settings, slapd.password());
  const Connection* first = nullptr;
  {
    const auto lease = pool.Borrow(Soon());
    ASSERT_TRUE(lease) << lease.error().message;
    EXPECT_FALSE(lease->is_reused());
    first = &**lease;
  }
  const auto lease = pool.Borrow(Soon());
  ASSERT_TRUE(lease) << lease.error().message;
  EXPECT_TRUE(lease->is_reused());
  EXPECT_EQ(&**lease, first);
}

TEST(PoolTest, LendsNoMoreThanItsSize) {
  const SlapdServer slapd;
  Settings settings = slapd.settings();
  settings.pool_size = 2;
  Pool pool(settings, slapd.password());
  const auto one = pool.Borrow(Soon());
  {
    const auto two = pool.Borrow(Soon());
    ASSERT_TRUE(one && two);
    const auto three = pool.Borrow(steady_clock::now() + milliseconds(10));
    ASSERT_FALSE(three);
    EXPECT_EQ(three.error().code, ErrorCode::kDeadlineExceeded);
  }
  EXPECT_TRUE(pool.Borrow(Soon()));
}

TEST(PoolTest, NeverLendsAConnectionThatHasFailed) {
  const SlapdServer slapd;
  const Settings settings = slapd.settings();
  Pool pool(settings, slapd.password());
  {
    const auto lease = pool.Borrow(Soon());
    ASSERT_TRUE(lease) << lease.error().message;
    EXPECT_FALSE((*lease)->Search({.base = "ou=nowhere,dc=example,dc=org",
                                   .filter = "(objectClass=*)",
                                   .attributes = {"1.1"}},
                                  Soon()));
  }
  EXPECT_FALSE(pool.Borrow(Soon())->is_reused());
}

TEST(PoolTest, RecoversFromARestartOfTheServer) {
  SlapdServer slapd;
  const auto directory = Open(slapd.settings(), slapd.password(), kClock);
  ASSERT_TRUE(directory->Find("alice"));
  slapd.Stop();
  const auto away = directory->Find("alice");
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().code, ErrorCode::kUnavailable) << away.error().message;
  slapd.Start();
  const auto back = directory->Find("alice");
  ASSERT_TRUE(back) << back.error().message;
  // And without anybody noticing where nobody asked meanwhile.
  slapd.Stop();
  slapd.Start();
  const auto again = directory->Find("alice");
  ASSERT_TRUE(again) << again.error().message;
}

// proc(5), net/tcp: the addresses end in the port, in hexadecimal; then the state, 01 for one that
// is connected; then what timer runs, 02 for that of keepalive.
TEST(PoolTest, TheKernelWatchesIdleConnections) {
  const SlapdServer slapd;
  const Settings settings = slapd.settings();
  Pool pool(settings, slapd.password());
  ASSERT_TRUE(pool.Borrow(Soon()));
  const auto has_timer = [&] {
    std::ifstream table("/proc/net/tcp");
    std::string number, local, remote, state, queues, timer;
    std::ostringstream port;
    port << ':' << std::hex << std::uppercase << std::stoi(slapd.port_ldaps());
    for (std::string line; std::getline(table, line);) {
      std::istringstream(line) >> number >> local >> remote >> state >> queues >> timer;
      if (remote.ends_with(port.str()) && state == "01" && timer.starts_with("02")) return true;
    }
    return false;
  };
  // Until the last of what was sent is acknowledged, another timer runs.
  for (int i = 0; i < 500 && !has_timer(); ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_TRUE(has_timer());
}

TEST(PoolTest, DropsAnIdleConnectionThatTheServerHasClosed) {
  SlapdServer slapd;
  const Settings settings = slapd.settings();
  Pool pool(settings, slapd.password());
  ASSERT_TRUE(pool.Borrow(Soon()));
  slapd.Stop();
  slapd.Start();
  const auto lease = pool.Borrow(Soon());
  ASSERT_TRUE(lease) << lease.error().message;
  EXPECT_FALSE(lease->is_reused());
}

TEST(PoolTest, AsksAgainWhereAnOldConnectionTurnsOutToBeClosed) {
  const BadServer server("closes-on-second-lookup");
  const auto directory = Open(server.settings("ldapi"), SecretString("secret"), kClock);
  ASSERT_TRUE(directory->Find("alice"));
  const auto again = directory->Find("alice");
  EXPECT_TRUE(again) << again.error().message;
}

TEST(PoolTest, EndsAQuestionToAServerThatHasStoppedAnswering) {
  SlapdServer slapd;
  Settings settings = slapd.settings();
  settings.operation_timeout = milliseconds(200);
  settings.connect_timeout = milliseconds(200);
  const auto directory = Open(settings, slapd.password(), kClock);
  slapd.Freeze();
  const auto frozen = directory->Find("alice");
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().code, ErrorCode::kDeadlineExceeded) << frozen.error().message;
  slapd.Thaw();
  // The times of this test must not fail a slow machine, so a new set of them.
  const auto thawed = Open(slapd.settings(), slapd.password(), kClock)->Find("alice");
  EXPECT_TRUE(thawed) << thawed.error().message;
}

TEST(PoolTest, GoesOnToTheNextServer) {
  const SlapdServer slapd;
  const BadServer reset("reset");
  Settings settings = slapd.settings();
  settings.uris = {reset.settings("ldaps").uris[0], slapd.uri_ldaps};
  const auto directory = Open(settings, slapd.password(), kClock);
  for (int i = 0; i < 3; ++i) {
    const auto found = directory->Find("alice");
    EXPECT_TRUE(found) << found.error().message;
  }
}

TEST(PoolTest, NeverGoesOnToAServerThatCannotProveItself) {
  const BadServer reset("reset");
  const SlapdServer impostor({"--certificate", "other-ca"});
  Settings settings = impostor.settings();
  settings.uris = {reset.settings("ldaps").uris[0], impostor.uri_ldaps, impostor.uri_ldap};
  EXPECT_FALSE(Open(settings, impostor.password(), kClock)->Find("alice"));
}

TEST(PoolTest, ServesManyThreads) {
  const SlapdServer slapd;
  Settings settings = slapd.settings();
  settings.pool_size = 4;
  const auto directory = Open(settings, slapd.password(), kClock);
  std::atomic<int> found{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) {
        const auto lookup = directory->Find("alice");
        if (lookup && lookup->groups.size() == 6) ++found;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(found, 160);
}

}  // namespace
}  // namespace rolebridge::ldap
