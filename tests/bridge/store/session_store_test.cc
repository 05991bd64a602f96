#include "bridge/store/session_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/fakes.h"
#include "tests/support/opened_store.h"

namespace rolebridge::store {
namespace {

using rolebridge::testing::OpenedStore;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

class SessionStoreTest : public ::testing::Test {
 protected:
  SessionStoreTest() { Start(); }

  // As a new process finds it.
  void Start(const std::string& boot_id = "boot-1",
             std::vector<std::string> levels = {"password", "mfa"}) {
    opened_.reset();
    opened_ = std::make_unique<OpenedStore>(
        folder_.path(), clock_, random_,
        SessionBounds{
            .lifetime = hours(8), .idle = hours(1), .sessions = 5, .sessions_per_user = 2},
        Node{boot_id, std::move(levels)});
  }

  SessionStore& sessions() { return *opened_->sessions; }

  SecretString Create(const std::string& username) {
    Result<SecretString> identifier = sessions().Create({.username = username}, opened_->Commit());
    EXPECT_TRUE(identifier);
    return *std::move(identifier);
  }
  bool End(const SecretString& identifier) {
    return *sessions().End(identifier.Reveal(), opened_->Commit());
  }
  bool Lives(const SecretString& identifier) {
    return sessions().Use(identifier.Reveal()).has_value();
  }

