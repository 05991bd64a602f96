#include "ldap/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/ldap/neighbours.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr SysSeconds kNow{seconds(1769853900)};  // 2026-01-31T10:05:00Z

std::set<std::string> Names(const Lookup& lookup) {
  std::set<std::string> names;
  for (const Group& group : lookup.groups) names.insert(group.name);
  return names;
}

// One slapd with the sample directory for all of these; whoever changes entries has one to itself.
class DirectoryTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { slapd_ = new SlapdServer(); }
  static void TearDownTestSuite() {
    delete slapd_;
    slapd_ = nullptr;
  }

  std::unique_ptr<Directory> Open(const Settings& settings) const {
    return ldap::Open(settings, slapd_->password(), clock_);
  }
  std::unique_ptr<Directory> Open() const { return Open(slapd_->settings()); }

  static SlapdServer* slapd_;
  FixedClock clock_{kNow};
};

SlapdServer* DirectoryTest::slapd_ = nullptr;

TEST_F(DirectoryTest, ReadsAPersonAndTheirGroups) {
  const auto found = Open()->Find("alice");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->person.dn, "uid=alice,ou=people,dc=example,dc=org");
  EXPECT_EQ(found->person.unique_id.size(), 36u);
  EXPECT_EQ(found->person.uid_number, 20001u);
  EXPECT_EQ(found->person.account_state, AccountState::kActive);
  EXPECT_THAT(found->person.attributes.at("email"), ElementsAre("alice@example.org"));
  EXPECT_THAT(found->person.attributes.at("full_name"), ElementsAre("Alice Anders"));
  EXPECT_THAT(Names(*found),
              ElementsAre("aws-audit", "aws-production-admins", "aws-production-readers",
                          "aws-staging-developers", "aws-staging-operators", "staff"));
  for (const Group& group : found->groups) {
    if (group.name == "staff") {
      EXPECT_TRUE(group.attributes.empty());
    }
    if (group.name == "aws-audit") {
      EXPECT_EQ(group.dn, "cn=aws-audit,ou=groups,dc=example,dc=org");
      EXPECT_THAT(group.attributes.at("aws_role"), ElementsAre("Auditor"));
      EXPECT_THAT(group.attributes.at("aws_account"), ElementsAre("111122223333"));
    }
  }
  EXPECT_TRUE(found->dropped.empty());
}

TEST_F(DirectoryTest, ReadsSeveralRolesOfOneGroupInByteOrder) {
  const auto found = Open()->Find("carol");
  ASSERT_TRUE(found) << found.error().message;
  for (const Group& group : found->groups) {
    if (group.name == "aws-staging-team") {
      EXPECT_THAT(group.attributes.at("aws_role"), ElementsAre("Deployer", "Tester"));
    }
  }
}

TEST_F(DirectoryTest, KeepsOddNamesAsTheyAre) {
  EXPECT_THAT(Names(*Open()->Find("obrien")), ElementsAre("O'Brien's team", "staff"));
  EXPECT_THAT(
      Names(*Open()->Find("joerg")),
      ElementsAre("AWS-111122223333-Archivist", "M\u00fcller, S\u00f6hne & Co <Finance>", "staff"));
  // The comma and the diaereses stand in this person's DN, which the groups name.
  const auto zoe = Open()->Find("zoe");
  ASSERT_TRUE(zoe) << zoe.error().message;
  EXPECT_EQ(zoe->person.dn, "cn=nu\u00f1ez\\, zo\u00eb,ou=people,dc=example,dc=org");
  EXPECT_THAT(Names(*zoe), ElementsAre("data scientists", "staff"));
}

TEST_F(DirectoryTest, FindsNoGroupsForWhoIsInNone) {
  const auto found = Open()->Find("erin");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->groups.empty());
}

TEST_F(DirectoryTest, TellsDisabledAndExpiredAccounts) {
  const auto frank = Open()->Find("frank");
  ASSERT_TRUE(frank) << frank.error().message;
  EXPECT_EQ(frank->person.account_state, AccountState::kDisabled);
  EXPECT_EQ(frank->person.account_reason, "pwdAccountLockedTime=000001010000Z");
  const auto grace = Open()->Find("grace");
  ASSERT_TRUE(grace) << grace.error().message;
  EXPECT_EQ(grace->person.account_state, AccountState::kExpired);
  EXPECT_EQ(grace->person.account_reason, "shadowExpire=19000");
}

