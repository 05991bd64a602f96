#include "bridge/issuer/throttle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/fakes.h"
#include "tests/support/opened_store.h"

namespace rolebridge::issuer {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Wait = std::optional<seconds>;

class ThrottleTest : public ::testing::Test {
 protected:
  ThrottleTest() { Start(); }

  void Start() {
    throttle_.reset();
    store_.reset();
    store_ = *store::Store::Open(folder_.path());
    throttle_ = *Throttle::Open(store::ThrottleTable(*store_), limits_, key_, clock_);
  }
  // As the record of each attempt does.
  void Commit() { ASSERT_TRUE(store_->Commit({})); }

  Wait Fail(const LoginAttempt& attempt) { return throttle_->Reserve(attempt); }
  void FailTimes(int times, const LoginAttempt& attempt) {
    for (int i = 0; i < times; ++i) EXPECT_EQ(Fail(attempt), std::nullopt) << i;
  }

  static LoginAttempt From(const std::string& address, const std::string& name = "alice",
                           const std::string& device = "") {
    return {name, address, device};
  }

  rolebridge::testing::TemporaryFolder folder_;
  rolebridge::testing::FakeClock clock_;
  Limits limits_;
  const SecretString key_{std::string(32, 'k')};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Throttle> throttle_;
};

TEST_F(ThrottleTest, AfterFiveFailuresOneTryPerDoublingPause) {
  FailTimes(5, From("192.0.2.1"));
  seconds pause(30);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(Fail(From("198.51.100.1")), pause) << i;
    clock_.Advance(pause - seconds(1));
    EXPECT_EQ(Fail(From("198.51.100.1")), seconds(1)) << i;
    clock_.Advance(seconds(1));
    if (pause >= minutes(15)) break;
    EXPECT_EQ(Fail(From("198.51.100.1")), std::nullopt) << i;
    pause = std::min<seconds>(2 * pause, minutes(15));
  }
  EXPECT_EQ(pause, minutes(15));
}

TEST_F(ThrottleTest, ForgetsAfterFifteenQuietMinutes) {
  FailTimes(5, From("192.0.2.1"));
  clock_.Advance(minutes(15));
  FailTimes(5, From("192.0.2.1"));
  EXPECT_TRUE(Fail(From("192.0.2.1")));
}

TEST_F(ThrottleTest, AnotherNameIsNotHeldUp) {
  FailTimes(5, From("192.0.2.1"));
  EXPECT_EQ(Fail(From("192.0.2.1", "bob")), std::nullopt);
}

TEST_F(ThrottleTest, SuccessClearsTheNameAndNotTheAddress) {
  limits_.login_failures_per_address = 8;
  throttle_->SetLimits(limits_);
  FailTimes(4, From("192.0.2.1", "victim"));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(Fail(From("192.0.2.1", "mallory")), std::nullopt);
    throttle_->Succeed(From("192.0.2.1", "mallory"));
  }
  FailTimes(4, From("192.0.2.1", "mallory"));
  EXPECT_EQ(Fail(From("192.0.2.1", "somebody")), seconds(30)) << "own logins launder nothing";
  EXPECT_EQ(Fail(From("198.51.100.1", "mallory")), std::nullopt);
}

TEST_F(ThrottleTest, StrangersDoNotHoldUpAKnownDevice) {
  FailTimes(5, From("198.51.100.1"));
  EXPECT_TRUE(Fail(From("192.0.2.1")));
  FailTimes(5, From("192.0.2.1", "alice", "device"));
  EXPECT_EQ(Fail(From("192.0.2.1", "alice", "device")), seconds(30)) << "its own failures do";
  EXPECT_EQ(Fail(From("192.0.2.1", "alice", "another")), std::nullopt);
}

TEST_F(ThrottleTest, CountsAddressesByTheirIpv6Network) {
  limits_.login_failures_per_address = 3;
  throttle_->SetLimits(limits_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Fail(From("2001:db8::" + std::to_string(i), "name" + std::to_string(i))),
              std::nullopt);
  }
  EXPECT_TRUE(Fail(From("2001:db8::ffff:1", "name")));
  EXPECT_EQ(Fail(From("2001:db8:0:1::1", "name")), std::nullopt);
}

TEST_F(ThrottleTest, CountsNetworks) {
  limits_.login_failures_per_network = 10;
  throttle_->SetLimits(limits_);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Fail(From("192.0.2." + std::to_string(i), "name" + std::to_string(i))), std::nullopt);
  }
  EXPECT_TRUE(Fail(From("192.0.2.200", "name")));
  EXPECT_EQ(Fail(From("192.0.3.1", "name")), std::nullopt);
}

