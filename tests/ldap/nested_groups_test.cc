#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "ldap/directory.h"
#include "tests/ldap/neighbours.h"

namespace rolebridge::ldap {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Names = std::set<std::string>;

constexpr SysSeconds kNow{std::chrono::seconds(1769853900)};  // 2026-01-31T10:05:00Z
constexpr const char* kBase = "ou=groups,dc=example,dc=org";
// As many entries as somebody with many groups needs (OpenLDAP's own limit is 500).
const std::vector<std::string> kManyEntries = {
    "--log-operations", "--config",
    "limits dn.exact=\"cn=rolebridge,ou=services,dc=example,dc=org\" size.soft=5000 "
    "size.hard=5000"};

std::string PersonDn(const std::string& name) {
  return "uid=" + name + ",ou=people,dc=example,dc=org";
}

std::string GroupDn(const std::string& name) { return "cn=" + name + "," + kBase; }

std::string AddPerson(const std::string& name) {
  return "dn: " + PersonDn(name) + "\nchangetype: add\nobjectClass: inetOrgPerson\nuid: " + name +
         "\ncn: " + name + "\nsn: " + name + "\n\n";
}

// `members`: DNs, as the directory is to keep them.
std::string AddGroup(const std::string& dn, const std::vector<std::string>& members,
                     const std::string& attribute = "member") {
  const bool is_unique = attribute == "uniqueMember";
  std::string ldif = "dn: " + dn + "\nchangetype: add\nobjectClass: " +
                     (is_unique ? "groupOfUniqueNames" : "groupOfNames") + "\n";
  for (const std::string& member : members) ldif += attribute + ": " + member + "\n";
  return ldif + "\n";
}

std::string Numbered(const std::string& name, int number) {
  return name + "-" + std::to_string(number);
}

// Groups `name`-1, which holds `person`, to `name`-`length`, each holding the one before.
std::string AddChain(const std::string& name, const std::string& person, int length) {
  std::string ldif = AddGroup(GroupDn(Numbered(name, 1)), {PersonDn(person)});
  for (int i = 2; i <= length; ++i) {
    ldif += AddGroup(GroupDn(Numbered(name, i)), {GroupDn(Numbered(name, i - 1))});
  }
  return ldif;
}

Names NamesOf(const Result<Lookup>& lookup) {
  if (!lookup) return {"error: " + lookup.error().message};
  Names names;
  for (const Group& group : lookup->groups) names.insert(group.name);
  // Each group once.
  if (names.size() != lookup->groups.size()) names.insert("twice");
  return names;
}

// A line of the log for what each search asked for; those for filters are lost where they are long.
size_t CountSearches(const SlapdServer& slapd) {
  const std::vector<std::string> lines = slapd.Searches();
  return static_cast<size_t>(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("SRCH attr=") != std::string::npos;
  }));
}

std::vector<std::string> WayTo(const Result<Lookup>& lookup, const std::string& name) {
  if (!lookup) return {"error: " + lookup.error().message};
  for (const Group& group : lookup->groups) {
    if (group.name == name) return group.through;
  }
  return {"no such group"};
}

// Each test has people and groups of its own in one directory.
class NestedGroupsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { slapd_ = new SlapdServer(kManyEntries); }
  static void TearDownTestSuite() {
    delete slapd_;
    slapd_ = nullptr;
  }

  static Settings Nested() {
    Settings settings = slapd_->settings();
    settings.groups.nested = true;
    return settings;
  }
  Result<Lookup> Find(const Settings& settings, const std::string& name) const {
    return Open(settings, slapd_->password(), clock_)->Find(name);
  }
  Result<Lookup> FindWithWays(const Settings& settings, const std::string& name) const {
    return Open(settings, slapd_->password(), clock_)->FindWithWays(name);
  }
  // How many searches one lookup costs.
  size_t CostOf(const Settings& settings, const std::string& name) const {
    const size_t before = slapd_->Searches().size();
    const auto found = Find(settings, name);
    EXPECT_TRUE(found) << found.error().message;
    auto searches = slapd_->Searches();
    searches.erase(searches.begin(), searches.begin() + static_cast<ptrdiff_t>(before));
    return static_cast<size_t>(
        std::count_if(searches.begin(), searches.end(),
                      [](const std::string& line) { return line.starts_with("SRCH base="); }));
  }

  static SlapdServer* slapd_;
  FixedClock clock_{kNow};
};

