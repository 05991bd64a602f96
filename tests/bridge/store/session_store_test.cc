#include "bridge/store/session_store.h"

#include <gtest/gtest.h>

#include "tests/support/fakes.h"

namespace rolebridge::store {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

class SessionStoreTest : public ::testing::Test {
 protected:
  SecretString Create(const std::string& username) {
    Result<SecretString> identifier = store_.Create({.username = username});
    EXPECT_TRUE(identifier);
    return *std::move(identifier);
  }

  rolebridge::testing::FakeClock clock_;
  SystemRandom random_;
  SessionStore store_{
      {.lifetime = hours(8), .idle = hours(1), .sessions = 5, .sessions_per_user = 2},
      clock_,
      random_};
};

TEST_F(SessionStoreTest, FindsASessionByItsIdentifierAlone) {
  const SecretString alice = Create("alice");
  const SecretString bob = Create("bob");
  EXPECT_EQ(alice.size(), 64U);
  EXPECT_EQ(store_.Use(alice.Reveal())->username, "alice");
  EXPECT_EQ(store_.Use(bob.Reveal())->username, "bob");
  EXPECT_FALSE(store_.Use(""));
  EXPECT_FALSE(store_.Use(std::string(64, '0')));
}

TEST_F(SessionStoreTest, EndsAfterIdleTimeAndUseProlongsIt) {
  const SecretString alice = Create("alice");
  clock_.Advance(minutes(59));
  EXPECT_TRUE(store_.Use(alice.Reveal()));
  clock_.Advance(minutes(59));
  EXPECT_TRUE(store_.Use(alice.Reveal()));
  clock_.Advance(minutes(60));
  EXPECT_FALSE(store_.Use(alice.Reveal()));
}

TEST_F(SessionStoreTest, EndsAfterItsLifetimeHoweverBusy) {
  const SecretString alice = Create("alice");
  for (int i = 0; i < 15; ++i) {
    clock_.Advance(minutes(30));
    EXPECT_TRUE(store_.Use(alice.Reveal()));
  }
  clock_.Advance(minutes(30));
  EXPECT_FALSE(store_.Use(alice.Reveal()));
}

TEST_F(SessionStoreTest, EndsThePersonsOldestBeyondTheLimit) {
  const SecretString first = Create("alice");
  clock_.Advance(milliseconds(1));
  const SecretString second = Create("alice");
  clock_.Advance(milliseconds(1));
  const SecretString third = Create("alice");
  EXPECT_FALSE(store_.Use(first.Reveal()));
  EXPECT_TRUE(store_.Use(second.Reveal()));
  EXPECT_TRUE(store_.Use(third.Reveal()));
}

TEST_F(SessionStoreTest, RefusesBeyondTheNodesLimitUntilOneEnds) {
  std::vector<SecretString> sessions;
  for (const char* name : {"a", "b", "c", "d", "e"}) sessions.push_back(Create(name));
  const Result<SecretString> refused = store_.Create({.username = "f"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(store_.End(sessions.front().Reveal()));
  EXPECT_FALSE(store_.End(sessions.front().Reveal()));
  EXPECT_TRUE(store_.Create({.username = "f"}));
}

TEST_F(SessionStoreTest, StaysWithTheEntryItWasFirstSeenWith) {
  const SecretString alice = Create("alice");
  EXPECT_TRUE(store_.BindEntry(alice.Reveal(), "uuid-1"));
  EXPECT_TRUE(store_.BindEntry(alice.Reveal(), "uuid-1"));
  EXPECT_FALSE(store_.BindEntry(alice.Reveal(), "uuid-2"));
}

TEST_F(SessionStoreTest, CountsResponsesWithinAMinute) {
  const SecretString alice = Create("alice");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(store_.CountResponse(alice.Reveal(), 3));
  EXPECT_FALSE(store_.CountResponse(alice.Reveal(), 3));
  clock_.Advance(minutes(1));
  EXPECT_TRUE(store_.CountResponse(alice.Reveal(), 3));
}

}  // namespace
}  // namespace rolebridge::store