TEST_F(ThrottleTest, TheNodeSlowsDownAndNeverShuts) {
  limits_.login_failures_per_node = 20;
  throttle_->SetLimits(limits_);
  for (int i = 0; i < 20; ++i) {
    const std::string text = std::to_string(i);
    EXPECT_EQ(Fail(From("10." + text + ".0.1", "name" + text)), std::nullopt);
  }
  const LoginAttempt own = From("172.16.0.1", "bob", "device");
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(Fail(From("172.16.0.1", "bob")), seconds(1)) << i;
    EXPECT_EQ(Fail(own), std::nullopt) << i;
    throttle_->GiveBack(own);
    clock_.Advance(seconds(1));
    EXPECT_EQ(Fail(From("172.16.0.1", "bob")), std::nullopt) << i;
  }
}

TEST_F(ThrottleTest, AHundredAtOnceAreAHundred) {
  std::atomic<int> let_in{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 100; ++i) {
    threads.emplace_back([&, i] {
      if (!Fail(From("192.0.2." + std::to_string(i)))) ++let_in;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(let_in, 5);
}

TEST_F(ThrottleTest, WhatPamNeverHeardOfIsNotCounted) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Fail(From("192.0.2.1")), std::nullopt) << i;
    throttle_->GiveBack(From("192.0.2.1"));
  }
}

TEST_F(ThrottleTest, ARestartForgetsNone) {
  FailTimes(5, From("192.0.2.1"));
  Commit();
  clock_.Advance(seconds(10));
  Start();
  EXPECT_EQ(Fail(From("192.0.2.1")), seconds(20));
  clock_.Advance(minutes(15));
  Start();
  EXPECT_EQ(Fail(From("192.0.2.1")), std::nullopt);
}

TEST_F(ThrottleTest, ARestartRemembersWhatWasCleared) {
  FailTimes(5, From("192.0.2.1"));
  Commit();
  throttle_->Succeed(From("192.0.2.1"));
  Commit();
  Start();
  EXPECT_EQ(Fail(From("192.0.2.1")), std::nullopt);
}

// security.md T4.
TEST_F(ThrottleTest, AFloodOfNamesWipesNobodysCount) {
  limits_.login_failures_per_node = 1'000'000;
  limits_.login_failures_per_address = 1'000'000;
  limits_.login_failures_per_network = 1'000'000;
  throttle_->SetLimits(limits_);
  FailTimes(5, From("192.0.2.1", "victim"));
  for (int i = 0; i < 20'000; ++i) {
    static_cast<void>(Fail(From("198.51.100.1", "name" + std::to_string(i))));
  }
  EXPECT_TRUE(Fail(From("192.0.2.1", "victim")));
  EXPECT_EQ(Fail(From("192.0.2.1", "alice")), std::nullopt);
}

// One of a name's two places is soon shared with a flood (here every tenth is), hardly both.
TEST_F(ThrottleTest, AFloodOfNamesHoldsUpHardlyAnybodyElse) {
  limits_.login_failures_per_node = 1'000'000;
  limits_.login_failures_per_address = 1'000'000;
  limits_.login_failures_per_network = 1'000'000;
  throttle_->SetLimits(limits_);
  for (int i = 0; i < 40'000; ++i) {
    static_cast<void>(Fail(From("198.51.100.1", "name" + std::to_string(i))));
  }
  int held_up = 0;
  for (int i = 0; i < 400; ++i) {
    if (Fail(From("192.0.2.1", "person" + std::to_string(i)))) ++held_up;
  }
  EXPECT_LT(held_up, 12);
}

TEST(NetworkOfTest, CutsAtThePrefix) {
  EXPECT_EQ(NetworkOf("192.0.2.7", 32, 64), "4/c0000207");
  EXPECT_EQ(NetworkOf("192.0.2.7", 24, 48), "4/c00002");
  EXPECT_EQ(NetworkOf("2001:db8:1:2::7", 32, 64), "6/20010db800010002");
  EXPECT_EQ(NetworkOf("2001:db8:1:2::7", 24, 48), "6/20010db80001");
  EXPECT_EQ(NetworkOf("::ffff:192.0.2.7", 32, 64), "4/c0000207") << "one written as IPv6";
  EXPECT_EQ(NetworkOf("unix", 32, 64), "unix");
}

}  // namespace
}  // namespace rolebridge::issuer