SlapdServer* NestedGroupsTest::slapd_ = nullptr;

TEST_F(NestedGroupsTest, GoUpLevelByLevel) {
  slapd_->Modify(AddPerson("level") + AddChain("level", "level", 3) +
                 AddGroup(GroupDn("level-other"), {PersonDn("alice")}));
  EXPECT_EQ(NamesOf(Find(Nested(), "level")), (Names{"level-1", "level-2", "level-3"}));
  EXPECT_EQ(NamesOf(Find(slapd_->settings(), "level")), Names{"level-1"});
}

TEST_F(NestedGroupsTest, KeepTheAttributesOfEachGroup) {
  slapd_->Modify(AddPerson("carrier") + AddGroup(GroupDn("carrier-inner"), {PersonDn("carrier")}) +
                 "dn: cn=carrier-outer,ou=groups,dc=example,dc=org\nchangetype: add\n"
                 "objectClass: groupOfNames\nobjectClass: awsGroup\nawsRole: Admin\nmember: " +
                 GroupDn("carrier-inner") + "\n");
  const auto found = Find(Nested(), "carrier");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->groups.size(), 2U);
  EXPECT_EQ(found->groups[1].dn, "cn=carrier-outer,ou=groups,dc=example,dc=org");
  EXPECT_THAT(found->groups[1].attributes.at("aws_role"), ElementsAre("Admin"));
}

TEST_F(NestedGroupsTest, CountOnceWhereTwoWaysLeadToThem) {
  slapd_->Modify(AddPerson("two") + AddGroup(GroupDn("two-bottom"), {PersonDn("two")}) +
                 AddGroup(GroupDn("two-left"), {GroupDn("two-bottom")}) +
                 AddGroup(GroupDn("two-right"), {GroupDn("two-bottom"), PersonDn("two")}) +
                 AddGroup(GroupDn("two-top"), {GroupDn("two-left"), GroupDn("two-right")}));
  EXPECT_EQ(NamesOf(Find(Nested(), "two")),
            (Names{"two-bottom", "two-left", "two-right", "two-top"}));
}

TEST_F(NestedGroupsTest, EndWhereTheyHoldEachOther) {
  slapd_->Modify(AddPerson("ring") +
                 AddGroup(GroupDn("ring-a"), {PersonDn("ring"), GroupDn("ring-c")}) +
                 AddGroup(GroupDn("ring-b"), {GroupDn("ring-a")}) +
                 AddGroup(GroupDn("ring-c"), {GroupDn("ring-b"), GroupDn("ring-c")}));
  EXPECT_EQ(NamesOf(Find(Nested(), "ring")), (Names{"ring-a", "ring-b", "ring-c"}));
  EXPECT_THAT(WayTo(FindWithWays(Nested(), "ring"), "ring-a"), IsEmpty());
}

TEST_F(NestedGroupsTest, EndWhereOneHoldsItself) {
  slapd_->Modify(AddPerson("self") +
                 AddGroup(GroupDn("self"), {PersonDn("self"), GroupDn("self")}));
  EXPECT_EQ(NamesOf(Find(Nested(), "self")), Names{"self"});
}

// security.md L11.
TEST_F(NestedGroupsTest, AreTakenToTheLimitAndRefusedBeyond) {
  slapd_->Modify(AddPerson("deep") + AddPerson("deeper") + AddChain("deep", "deep", 32) +
                 AddChain("deeper", "deeper", 33));
  EXPECT_EQ(NamesOf(Find(Nested(), "deep")).size(), 32U);
  for (const bool with_ways : {false, true}) {
    const auto refused = with_ways ? FindWithWays(Nested(), "deeper") : Find(Nested(), "deeper");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(refused.error().message,
              "ldap: the group 'cn=deeper-33,ou=groups,dc=example,dc=org' is nested deeper than 32 "
              "groups; let fewer groups hold each other");
  }
  EXPECT_EQ(NamesOf(Find(slapd_->settings(), "deeper")), Names{"deeper-1"});
}

