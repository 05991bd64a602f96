#include "ldap/server_list.h"

#include <gtest/gtest.h>

namespace rolebridge::ldap {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Instant = ServerList::Instant;
using Outcome = ServerList::Outcome;
using Uris = std::vector<std::string>;

const Instant kStart{std::chrono::hours(100)};
const ServerList::Rules kRules{
    .first_rest = seconds(5), .longest_rest = seconds(60), .patience = milliseconds(500)};

ServerList ThreeServers() { return ServerList({"a", "b", "c"}, kRules); }

void Try(ServerList& servers, const char* uri, Outcome outcome, Instant now) {
  servers.Began(uri, now);
  servers.Ended(uri, now, outcome, now);
}

TEST(ServerListTest, SaysOnceThatAServerFailedAndOnceThatItIsBack) {
  using Change = ServerList::Change;
  ServerList servers = ThreeServers();
  const std::vector<ServerHealth> healthy{{"a", true}, {"b", true}, {"c", true}};
  EXPECT_EQ(servers.Health(), healthy);
  EXPECT_EQ(servers.Ended("b", kStart, Outcome::kAnswered, kStart), Change::kNone);
  EXPECT_EQ(servers.Failed("b", kStart), Change::kFailed);
  EXPECT_EQ(servers.Failed("b", kStart), Change::kNone);
  EXPECT_EQ(servers.Health(), (std::vector<ServerHealth>{{"a", true}, {"b", false}, {"c", true}}));
  const Instant later = kStart + seconds(6);
  EXPECT_EQ(servers.Ended("b", later, Outcome::kFailed, later), Change::kNone);
  EXPECT_EQ(servers.Ended("b", later, Outcome::kUndecided, later), Change::kNone);
  EXPECT_EQ(servers.Ended("b", later, Outcome::kAnswered, later), Change::kRecovered);
  EXPECT_EQ(servers.Ended("b", later, Outcome::kAnswered, later), Change::kNone);
  EXPECT_EQ(servers.Health(), healthy);
  EXPECT_EQ(servers.Failed("z", later), Change::kNone);
}

TEST(ServerListTest, AsksInTheOrderOfTheConfiguration) {
  ServerList servers = ThreeServers();
  EXPECT_EQ(servers.InOrder(kStart), (Uris{"a", "b", "c"}));
  Try(servers, "a", Outcome::kAnswered, kStart);
  Try(servers, "b", Outcome::kUndecided, kStart);
  EXPECT_EQ(servers.InOrder(kStart), (Uris{"a", "b", "c"}));
  EXPECT_EQ(servers.NextDue(), std::nullopt);
}

TEST(ServerListTest, AsksAFailedServerLastHoweverLongItHasRested) {
  ServerList servers = ThreeServers();
  Try(servers, "a", Outcome::kFailed, kStart);
  EXPECT_EQ(servers.InOrder(kStart), (Uris{"b", "c", "a"}));
  EXPECT_EQ(servers.InOrder(kStart + std::chrono::hours(24)), (Uris{"b", "c", "a"}));
  Try(servers, "a", Outcome::kAnswered, kStart + seconds(6));
  EXPECT_EQ(servers.InOrder(kStart + seconds(6)), (Uris{"a", "b", "c"}));
}

TEST(ServerListTest, AFailureInTheMiddleOfAQuestionCountsLikeOneOfConnecting) {
  ServerList servers = ThreeServers();
  Try(servers, "b", Outcome::kAnswered, kStart);
  servers.Failed("b", kStart + seconds(1));
  EXPECT_EQ(servers.InOrder(kStart + seconds(1)), (Uris{"a", "c", "b"}));
  EXPECT_EQ(servers.NextDue(), kStart + seconds(6));
}

TEST(ServerListTest, OfDeadServersTheOneFirstThatIsDueFirst) {
  ServerList servers = ThreeServers();
  Try(servers, "a", Outcome::kFailed, kStart + seconds(2));
  Try(servers, "b", Outcome::kFailed, kStart);
  Try(servers, "c", Outcome::kFailed, kStart + seconds(1));
  EXPECT_EQ(servers.InOrder(kStart + seconds(2)), (Uris{"b", "c", "a"}));
}

TEST(ServerListTest, WhoComesLaterGoesPastAServerThatKeepsOthersWaiting) {
  ServerList servers = ThreeServers();
  servers.Began("a", kStart);
  servers.Began("a", kStart + milliseconds(400));
  EXPECT_EQ(servers.InOrder(kStart + milliseconds(499)), (Uris{"a", "b", "c"}));
  EXPECT_EQ(servers.InOrder(kStart + milliseconds(500)), (Uris{"b", "c", "a"}));
  servers.Ended("a", kStart, Outcome::kUndecided, kStart + milliseconds(500));
  EXPECT_EQ(servers.InOrder(kStart + milliseconds(500)), (Uris{"a", "b", "c"}));
  EXPECT_EQ(servers.InOrder(kStart + milliseconds(900)), (Uris{"b", "c", "a"}));
  // It is still better than one that is known to be dead.
  Try(servers, "b", Outcome::kFailed, kStart + milliseconds(900));
  EXPECT_EQ(servers.InOrder(kStart + milliseconds(900)), (Uris{"c", "a", "b"}));
}

TEST(ServerListTest, OneProbesWhatIsDue) {
  ServerList servers = ThreeServers();
  Try(servers, "a", Outcome::kFailed, kStart);
  EXPECT_EQ(servers.TakeDue(kStart + milliseconds(4999)), std::nullopt);
  EXPECT_EQ(servers.NextDue(), kStart + seconds(5));
  EXPECT_EQ(servers.TakeDue(kStart + seconds(5)), "a");
  EXPECT_EQ(servers.TakeDue(kStart + seconds(5)), std::nullopt);
  EXPECT_EQ(servers.NextDue(), std::nullopt);
  Try(servers, "a", Outcome::kAnswered, kStart + seconds(7));
  EXPECT_EQ(servers.NextDue(), std::nullopt);
  EXPECT_EQ(servers.InOrder(kStart + seconds(7)).front(), "a");
}

// Rests of one server after probes that failed, each as soon as it was due.
TEST(ServerListTest, RestsTwiceAsLongEachTime) {
  ServerList servers = ThreeServers();
  Instant now = kStart;
  Try(servers, "a", Outcome::kFailed, now);
  for (const int rest : {5, 10, 20, 40, 60, 60}) {
    ASSERT_EQ(servers.NextDue(), now + seconds(rest)) << rest;
    now += seconds(rest);
    ASSERT_EQ(servers.TakeDue(now), "a") << rest;
    Try(servers, "a", Outcome::kFailed, now);
  }
}

TEST(ServerListTest, ManyWhoFindItDeadAtOnceCountAsOne) {
  ServerList servers = ThreeServers();
  for (int i = 0; i < 8; ++i) servers.Failed("a", kStart + milliseconds(i));
  EXPECT_EQ(servers.NextDue(), kStart + seconds(5));
}

TEST(ServerListTest, AServerThatComesAndGoesIsForgivenOnlyAfterALongTime) {
  ServerList servers = ThreeServers();
  Try(servers, "a", Outcome::kFailed, kStart);
  Instant now = kStart + seconds(5);
  Try(servers, "a", Outcome::kAnswered, now);
  now += seconds(59);
  servers.Failed("a", now);
  EXPECT_EQ(servers.NextDue(), now + seconds(10));
  now += seconds(10);
  Try(servers, "a", Outcome::kAnswered, now);
  now += seconds(60);
  servers.Failed("a", now);
  EXPECT_EQ(servers.NextDue(), now + seconds(5));
}

TEST(ServerListTest, RemembersTheServersThatStay) {
  ServerList servers = ThreeServers();
  Try(servers, "b", Outcome::kFailed, kStart);
  servers.Replace({"b", "d", "a"});
  EXPECT_EQ(servers.InOrder(kStart), (Uris{"d", "a", "b"}));
  servers.Replace({"c", "b"});
  servers.Replace({"a", "b"});
  EXPECT_EQ(servers.NextDue(), kStart + seconds(5));
  Try(servers, "d", Outcome::kFailed, kStart);
  EXPECT_EQ(servers.size(), 2u);
}

TEST(ServerListTest, KnowsNothingOfServersThatItWasNotGiven) {
  ServerList servers = ThreeServers();
  Try(servers, "z", Outcome::kFailed, kStart);
  servers.Failed("", kStart);
  EXPECT_EQ(servers.InOrder(kStart), (Uris{"a", "b", "c"}));
  EXPECT_EQ(ServerList({}, kRules).InOrder(kStart), Uris{});
}

}  // namespace
}  // namespace rolebridge::ldap
