// What a server that fails costs, and that it never makes an answer wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>

#include "ldap/pool.h"
#include "tests/ldap/neighbours.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

const FixedClock kClock{SysSeconds(std::chrono::seconds(1769853900))};
constexpr const char* kEnds[] = {"close", "reset", "half-close", "stall", "truncate", "garbage"};

// Who somebody is, in a text that can be compared.
std::string Shown(const Lookup& lookup) {
  std::string shown = lookup.person.dn + " " + lookup.person.unique_id;
  for (const auto& [name, values] : lookup.person.attributes) {
    for (const std::string& value : values) shown += " " + name + "=" + value;
  }
  std::set<std::string> groups;
  for (const Group& group : lookup.groups) {
    std::string text = group.dn;
    for (const auto& [name, values] : group.attributes) {
      for (const std::string& value : values) text += " " + name + "=" + value;
    }
    groups.insert(text);
  }
  for (const std::string& group : groups) shown += "\n" + group;
  return shown;
}

// Waits for what another thread is about to do; false where it never does.
bool Eventually(const std::function<bool()>& is_so) {
  const auto end = steady_clock::now() + std::chrono::seconds(20);
  while (!is_so()) {
    if (steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return true;
}

std::string AfterPieces(int pieces, const std::string& then) {
  return R"("as": "pass", "after": )" + std::to_string(pieces) + R"(, "then": ")" + then + "\"";
}

SearchRequest BaseRequest() {
  return {.base = "dc=example,dc=org",
          .scope = SearchScope::kBase,
          .filter = "(objectClass=*)",
          .attributes = {"1.1"}};
}

std::string ServerOf(Pool& pool) {
  const auto lease = pool.Borrow(steady_clock::now() + std::chrono::seconds(20));
  return lease ? (*lease)->uri() : lease.error().message;
}

// One directory that is reached by two ways, which fail one by one.
class FailoverTest : public testing::Test {
 protected:
  FailoverTest() : first_(slapd_), second_(slapd_) {}

  Settings SettingsFor(std::vector<std::string> uris) const {
    Settings settings = slapd_.settings();
    settings.uris = std::move(uris);
    settings.connect_timeout = milliseconds(1000);
    settings.operation_timeout = milliseconds(1000);
    settings.lookup_timeout = milliseconds(20'000);
    // No test waits for a probe unless it says so.
    settings.server_rules.first_rest = std::chrono::hours(1);
    settings.server_rules.longest_rest = std::chrono::hours(1);
    return settings;
  }
  Settings Encrypted() const { return SettingsFor({first_.uri_ldaps, second_.uri_ldaps}); }
  // Where a piece of an answer is a message that a test can count.
  Settings Local() const { return SettingsFor({first_.uri_ldapi, second_.uri_ldapi}); }

  std::unique_ptr<Directory> OpenFor(const Settings& settings) const {
    return Open(settings, slapd_.password(), kClock);
  }
  std::string Truth(const char* username = "alice") const {
    const auto found = OpenFor(slapd_.settings())->Find(username);
    return found ? Shown(*found) : found.error().message;
  }
  void ExpectTruth(Directory& directory) {
    const auto found = directory.Find("alice");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(Shown(*found), Truth());
  }

  const SlapdServer slapd_;
  FaultProxy first_;
  FaultProxy second_;
};

TEST_F(FailoverTest, AsksThePreferredServerWhileItIsWell) {
  const auto directory = OpenFor(Encrypted());
  for (int i = 0; i < 3; ++i) ExpectTruth(*directory);
  EXPECT_EQ(first_.CountConnections().accepted, 1);
  EXPECT_EQ(second_.CountConnections().accepted, 0);
}

TEST_F(FailoverTest, WaitsOnceForAServerThatIsNotThere) {
  for (const char* manner : {"refuse", "black-hole", "silent"}) {
    first_.Behave(std::string(R"("as": ")") + manner + "\"");
    const auto directory = OpenFor(Encrypted());
    ExpectTruth(*directory);
    // Whoever connects now would be counted.
    first_.Behave(R"("as": "silent")");
    const int before = first_.CountConnections().accepted;
    for (int i = 0; i < 5; ++i) ExpectTruth(*directory);
    EXPECT_EQ(first_.CountConnections().accepted, before) << manner;
  }
}

TEST_F(FailoverTest, LeavesTimeForTheNextServerHoweverLongOneMayTake) {
  first_.Behave(R"("as": "black-hole")");
  Settings settings = Encrypted();
  settings.connect_timeout = settings.lookup_timeout = milliseconds(6000);
  ExpectTruth(*OpenFor(settings));
}

TEST_F(FailoverTest, GoesPastAServerWhoseCertificateHasExpired) {
  const SlapdServer expired({"--certificate", "expired"});
  Settings settings = Encrypted();
  settings.uris[0] = expired.uri_ldaps;
  const auto directory = OpenFor(settings);
  for (int i = 0; i < 3; ++i) ExpectTruth(*directory);
  EXPECT_EQ(second_.CountConnections().accepted, 1);
}

// After the bind, after the person, and after the first of the groups.
TEST_F(FailoverTest, AsksAnotherServerWhereOneFailsInTheMiddle) {
  for (const char* const end : kEnds) {
    for (const int pieces : {1, 2, 4}) {
      first_.Behave(AfterPieces(pieces, end));
      const auto directory = OpenFor(Local());
      const int before = first_.CountConnections().accepted;
      for (int i = 0; i < 3; ++i) ExpectTruth(*directory);
      EXPECT_EQ(first_.CountConnections().accepted, before + 1) << end << " after " << pieces;
    }
  }
}

TEST_F(FailoverTest, SaysWhatHappenedWhereThereIsNoOtherServer) {
  for (const std::string end : kEnds) {
    for (const int pieces : {1, 2, 4}) {
      first_.Behave(AfterPieces(pieces, end));
      const auto found = OpenFor(SettingsFor({first_.uri_ldapi}))->Find("alice");
      ASSERT_FALSE(found) << end << " after " << pieces;
      const auto expected = end == "stall" ? ErrorCode::kDeadlineExceeded : ErrorCode::kUnavailable;
      EXPECT_EQ(found.error().code, expected) << end << ": " << found.error().message;
    }
  }
}

// A limit, a part and a referral are the directory's, and no fault of one of its servers.
TEST_F(FailoverTest, AsksNobodyElseAfterAnAnswerThatIsNotTheWhole) {
  const std::pair<const char*, bool> kTable[] = {
      {"size-limit", false}, {"admin-limit", false},    {"partial", false},
      {"referral", false},   {"references", false},     {"range", false},
      {"two-people", false}, {"malformed-entry", true}, {"busy", true},
      {"time-limit", true},  {"search-reset", true},    {"wrong-password", true}};
  for (const auto& [script, goes_on] : kTable) {
    const BadServer bad(script);
    const auto directory =
        OpenFor(SettingsFor({bad.settings("ldapi").uris.front(), slapd_.uri_ldapi}));
    const auto found = directory->Find("alice");
    EXPECT_EQ(found.has_value(), goes_on) << script;
  }
}

TEST_F(FailoverTest, TriesEveryServerWhereAllHaveFailedLately) {
  first_.Behave(R"("as": "refuse")");
  second_.Behave(R"("as": "refuse")");
  const auto directory = OpenFor(Encrypted());
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(directory->Find("alice"));
  second_.Behave(R"("as": "pass")");
  ExpectTruth(*directory);
}

TEST_F(FailoverTest, ForgetsIdleConnectionsToAServerThatHangs) {
  const Settings settings = Encrypted();
  Pool pool(settings, slapd_.password());
  const Deadline deadline = steady_clock::now() + std::chrono::seconds(20);
  {
    const auto one = pool.Borrow(deadline);
    const auto two = pool.Borrow(deadline);
    const auto three = pool.Borrow(deadline);
    ASSERT_TRUE(one && two && three);
  }
  EXPECT_EQ(first_.CountConnections().open, 3);
  first_.Stall();
  const auto found = pool.With(
      deadline, [&](Connection& connection) { return connection.Search(BaseRequest(), deadline); });
  EXPECT_TRUE(found) << found.error().message;
  EXPECT_EQ(ServerOf(pool), second_.uri_ldaps);
  EXPECT_TRUE(Eventually([&] { return first_.CountConnections().open == 0; }));
}

TEST_F(FailoverTest, GoesBackToThePreferredServerOnceAProbeFoundIt) {
  first_.Behave(R"("as": "refuse")");
  Settings settings = Encrypted();
  settings.server_rules.first_rest = settings.server_rules.longest_rest = milliseconds(50);
  Pool pool(settings, slapd_.password());
  ASSERT_EQ(ServerOf(pool), second_.uri_ldaps);
  first_.Behave(R"("as": "pass")");
  // Nobody borrows meanwhile.
  EXPECT_TRUE(Eventually([&] { return first_.CountConnections().accepted == 1; }));
  EXPECT_TRUE(Eventually([&] { return ServerOf(pool) == first_.uri_ldaps; }));
  EXPECT_EQ(first_.CountConnections().accepted, 1);
}

// It lets everybody in, and says nothing when asked something.
TEST_F(FailoverTest, AProbeAsksForAnEntry) {
  first_.Behave(AfterPieces(1, "stall"));
  Settings settings = Local();
  settings.connect_timeout = milliseconds(200);
  settings.server_rules.first_rest = settings.server_rules.longest_rest = milliseconds(50);
  Pool pool(settings, slapd_.password());
  const Deadline deadline = steady_clock::now() + std::chrono::seconds(20);
  const auto found = pool.With(
      deadline, [&](Connection& connection) { return connection.Search(BaseRequest(), deadline); });
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(Eventually([&] { return first_.CountConnections().accepted >= 5; }));
  EXPECT_EQ(ServerOf(pool), second_.uri_ldapi);
}

// A replica that lags behind may be asked, and its answer is as old as it is: as a whole.
TEST_F(FailoverTest, AnAnswerComesFromOneServer) {
  SlapdServer newer;
  newer.Modify(
      "dn: uid=alice,ou=people,dc=example,dc=org\nchangetype: modify\nreplace: mail\n"
      "mail: new@example.org\n\ndn: cn=lately,ou=groups,dc=example,dc=org\nchangetype: add\n"
      "objectClass: groupOfNames\ncn: lately\nmember: uid=alice,ou=people,dc=example,dc=org\n");
  newer.Modify(
      "dn: " + slapd_.bind_dn +
      "\nchangetype: modify\nreplace: userPassword\nuserPassword: " + slapd_.raw_password());
  FaultProxy proxy(newer);
  Settings settings = SettingsFor({proxy.uri_ldapi, slapd_.uri_ldapi});
  const auto all_newer = OpenFor(settings)->Find("alice");
  ASSERT_TRUE(all_newer) << all_newer.error().message;
  settings.uris = {slapd_.uri_ldapi};
  const auto all_older = OpenFor(settings)->Find("alice");
  ASSERT_TRUE(all_older) << all_older.error().message;
  ASSERT_NE(Shown(*all_newer), Shown(*all_older));
  settings.uris = {proxy.uri_ldapi, slapd_.uri_ldapi};
  for (const int pieces : {1, 2, 3, 4, 5}) {
    proxy.Behave(AfterPieces(pieces, "truncate"));
    const auto found = OpenFor(settings)->Find("alice");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(Shown(*found), Shown(*all_older)) << pieces;
  }
}

size_t CountIn(const char* folder) {
  using Files = std::filesystem::directory_iterator;
  return static_cast<size_t>(std::distance(Files(folder), Files()));
}

// Thousands of lookups through a pair of servers that come and go.
TEST_F(FailoverTest, IsNeverWrongWhileServersComeAndGo) {
  const std::map<std::string, std::string> truth = {
      {"alice", Truth("alice")}, {"bob", Truth("bob")}, {"carol", Truth("carol")}};
  const size_t files = CountIn("/proc/self/fd");
  const size_t threads_before = CountIn("/proc/self/task");
  std::atomic<int> right{0};
  std::atomic<int> wrong{0};
  std::atomic<int> failed{0};
  {
    Settings settings = SettingsFor({first_.uri_ldapi, second_.uri_ldaps});
    settings.connect_timeout = settings.operation_timeout = milliseconds(150);
    settings.lookup_timeout = milliseconds(1000);
    settings.server_rules.first_rest = milliseconds(20);
    settings.server_rules.longest_rest = milliseconds(200);
    settings.pool_size = 6;
    const auto directory = OpenFor(settings);
    first_.Behave(R"("as": "flap", "seed": 1)");
    second_.Behave(R"("as": "flap", "seed": 2)");
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 500; ++j) {
          for (const auto& [username, answer] : truth) {
            const auto found = directory->Find(username);
            if (!found) ++failed;
            if (found) ++(Shown(*found) == answer ? right : wrong);
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_GT(right, 6000);
    EXPECT_LE(CountIn("/proc/self/fd"), files + 3 * (settings.pool_size + 1));
    first_.Behave(R"("as": "pass")");
    second_.Behave(R"("as": "pass")");
    first_.Cut();
    second_.Cut();
    ExpectTruth(*directory);
  }
  std::printf("%d right, %d failed\n", right.load(), failed.load());
  EXPECT_EQ(CountIn("/proc/self/fd"), files);
  EXPECT_EQ(CountIn("/proc/self/task"), threads_before);
}

}  // namespace
}  // namespace rolebridge::ldap