TEST_F(NestedGroupsTest, TellTheWay) {
  slapd_->Modify(AddPerson("walker") + AddPerson("runner") + AddChain("walker", "walker", 3) +
                 AddGroup(GroupDn("walker-direct"), {PersonDn("walker")}));
  const auto found = FindWithWays(Nested(), "walker");
  EXPECT_EQ(NamesOf(found), (Names{"walker-1", "walker-2", "walker-3", "walker-direct"}));
  EXPECT_THAT(WayTo(found, "walker-direct"), IsEmpty());
  EXPECT_THAT(WayTo(found, "walker-1"), IsEmpty());
  EXPECT_THAT(WayTo(found, "walker-2"), ElementsAre("walker-1"));
  EXPECT_THAT(WayTo(found, "walker-3"), ElementsAre("walker-1", "walker-2"));
}

TEST_F(NestedGroupsTest, CostOneSearchALevel) {
  slapd_->Modify(AddPerson("cheap") + AddChain("cheap", "cheap", 3) +
                 AddGroup(GroupDn("cheap-beside"), {PersonDn("cheap")}));
  // The person, their groups, and one for each of three levels.
  EXPECT_EQ(CostOf(Nested(), "cheap"), 5U);
  EXPECT_EQ(CostOf(slapd_->settings(), "cheap"), 2U);
}

TEST_F(NestedGroupsTest, CostOneSearchWhereThereAreNone) {
  EXPECT_EQ(CostOf(Nested(), "zoe"), 3U);
  EXPECT_EQ(CostOf(slapd_->settings(), "zoe"), 2U);
  // Who is in no group is in none that holds it.
  EXPECT_EQ(CostOf(Nested(), "erin"), 2U);
}

TEST_F(NestedGroupsTest, AreSearchedInBatches) {
  std::string ldif = AddPerson("many");
  for (int i = 1; i <= 600; ++i) ldif += AddGroup(GroupDn(Numbered("many", i)), {PersonDn("many")});
  // Held by the first and the last of them alone.
  ldif += AddGroup(GroupDn("many-first"), {GroupDn("many-1")});
  ldif += AddGroup(GroupDn("many-last"), {GroupDn("many-600")});
  slapd_->Modify(ldif);
  const auto names = NamesOf(Find(Nested(), "many"));
  EXPECT_EQ(names.size(), 602U);
  EXPECT_TRUE(names.contains("many-first"));
  EXPECT_TRUE(names.contains("many-last"));
  // The person, their groups, the level in two batches, and the two above together.
  EXPECT_EQ(CostOf(Nested(), "many"), 5U);
  EXPECT_THAT(WayTo(FindWithWays(Nested(), "many"), "many-last"), ElementsAre("many-600"));

  // Groups by nesting count like any other.
  Settings settings = Nested();
  settings.groups_per_person = 602;
  EXPECT_EQ(NamesOf(Find(settings, "many")).size(), 602U);
  settings.groups_per_person = 601;
  const auto refused = Find(settings, "many");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted) << refused.error().message;
}

// A filter grows with the length of the names in it, too.
TEST_F(NestedGroupsTest, AreSearchedInBatchesOfBoundedSize) {
  std::string ldif = AddPerson("wordy");
  const std::string words(200, '!');  // three bytes each in a filter
  for (int i = 1; i <= 300; ++i) {
    ldif += AddGroup(GroupDn(Numbered(words, i)), {PersonDn("wordy")});
  }
  ldif += AddGroup(GroupDn("wordy-last"), {GroupDn(Numbered(words, 300))});
  slapd_->Modify(ldif);
  EXPECT_EQ(NamesOf(Find(Nested(), "wordy")).size(), 301U);
  // 300 times some 700 bytes are two filters of at most 128 KiB.
  EXPECT_EQ(CostOf(Nested(), "wordy"), 5U);
}