TEST_F(DirectoryTest, ReadsTheNameLayout) {
  Settings settings = slapd_->settings();
  settings.groups.base = "ou=unixgroups,dc=example,dc=org";
  settings.groups.membership = Membership::kMemberUid;
  const auto found = Open(settings)->Find("alice");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(Names(*found), ElementsAre("aws-production-admins", "aws-production-readers",
                                         "aws-staging-team", "staff"));
}

// security.md U1 and U4: slapd answers to all of these with alice's entry.
TEST_F(DirectoryTest, RefusesNamesThatOnlyTheServerTakesForTheSame) {
  const std::string kNames[] = {
      " alice",
      "alice ",
      "ALICE",
      "Alice",
      "alice\u00a0",
      "\uff41lice",
      "\u202ealice",
      "alice.",
      "alice\n",
      std::string("alice\0", 6),
      std::string("alice\0x", 7),
      "",
      "a",
      std::string(65, 'a'),
      std::string(300, 'a'),
      "\xff",
  };
  const auto directory = Open();
  for (const std::string& name : kNames) {
    const auto found = directory->Find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, ErrorCode::kNotFound) << name << ": " << found.error().message;
  }
}

TEST_F(DirectoryTest, TakesInjectedFiltersAsNames) {
  const std::string kNames[] = {
      "*", "al*",     "*)(uid=*", "alice)(cn=*", "\\61lice",   "\\2a",          "alice)",
      "(", "alice\\", "a\\6cice", "uid=bob",     "*)(|(uid=*", "{{ username }}"};
  const auto directory = Open();
  for (const std::string& name : kNames) {
    const auto found = directory->Find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, ErrorCode::kNotFound) << name << ": " << found.error().message;
  }
}

TEST_F(DirectoryTest, TellsAnAttributeWithOptionsFromTheOneWithout) {
  SlapdServer slapd;
  slapd.Modify(
      "dn: uid=alice,ou=people,dc=example,dc=org\nchangetype: modify\n"
      "add: cn;lang-de\ncn;lang-de: Alice auf Deutsch\n\n"
      "dn: cn=staff,ou=groups,dc=example,dc=org\nchangetype: modify\n"
      "add: objectClass\nobjectClass: awsGroup\n-\nadd: awsRole;lang-de\nawsRole;lang-de: Admin");
  Settings settings = slapd.settings();
  settings.users.attributes = {{"full_name", "cn"}, {"german", "CN;LANG-de"}};
  const auto found = ldap::Open(settings, slapd.password(), clock_)->Find("alice");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(found->person.attributes.at("full_name"), ElementsAre("Alice Anders"));
  EXPECT_THAT(found->person.attributes.at("german"), ElementsAre("Alice auf Deutsch"));
  for (const Group& group : found->groups) {
    EXPECT_FALSE(group.name == "staff" && group.attributes.contains("aws_role"));
  }
}

TEST_F(DirectoryTest, RefusesTwoEntriesOfOneName) {
  Settings settings = slapd_->settings();
  settings.users.filter = "(|(uid={{ username }})(uid=bob))";
  const auto found = Open(settings)->Find("alice");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kAmbiguous) << found.error().message;
  EXPECT_THAT(found.error().message, HasSubstr("'uid=alice,ou=people,dc=example,dc=org'"));
  EXPECT_THAT(found.error().message, HasSubstr("'uid=bob,ou=people,dc=example,dc=org'"));
  settings.users.filter = "(|(uid={{ username }})(uid=*))";
  const auto many = Open(settings)->Find("alice");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, ErrorCode::kResourceExhausted) << many.error().message;
}

TEST_F(DirectoryTest, RefusesAnEntryThatDoesNotSayTheName) {
  Settings settings = slapd_->settings();
  settings.users.filter = "(|(uid={{ username }})(sn=Baker))";  // sn of bob
  const auto found = Open(settings)->Find("nobody");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kNotFound) << found.error().message;
  settings.users.filter = "(mail={{ username }}@example.org)";
  settings.users.login_attribute = "cn";
  EXPECT_FALSE(Open(settings)->Find("alice"));
}

TEST_F(DirectoryTest, HoldsTheLimitOfGroupsExactly) {
  Settings settings = slapd_->settings();
  settings.groups_per_person = 6;
  EXPECT_TRUE(Open(settings)->Find("alice"));
  settings.groups_per_person = 5;
  const auto found = Open(settings)->Find("alice");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kResourceExhausted) << found.error().message;
}