  rolebridge::testing::FakeClock clock_;
  SystemRandom random_;
  rolebridge::testing::TemporaryFolder folder_;
  std::unique_ptr<OpenedStore> opened_;
};

TEST_F(SessionStoreTest, FindsASessionByItsIdentifierAlone) {
  const SecretString alice = Create("alice");
  const SecretString bob = Create("bob");
  EXPECT_EQ(alice.size(), 64U);
  EXPECT_EQ(sessions().Use(alice.Reveal())->username, "alice");
  EXPECT_EQ(sessions().Use(bob.Reveal())->username, "bob");
  EXPECT_FALSE(sessions().Use(""));
  EXPECT_FALSE(sessions().Use(std::string(64, '0')));
}

TEST_F(SessionStoreTest, EndsAfterIdleTimeAndUseProlongsIt) {
  const SecretString alice = Create("alice");
  clock_.Advance(minutes(59));
  EXPECT_TRUE(Lives(alice));
  clock_.Advance(minutes(59));
  EXPECT_TRUE(Lives(alice));
  clock_.Advance(minutes(60));
  EXPECT_FALSE(Lives(alice));
}

TEST_F(SessionStoreTest, EndsAfterItsLifetimeHoweverBusy) {
  const SecretString alice = Create("alice");
  for (int i = 0; i < 15; ++i) {
    clock_.Advance(minutes(30));
    EXPECT_TRUE(Lives(alice));
  }
  clock_.Advance(minutes(30));
  EXPECT_FALSE(Lives(alice));
}

TEST_F(SessionStoreTest, EndsThePersonsOldestBeyondTheLimit) {
  const SecretString first = Create("alice");
  clock_.Advance(milliseconds(1));
  const SecretString second = Create("alice");
  clock_.Advance(milliseconds(1));
  const SecretString third = Create("alice");
  for (int starts = 0; starts < 2; ++starts) {
    EXPECT_FALSE(Lives(first));
    EXPECT_TRUE(Lives(second));
    EXPECT_TRUE(Lives(third));
    Start();
  }
}

TEST_F(SessionStoreTest, RefusesBeyondTheNodesLimitUntilOneEnds) {
  std::vector<SecretString> made;
  for (const char* name : {"a", "b", "c", "d", "e"}) made.push_back(Create(name));
  const Result<SecretString> refused = sessions().Create({.username = "f"}, opened_->Commit());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(End(made.front()));
  EXPECT_FALSE(End(made.front()));
  EXPECT_TRUE(sessions().Create({.username = "f"}, opened_->Commit()));
}

TEST_F(SessionStoreTest, IsNoSessionWhereItCouldNotBeStored) {
  const auto full = [](std::vector<Change>) -> Result<void> {
    return Error{ErrorCode::kUnavailable, "full"};
  };
  EXPECT_EQ(sessions().Create({.username = "alice"}, full).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(sessions().size(), 0U);
}

TEST_F(SessionStoreTest, StaysWithTheEntryItWasFirstSeenWith) {
  const SecretString alice = Create("alice");
  EXPECT_TRUE(sessions().BindEntry(alice.Reveal(), "uuid-1"));
  EXPECT_TRUE(sessions().BindEntry(alice.Reveal(), "uuid-1"));
  EXPECT_FALSE(sessions().BindEntry(alice.Reveal(), "uuid-2"));
  Create("bob");  // what was posted goes along
  Start();
  EXPECT_FALSE(sessions().BindEntry(alice.Reveal(), "uuid-2"));
  EXPECT_TRUE(sessions().BindEntry(alice.Reveal(), "uuid-1"));
}

TEST_F(SessionStoreTest, CountsResponsesWithinAMinute) {
  const SecretString alice = Create("alice");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(sessions().CountResponse(alice.Reveal(), 3));
  EXPECT_FALSE(sessions().CountResponse(alice.Reveal(), 3));
  clock_.Advance(minutes(1));
  EXPECT_TRUE(sessions().CountResponse(alice.Reveal(), 3));
}

TEST_F(SessionStoreTest, SurvivesARestartWhole) {
  Session session{.username = "alice",
                  .uid = 20001,
                  .assurance = 1,
                  .authn_instant = clock_.Now(),
                  .session_index = "_index"};
  const SecretString alice = *sessions().Create(session, opened_->Commit());
  clock_.Advance(minutes(30));
  Start();
  const std::optional<Session> found = sessions().Use(alice.Reveal());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->username, "alice");
  EXPECT_EQ(found->uid, 20001U);
  EXPECT_EQ(found->assurance, 1U);
  EXPECT_EQ(found->authn_instant, session.authn_instant);
  EXPECT_EQ(found->session_index, "_index");
  EXPECT_EQ(found->created, clock_.SinceBoot() - minutes(30));
}

TEST_F(SessionStoreTest, IsAsOldAfterARestartAsBefore) {
  const SecretString alice = Create("alice");
  const SecretString bob = Create("bob");
  clock_.Advance(minutes(50));
  EXPECT_TRUE(Lives(bob));
  sessions().Flush();
  Start();
  clock_.Advance(minutes(10));
  EXPECT_FALSE(Lives(alice));
  EXPECT_TRUE(Lives(bob));
}

TEST_F(SessionStoreTest, IsOverForGoodOnceEnded) {
  const SecretString alice = Create("alice");
  EXPECT_TRUE(End(alice));
  Start();
  EXPECT_FALSE(Lives(alice));
}

TEST_F(SessionStoreTest, ALogOutOnAFullDiskIsMadeGoodLater) {
  const SecretString alice = Create("alice");
  const auto full = [](std::vector<Change>) -> Result<void> {
    return Error{ErrorCode::kUnavailable, "full"};
  };
  EXPECT_FALSE(sessions().End(alice.Reveal(), full));
  EXPECT_FALSE(Lives(alice));
  EXPECT_TRUE(opened_->store->CommitPosted());
  Start();
  EXPECT_FALSE(Lives(alice));
}

TEST_F(SessionStoreTest, GoesOnByTheBootClockOnceItIsOnThisBoot) {
  const SecretString alice = Create("alice");
  clock_.since_boot = minutes(1);
  Start("boot-2");
  EXPECT_TRUE(opened_->store->CommitPosted());
  clock_.now -= hours(1);
  Start("boot-2");
  EXPECT_TRUE(Lives(alice));
}

TEST_F(SessionStoreTest, GoesOnByTheWallClockAfterAReboot) {
  const SecretString alice = Create("alice");
  clock_.now += minutes(30);
  clock_.since_boot = minutes(1);
  Start("boot-2");
  const std::optional<Session> found = sessions().Use(alice.Reveal());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->created, minutes(1) - minutes(30));
}

TEST_F(SessionStoreTest, EndsWhereARebootTookLongerThanItsIdleTime) {
  const SecretString alice = Create("alice");
  clock_.now += minutes(60);
  clock_.since_boot = minutes(1);
  Start("boot-2");
  EXPECT_FALSE(Lives(alice));
}

TEST_F(SessionStoreTest, EndsWhereTheClockWasSetBackOverAReboot) {
  const SecretString alice = Create("alice");
  clock_.now -= minutes(1);
  clock_.since_boot = minutes(1);
  Start("boot-2");
  EXPECT_FALSE(Lives(alice));
}

TEST_F(SessionStoreTest, SettingTheWallClockOnOneBootMeansNothing) {
  const SecretString alice = Create("alice");
  clock_.now += hours(24);
  Start();
  EXPECT_TRUE(Lives(alice));
}

TEST_F(SessionStoreTest, TrustsTheWallClockWhereTheBootCannotBeTold) {
  Start("");
  const SecretString alice = Create("alice");
  clock_.now += hours(24);
  Start("");
  EXPECT_FALSE(Lives(alice));
}

TEST_F(SessionStoreTest, EndsWhereItsLevelIsNoLongerConfigured) {
  const SecretString alice =
      *sessions().Create({.username = "alice", .assurance = 1}, opened_->Commit());
  const SecretString bob = Create("bob");
  Start("boot-1", {"weak", "password"});
  EXPECT_FALSE(Lives(alice));
  EXPECT_EQ(sessions().Use(bob.Reveal())->assurance, 1U);
}

TEST_F(SessionStoreTest, KeepsNoIdentifierOnTheDisk) {
  const SecretString alice = Create("alice");
  std::string bytes;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    std::ifstream file(entry.path(), std::ios::binary);
    bytes.append(std::istreambuf_iterator<char>(file), {});
  }
  EXPECT_NE(bytes.find("alice"), std::string::npos);
  EXPECT_EQ(bytes.find(alice.Reveal()), std::string::npos);
}

}  // namespace
}  // namespace rolebridge::store