TEST_F(NestedGroupsTest, FindEachOtherHoweverTheirNamesAreWritten) {
  const std::pair<const char*, const char*> kNames[] = {
      {"Odd, one", "CN=odd\\2C  ONE,OU=Groups, DC=Example,DC=ORG"},
      {"odd + two", "cn=Odd \\+ Two,ou=groups,dc=example,dc=org"},
      {"odd \"<three>\";", "cn=odd \\22\\3Cthree\\3E\\22\\3B,ou=groups,dc=example,dc=org"},
      {"Ödd größe", "cn=\\C3\\B6DD GR\\C3\\96\\C3\\9FE,ou=groups,dc=example,dc=org"},
      {"odd \\ five", "cn=odd \\5C five,ou=groups,dc=example,dc=org"},
      {"#odd six", "cn=\\23odd six,ou=groups,dc=example,dc=org"},
      {"odd (seven)*", "cn=ODD (Seven)*,ou=groups,dc=example,dc=org"},
  };
  std::string ldif = AddPerson("odd");
  Names expected;
  for (const auto& [name, written] : kNames) {
    const std::string outer = "outer " + std::to_string(expected.size());
    ldif += AddGroup(written, {PersonDn("odd")});
    ldif += AddGroup(GroupDn(outer), {written});
    expected.insert(outer);
  }
  slapd_->Modify(ldif);
  for (const bool with_ways : {false, true}) {
    const auto names = NamesOf(with_ways ? FindWithWays(Nested(), "odd") : Find(Nested(), "odd"));
    EXPECT_EQ(names.size(), 2 * expected.size());
    for (const std::string& outer : expected) EXPECT_TRUE(names.contains(outer)) << outer;
  }
}

TEST_F(NestedGroupsTest, ReachAcrossTheSubtreesBelowTheBase) {
  slapd_->Modify(
      AddPerson("across") +
      AddGroup("cn=across-inner,ou=unixgroups,dc=example,dc=org", {PersonDn("across")}) +
      AddGroup(GroupDn("across-outer"), {"cn=across-inner,ou=unixgroups,dc=example,dc=org"}));
  Settings settings = Nested();
  settings.groups.base = "dc=example,dc=org";
  EXPECT_EQ(NamesOf(Find(settings, "across")), (Names{"across-inner", "across-outer"}));
  // A group that is not below the base leads nowhere.
  EXPECT_THAT(NamesOf(Find(Nested(), "across")), IsEmpty());
}

TEST_F(NestedGroupsTest, OfUniqueNamesAreGroups) {
  slapd_->Modify(
      AddPerson("unique") +
      AddGroup(GroupDn("unique-1"), {PersonDn("alice"), "UID=Unique, ou=people,dc=example,dc=org"},
               "uniqueMember") +
      AddGroup(GroupDn("unique-2"), {GroupDn("unique-1")}, "uniqueMember") +
      AddGroup(GroupDn("unique-3"), {GroupDn("unique-2"), GroupDn("unique-3")}, "uniqueMember") +
      AddGroup(GroupDn("unique-by-member"), {GroupDn("unique-1")}));
  Settings settings = slapd_->settings();
  settings.groups.member_attribute = "uniqueMember";
  EXPECT_EQ(NamesOf(Find(settings, "unique")), Names{"unique-1"});
  settings.groups.nested = true;
  const auto found = FindWithWays(settings, "unique");
  EXPECT_EQ(NamesOf(found), (Names{"unique-1", "unique-2", "unique-3"}));
  EXPECT_THAT(WayTo(found, "unique-3"), ElementsAre("unique-1", "unique-2"));
  EXPECT_EQ(NamesOf(Find(settings, "unique")), NamesOf(found));
}

// RFC 4517 4.2.31: with a unique identifier, the value is about one bearer of the name, and we
// can't know which.
TEST_F(NestedGroupsTest, OfUniqueNamesWithAnIdentifier) {
  slapd_->Modify(AddPerson("bits") +
                 AddGroup(GroupDn("bits-plain"), {PersonDn("bits")}, "uniqueMember") +
                 AddGroup(GroupDn("bits-marked"), {PersonDn("bits") + "#'0101'B"}, "uniqueMember"));
  Settings settings = Nested();
  settings.groups.member_attribute = "uniqueMember";
  EXPECT_EQ(NamesOf(Find(settings, "bits")), (Names{"bits-plain"}));
}