TEST_F(DirectoryTest, ShowsEveryGroupAndStopsWhenTold) {
  std::set<std::string> names;
  std::vector<DroppedValue> dropped;
  const auto all = Open()->ForEachGroup(
      [&](const Group& group) {
        names.insert(group.name);
        return true;
      },
      dropped);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(names.size(), 16u);
  EXPECT_TRUE(names.contains("shadow it"));
  size_t visited = 0;
  const auto some = Open()->ForEachGroup([&](const Group&) { return ++visited < 3; }, dropped);
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_EQ(visited, 3u);
}

TEST_F(DirectoryTest, ShowsEverybodyAndStopsWhenTold) {
  std::set<std::string> names;
  const auto all = Open()->ForEachUsername([&](const std::string& name) {
    names.insert(name);
    return true;
  });
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(names.size(), 12u);
  EXPECT_TRUE(names.contains("alice"));
  size_t visited = 0;
  const auto some = Open()->ForEachUsername([&](const std::string&) { return ++visited < 3; });
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_EQ(visited, 3u);
}

TEST_F(DirectoryTest, SaysWhichBaseIsNotThere) {
  Settings settings = slapd_->settings();
  settings.groups.base = "ou=grups,dc=example,dc=org";
  const auto probed = Open(settings)->Probe();
  ASSERT_FALSE(probed);
  EXPECT_THAT(probed.error().message, HasSubstr("ldap.groups.base: 'ou=grups,dc=example,dc=org'"));
  // Wrong, and so no answer: not "no groups".
  const auto found = Open(settings)->Find("alice");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument) << found.error().message;
}

TEST_F(DirectoryTest, RefusesSettingsThatCannotWork) {
  using Change = void (*)(Settings&);
  const std::pair<Change, const char*> kTable[] = {
      {[](Settings& s) { s.uris = {}; }, "ldap.uris"},
      {[](Settings& s) { s.uris = {"ldap.example.org"}; }, "ldap.uris"},
      {[](Settings& s) { s.uris = {"http://ldap.example.org"}; }, "ldap.uris"},
      {[](Settings& s) { s.uris = {"cldap://ldap.example.org"}; }, "ldap.uris"},
      {[](Settings& s) { s.uris = {"ldaps://"}; }, "ldap.uris"},
      {[](Settings& s) { s.uris = {"ldaps://a.example.org ldap://b"}; }, "ldap.uris"},
      {[](Settings& s) { s.uris = {"ldaps://a.example.org/dc=org"}; }, "ldap.uris"},
      {[](Settings& s) { s.uris = {"ldaps://a.example.org/??sub?(a=b)"}; }, "ldap.uris"},
      {[](Settings& s) { s.bind.dn.clear(); }, "ldap.bind.dn"},
      {[](Settings& s) { s.bind.dn = "rolebridge"; }, "ldap.bind.dn"},
      {[](Settings& s) { s.users.base.clear(); }, "ldap.users.base"},
      {[](Settings& s) { s.groups.base = "groups"; }, "ldap.groups.base"},
      {[](Settings& s) { s.users.filter = "(uid=*)"; }, "ldap.users.filter"},
      {[](Settings& s) { s.users.login_attribute = "u_id"; }, "ldap.users.login_attribute"},
      {[](Settings& s) { s.groups.name_attribute = ""; }, "ldap.groups.name_attribute"},
      {[](Settings& s) { s.groups.member_attribute = "a)(b"; }, "ldap.groups.member_attribute"},
      {[](Settings& s) {
         s.groups.attributes = {{"aws_role", "aws_role"}};
       },
       "ldap.groups.attributes.aws_role"},
      {[](Settings& s) {
         s.users.attributes = {{"email", "*"}};
       },
       "ldap.users.attributes.email"},
      {[](Settings& s) { s.pool_size = 0; }, "pool"},
  };
  for (const auto& [change, key] : kTable) {
    Settings settings = slapd_->settings();
    change(settings);
    const auto made = Directory::Create(settings, slapd_->password(), clock_);
    ASSERT_FALSE(made) << key;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(made.error().message, HasSubstr(key));
  }
}

// security.md L6.
TEST_F(DirectoryTest, RefusesAPasswordThatIsNone) {
  for (const char* password : {"", "\n", "\r\n"}) {
    EXPECT_FALSE(Directory::Create(slapd_->settings(), SecretString(password), clock_));
  }
}

