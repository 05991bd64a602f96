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
  void Start(const std::string& boot_id = "boot-1") {
    opened_.reset();
    opened_ = std::make_unique<OpenedStore>(
        folder_.path(), clock_, random_,
        SessionBounds{
            .lifetime = hours(8), .idle = hours(1), .sessions = 5, .sessions_per_user = 2},
        boot_id);
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
                  .assurance = "mfa",
                  .client_address = "192.0.2.7",
                  .authn_instant = clock_.Now(),
                  .session_index = "_index"};
  const SecretString alice = *sessions().Create(session, opened_->Commit());
  clock_.Advance(minutes(30));
  Start();
  const std::optional<Session> found = sessions().Use(alice.Reveal());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->username, "alice");
  EXPECT_EQ(found->uid, 20001U);
  EXPECT_EQ(found->assurance, "mfa");
  EXPECT_EQ(found->client_address, "192.0.2.7");
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

TEST_F(SessionStoreTest, NewBoundsHoldForThoseThatAreThere) {
  const SecretString alice = Create("alice");
  clock_.Advance(minutes(20));
  sessions().SetBounds(
      {.lifetime = hours(8), .idle = minutes(20), .sessions = 5, .sessions_per_user = 2});
  EXPECT_FALSE(Lives(alice));
}

TEST_F(SessionStoreTest, ListsAPageOfWhoeverIsAskedFor) {
  for (const char* const name : {"alice", "bob", "alice", "carol"}) {
    static int number = 0;
    ASSERT_TRUE(sessions().Create(
        {.username = name, .session_index = "_" + std::to_string(++number)}, opened_->Commit()));
  }
  const auto indexes = [&](const char* username, const char* after, size_t maximum) {
    std::string text;
    for (const Session& session : sessions().List(username, after, maximum)) {
      text += session.session_index;
    }
    return text;
  };
  EXPECT_EQ(indexes("", "", 10), "_1_2_3_4");
  EXPECT_EQ(indexes("", "", 2), "_1_2");
  EXPECT_EQ(indexes("", "_2", 2), "_3_4");
  EXPECT_EQ(indexes("alice", "", 10), "_1_3");
  EXPECT_EQ(indexes("nobody", "", 10), "");
  clock_.Advance(hours(1));
  EXPECT_EQ(indexes("", "", 10), "") << "idle ones are over";
}

TEST_F(SessionStoreTest, EndsAllOfOnePersonOrOneAlone) {
  const auto create = [&](const char* name, const char* index) {
    return *sessions().Create({.username = name, .session_index = index}, opened_->Commit());
  };
  const SecretString first = create("alice", "_1");
  const SecretString second = create("alice", "_2");
  const SecretString bob = create("bob", "_3");
  std::vector<std::string> told;
  const auto commit = [&](const std::vector<std::string>& indexes, std::vector<Change> changes) {
    told = indexes;
    return opened_->store->Commit(std::move(changes));
  };
  EXPECT_EQ(*sessions().EndAll("", "_1", commit), 1U);
  EXPECT_EQ(told, std::vector<std::string>{"_1"});
  EXPECT_FALSE(Lives(first));
  EXPECT_TRUE(Lives(second));
  EXPECT_EQ(*sessions().EndAll("alice", "", commit), 1U);
  EXPECT_FALSE(Lives(second));
  EXPECT_TRUE(Lives(bob));
  told.clear();
  EXPECT_EQ(*sessions().EndAll("alice", "", commit), 0U);
  EXPECT_TRUE(told.empty()) << "nothing to put on record";
  Start();
  EXPECT_TRUE(Lives(bob));
  EXPECT_FALSE(Lives(second));
}

TEST_F(SessionStoreTest, WhatCannotBePutOnRecordIsOverNevertheless) {
  const SecretString alice = Create("alice");
  const auto refuse = [](const std::vector<std::string>&, std::vector<Change>) -> Result<void> {
    return Error{ErrorCode::kUnavailable, "full"};
  };
  EXPECT_FALSE(sessions().EndAll("alice", "", refuse));
  EXPECT_FALSE(Lives(alice));
  ASSERT_TRUE(opened_->store->CommitPosted());
  Start();
  EXPECT_FALSE(Lives(alice));
}

TEST_F(SessionStoreTest, AStepUpIsTheSameSessionUnderANewIdentifier) {
  const SecretString before = *sessions().Create(
      {.username = "alice", .assurance = "password", .session_index = "_1"}, opened_->Commit());
  clock_.Advance(minutes(40));
  const Result<SecretString> after =
      sessions().StepUp(before.Reveal(), {"mfa", clock_.Now()}, opened_->Commit());
  ASSERT_TRUE(after);
  EXPECT_FALSE(Lives(before));
  EXPECT_EQ(sessions().size(), 1U);
  Start();
  EXPECT_FALSE(Lives(before));
  const std::optional<Session> session = sessions().Use(after->Reveal());
  ASSERT_TRUE(session);
  EXPECT_EQ(session->session_index, "_1");
  EXPECT_EQ(session->assurance, "password");
  ASSERT_EQ(session->steps.size(), 1U);
  EXPECT_EQ(session->steps[0].level, "mfa");
  EXPECT_EQ(session->steps[0].instant, clock_.Now());
  EXPECT_EQ(session->created, clock_.SinceBoot() - minutes(40)) << "it does not get older for it";
  clock_.Advance(minutes(50));
  EXPECT_TRUE(Lives(*after)) << "a step-up is a use";
}

TEST_F(SessionStoreTest, OfEachLevelTheLatestProofIsKept) {
  SecretString session = Create("alice");
  for (const char* const level : {"mfa", "hardware", "mfa"}) {
    clock_.Advance(minutes(1));
    session = *sessions().StepUp(session.Reveal(), {level, clock_.Now()}, opened_->Commit());
  }
  const std::optional<Session> found = sessions().Use(session.Reveal());
  ASSERT_TRUE(found);
  ASSERT_EQ(found->steps.size(), 2U);
  EXPECT_EQ(found->steps[0].level, "hardware");
  EXPECT_EQ(found->steps[1].instant, clock_.Now());
}

TEST_F(SessionStoreTest, AStepUpOfASessionThatEndedMeanwhileBringsNothingBack) {
  const SecretString alice = Create("alice");
  const auto raised =
      sessions().StepUp(alice.Reveal(), {"mfa", clock_.Now()}, [&](std::vector<Change> changes) {
        EXPECT_TRUE(End(alice));
        return opened_->store->Commit(std::move(changes));
      });
  ASSERT_FALSE(raised);
  EXPECT_EQ(raised.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(sessions().size(), 0U);
  ASSERT_TRUE(opened_->store->CommitPosted());
  Start();
  EXPECT_EQ(sessions().size(), 0U);
  EXPECT_FALSE(sessions().StepUp("unknown", {"mfa", clock_.Now()}, opened_->Commit()));
}

TEST_F(SessionStoreTest, AStepUpThatCannotBePutOnRecordChangesNothing) {
  const SecretString alice = Create("alice");
  const auto refuse = [](std::vector<Change>) -> Result<void> {
    return Error{ErrorCode::kUnavailable, "full"};
  };
  EXPECT_FALSE(sessions().StepUp(alice.Reveal(), {"mfa", clock_.Now()}, refuse));
  ASSERT_TRUE(Lives(alice));
  EXPECT_TRUE(sessions().Use(alice.Reveal())->steps.empty());
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