TEST_F(NestedGroupsTest, HoldGroupsOfTheNameLayout) {
  slapd_->Modify(AddPerson("posix") +
                 "dn: cn=posix-inner,ou=unixgroups,dc=example,dc=org\nchangetype: add\n"
                 "objectClass: posixGroup\ngidNumber: 39001\nmemberUid: posix\n\n" +
                 AddGroup("cn=posix-middle,ou=unixgroups,dc=example,dc=org",
                          {"cn=posix-inner,ou=unixgroups,dc=example,dc=org"}) +
                 AddGroup("cn=posix-outer,ou=unixgroups,dc=example,dc=org",
                          {"cn=posix-middle,ou=unixgroups,dc=example,dc=org"}));
  Settings settings = Nested();
  settings.groups.base = "ou=unixgroups,dc=example,dc=org";
  settings.groups.membership = Membership::kMemberUid;
  const auto found = FindWithWays(settings, "posix");
  EXPECT_EQ(NamesOf(found), (Names{"posix-inner", "posix-middle", "posix-outer"}));
  EXPECT_THAT(WayTo(found, "posix-outer"), ElementsAre("posix-inner", "posix-middle"));
  settings.groups.nested = false;
  EXPECT_EQ(NamesOf(Find(settings, "posix")), Names{"posix-inner"});
}

// Design promise 2: the next question already gets the new answer.
TEST_F(NestedGroupsTest, AreReadLive) {
  slapd_->Modify(AddPerson("live") + AddChain("live", "live", 3));
  const auto directory = Open(Nested(), slapd_->password(), clock_);
  EXPECT_EQ(NamesOf(directory->Find("live")).size(), 3U);
  slapd_->Modify("dn: " + GroupDn("live-2") +
                 "\nchangetype: modify\nreplace: member\nmember: " + PersonDn("alice") + "\n");
  EXPECT_EQ(NamesOf(directory->Find("live")), Names{"live-1"});
}

TEST_F(NestedGroupsTest, TransferNoMembers) {
  slapd_->Modify(AddPerson("quiet") + AddChain("quiet", "quiet", 3));
  EXPECT_EQ(NamesOf(FindWithWays(Nested(), "quiet")).size(), 3U);
  for (const std::string& line : slapd_->Searches()) {
    if (!line.starts_with("SRCH attr=")) continue;
    EXPECT_EQ(line.find("ember"), std::string::npos) << line;
  }
}

// security.md L8.
TEST(NestedGroupsAloneTest, AreRefusedWhereTheServerCutsALevel) {
  SlapdServer slapd({"--config", "sizelimit 3"});
  std::string ldif = AddPerson("cut") + AddGroup(GroupDn("cut"), {PersonDn("cut")});
  for (int i = 1; i <= 4; ++i) ldif += AddGroup(GroupDn(Numbered("cut", i)), {GroupDn("cut")});
  slapd.Modify(ldif);
  const FixedClock clock(kNow);
  Settings settings = slapd.settings();
  EXPECT_EQ(NamesOf(Open(settings, slapd.password(), clock)->Find("cut")), Names{"cut"});
  settings.groups.nested = true;
  const auto found = Open(settings, slapd.password(), clock)->Find("cut");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(found.error().message, HasSubstr("Size limit exceeded (4)"));
}

// security.md L11: whatever a server says, only groups below the base lead on.
TEST(NestedGroupsAloneTest, AreNotReachedFromOutsideOfTheBase) {
  BadServer server("group-elsewhere-leads-on");
  const FixedClock clock(kNow);
  Settings settings = server.settings("ldapi");
  settings.groups.nested = true;
  const auto found = Open(settings, SecretString("secret"), clock)->Find("alice");
  EXPECT_THAT(NamesOf(found), IsEmpty());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->dropped.size(), 1U);
}