TEST(DirectoryAloneTest, ReadsMemberOf) {
  SlapdServer slapd({"--memberof"});
  const FixedClock clock(kNow);
  Settings settings = slapd.settings();
  settings.groups.membership = Membership::kMemberOf;
  const auto directory = Open(settings, slapd.password(), clock);
  for (const char* name : {"alice", "joerg", "zoe", "erin"}) {
    const auto found = directory->Find(name);
    ASSERT_TRUE(found) << found.error().message;
    Settings by_member = slapd.settings();
    const auto expected = Open(by_member, slapd.password(), clock)->Find(name);
    EXPECT_EQ(Names(*found), Names(*expected)) << name;
    EXPECT_TRUE(found->dropped.empty()) << name;
  }
  settings.groups_per_person = 6;
  EXPECT_TRUE(Open(settings, slapd.password(), clock)->Find("alice"));
  settings.groups_per_person = 5;
  const auto found = Open(settings, slapd.password(), clock)->Find("alice");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kResourceExhausted);
}

TEST(DirectoryAloneTest, IgnoresMemberOfOutsideTheGroupsAndReportsWhatIsGone) {
  SlapdServer slapd({"--memberof"});
  slapd.Modify(
      "dn: cn=root,ou=services,dc=example,dc=org\nchangetype: add\nobjectClass: groupOfNames\n"
      "cn: root\nmember: uid=bob,ou=people,dc=example,dc=org\n");
  const FixedClock clock(kNow);
  Settings settings = slapd.settings();
  settings.groups.membership = Membership::kMemberOf;
  const auto found = Open(settings, slapd.password(), clock)->Find("bob");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(Names(*found), (std::set<std::string>{"aws-production-readers", "staff"}));
}

// Design promise 2: the next question already gets the new answer.
TEST(DirectoryAloneTest, ReadsLive) {
  SlapdServer slapd;
  const FixedClock clock(kNow);
  const auto directory = Open(slapd.settings(), slapd.password(), clock);
  const auto before = directory->Find("carol");
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_TRUE(Names(*before).contains("aws-staging-team"));
  slapd.Modify(
      "dn: cn=aws-staging-team,ou=groups,dc=example,dc=org\nchangetype: modify\nadd: member\n"
      "member: uid=bob,ou=people,dc=example,dc=org\n-\ndelete: member\n"
      "member: uid=carol,ou=people,dc=example,dc=org\n");
  const auto carol = directory->Find("carol");
  ASSERT_TRUE(carol) << carol.error().message;
  EXPECT_FALSE(Names(*carol).contains("aws-staging-team"));
  const auto bob = directory->Find("bob");
  ASSERT_TRUE(bob) << bob.error().message;
  EXPECT_TRUE(Names(*bob).contains("aws-staging-team"));
}

// security.md U7.
TEST(DirectoryAloneTest, GivesANewEntryOfTheSameNameAnotherIdentifier) {
  SlapdServer slapd;
  const FixedClock clock(kNow);
  const auto directory = Open(slapd.settings(), slapd.password(), clock);
  const auto before = directory->Find("erin");
  ASSERT_TRUE(before) << before.error().message;
  slapd.Modify(
      "dn: uid=erin,ou=people,dc=example,dc=org\nchangetype: delete\n\n"
      "dn: uid=erin,ou=people,dc=example,dc=org\nchangetype: add\nobjectClass: inetOrgPerson\n"
      "uid: erin\ncn: Erin the second\nsn: Eriksen\n");
  const auto after = directory->Find("erin");
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->person.dn, before->person.dn);
  EXPECT_NE(after->person.unique_id, before->person.unique_id);
  EXPECT_FALSE(after->person.uid_number.has_value());
}

TEST(DirectoryAloneTest, FoldsTheNameInTheEntryAndNothingElse) {
  SlapdServer slapd;
  slapd.Modify(
      "dn: uid=Heidi,ou=people,dc=example,dc=org\nchangetype: add\nobjectClass: inetOrgPerson\n"
      "uid: Heidi\ncn: Heidi\nsn: H\n\n"
      "dn: cn=climbers,ou=unixgroups,dc=example,dc=org\nchangetype: add\nobjectClass: posixGroup\n"
      "cn: climbers\ngidNumber: 30099\nmemberUid: Heidi\n\n"
      "dn: cn=divers,ou=unixgroups,dc=example,dc=org\nchangetype: add\nobjectClass: posixGroup\n"
      "cn: divers\ngidNumber: 30098\nmemberUid: heidi\n");
  const FixedClock clock(kNow);
  Settings settings = slapd.settings();
  settings.groups.base = "ou=unixgroups,dc=example,dc=org";
  settings.groups.membership = Membership::kMemberUid;
  const auto found = Open(settings, slapd.password(), clock)->Find("heidi");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(Names(*found), (std::set<std::string>{"climbers", "divers"}));
  settings.users.fold_case = false;
  EXPECT_FALSE(Open(settings, slapd.password(), clock)->Find("heidi"));
  const auto exact = Open(settings, slapd.password(), clock)->Find("Heidi");
  ASSERT_TRUE(exact) << exact.error().message;
  EXPECT_EQ(Names(*exact), (std::set<std::string>{"climbers"}));
}