TEST(NestedGroupsAloneTest, FollowTheMemberOfOfGroups) {
  SlapdServer slapd({"--memberof", "--log-operations"});
  slapd.Modify(AddPerson("chain") + AddChain("chain", "chain", 3) + AddPerson("ring") +
               AddGroup(GroupDn("ring-a"), {PersonDn("ring")}) +
               AddGroup(GroupDn("ring-b"), {GroupDn("ring-a")}) + "dn: " + GroupDn("ring-a") +
               "\nchangetype: modify\nadd: member\nmember: " + GroupDn("ring-b") + "\nmember: " +
               GroupDn("ring-a") + "\n\n" + AddPerson("deeper") + AddChain("deeper", "deeper", 33));
  const FixedClock clock(kNow);
  Settings settings = slapd.settings();
  settings.groups.membership = Membership::kMemberOf;
  EXPECT_EQ(NamesOf(Open(settings, slapd.password(), clock)->Find("chain")), Names{"chain-1"});
  settings.groups.nested = true;
  const auto directory = Open(settings, slapd.password(), clock);
  EXPECT_EQ(NamesOf(directory->Find("chain")), (Names{"chain-1", "chain-2", "chain-3"}));
  const auto found = directory->FindWithWays("chain");
  EXPECT_THAT(WayTo(found, "chain-3"), ElementsAre("chain-1", "chain-2"));
  EXPECT_EQ(NamesOf(directory->Find("ring")), (Names{"ring-a", "ring-b"}));
  EXPECT_THAT(WayTo(directory->FindWithWays("ring"), "ring-b"), ElementsAre("ring-a"));
  const auto refused = directory->Find("deeper");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("'cn=deeper-33,"));

  // Where nothing is nested, it costs nothing: a group's memberOf came with the group.
  const size_t before = slapd.Searches().size();
  EXPECT_EQ(NamesOf(directory->Find("zoe")), (Names{"data scientists", "staff"}));
  settings.groups.nested = false;
  const size_t nested_cost = slapd.Searches().size() - before;
  EXPECT_EQ(NamesOf(Open(settings, slapd.password(), clock)->Find("zoe")),
            (Names{"data scientists", "staff"}));
  EXPECT_EQ(slapd.Searches().size() - before, 2 * nested_cost);
}

// The person, and what memberOf names, in as few searches as slapd's own limit of 500 entries lets.
TEST(NestedGroupsAloneTest, ReadWhatMemberOfNamesInFewSearches) {
  SlapdServer slapd({"--log-operations", "--memberof"});
  std::string ldif = AddPerson("busy");
  Names all;
  for (int i = 0; i < 510; ++i) {
    const std::string name = Numbered("many", i);
    ldif += AddGroup(GroupDn(name), {PersonDn("busy")});
    all.insert(name);
  }
  // Of the same name, below the base, and the person is not in it.
  ldif += "dn: ou=elsewhere," + std::string(kBase) +
          "\nchangetype: add\nobjectClass: organizationalUnit\nou: elsewhere\n\n" +
          AddGroup("cn=many-7,ou=elsewhere," + std::string(kBase), {PersonDn("alice")});
  slapd.Modify(ldif);
  const FixedClock clock(kNow);
  Settings settings = slapd.settings();
  settings.groups.membership = Membership::kMemberOf;
  const auto directory = Open(settings, slapd.password(), clock);
  EXPECT_EQ(NamesOf(directory->Find("busy")), all);
  const size_t before = CountSearches(slapd);
  EXPECT_EQ(NamesOf(directory->Find("busy")), all);
  EXPECT_EQ(CountSearches(slapd) - before, 1U + 3U);
}

// Values of this RDN are compared with their case, which a name in its normal form has lost.
TEST(NestedGroupsAloneTest, ReadByItsNameWhatNoSearchFinds) {
  SlapdServer slapd({"--memberof"});
  slapd.Modify("dn: awsRole=Admin," + std::string(kBase) +
               "\nchangetype: add\nobjectClass: groupOfNames\nobjectClass: awsGroup\ncn: odd\n"
               "awsRole: Admin\nmember: " +
               PersonDn("erin") + "\n");
  const FixedClock clock(kNow);
  Settings settings = slapd.settings();
  settings.groups.membership = Membership::kMemberOf;
  EXPECT_EQ(NamesOf(Open(settings, slapd.password(), clock)->Find("erin")), Names{"odd"});
}

}  // namespace
}  // namespace rolebridge::ldap