// security.md L10 on real entries: operational attributes come only when asked for by name, and
// other vendors' are in the schemas that OpenLDAP ships.
TEST(DirectoryAloneTest, ReadsTheAccountStateOfOtherDirectories) {
  SlapdServer slapd({"--schema", "msuser"});
  slapd.Modify(
      "dn: uid=ivan,ou=people,dc=example,dc=org\nchangetype: add\nobjectClass: inetOrgPerson\n"
      "objectClass: extensibleObject\nuid: ivan\ncn: Ivan\nsn: I\nuserAccountControl: 514\n\n"
      "dn: uid=judy,ou=people,dc=example,dc=org\nchangetype: add\nobjectClass: inetOrgPerson\n"
      "objectClass: extensibleObject\nuid: judy\ncn: Judy\nsn: J\n"
      "accountExpires: 134143275000000000\n\n"
      "dn: uid=kim,ou=people,dc=example,dc=org\nchangetype: add\nobjectClass: inetOrgPerson\n"
      "uid: kim\ncn: Kim\nsn: K\n");
  FixedClock clock(kNow);
  const auto directory = Open(slapd.settings(), slapd.password(), clock);
  EXPECT_EQ(directory->Find("ivan")->person.account_state, AccountState::kDisabled);
  EXPECT_EQ(directory->Find("judy")->person.account_state, AccountState::kExpired);
  EXPECT_EQ(directory->Find("kim")->person.account_state, AccountState::kActive);
  clock.Set(kNow - seconds(1));
  EXPECT_EQ(directory->Find("judy")->person.account_state, AccountState::kActive);
}

TEST(DirectoryAloneTest, ReadsMoreGroupsThanAPageHolds) {
  SlapdServer slapd({"--config",
                     "limits dn.exact=\"cn=rolebridge,ou=services,dc=example,dc=org\" "
                     "size.soft=5000 size.hard=5000 size.prtotal=unlimited"});
  std::string changes;
  for (int i = 0; i < 1200; ++i) {
    const std::string name = "many-" + std::to_string(i);
    changes += "dn: cn=" + name + ",ou=groups,dc=example,dc=org\nchangetype: add\n" +
               "objectClass: groupOfNames\ncn: " + name +
               "\nmember: uid=bob,ou=people,dc=example,dc=org\n\n";
  }
  slapd.Modify(changes);
  const FixedClock clock(kNow);
  const auto directory = Open(slapd.settings(), slapd.password(), clock);
  size_t count = 0;
  std::vector<DroppedValue> dropped;
  const auto all = directory->ForEachGroup([&](const Group&) { return ++count > 0; }, dropped);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(count, 1216u);
  const auto bob = directory->Find("bob");
  ASSERT_TRUE(bob) << bob.error().message;
  EXPECT_EQ(bob->groups.size(), 1202u);
}

// security.md L8: the server's own limit cuts the list, so there is no list.
TEST(DirectoryAloneTest, RefusesAListThatTheServerHasCut) {
  SlapdServer slapd({"--config", "sizelimit 3"});
  const FixedClock clock(kNow);
  const auto found = Open(slapd.settings(), slapd.password(), clock)->Find("alice");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument) << found.error().message;
  EXPECT_THAT(found.error().message, HasSubstr("Size limit exceeded (4)"));
  EXPECT_THAT(found.error().message, HasSubstr("size.prtotal"));
}

// The service account may search member lists and not read them; nothing of ours needs more.
TEST(DirectoryAloneTest, NeedsNoMoreThanTheSampleRightsGive) {
  SlapdServer slapd;
  const FixedClock clock(kNow);
  Settings settings = slapd.settings();
  settings.groups.attributes = {{"member", "member"}};
  settings.users.attributes = {{"password", "userPassword"}};
  const auto found = Open(settings, slapd.password(), clock)->Find("alice");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->person.attributes.empty());
  for (const Group& group : found->groups) EXPECT_TRUE(group.attributes.empty());
}

}  // namespace
}  // namespace rolebridge::ldap
