#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ldap/connection.h"
#include "ldap/credentials.h"
#include "ldap/directory.h"
#include "ldap/filter.h"
#include "tests/ldap/neighbours.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

const FixedClock kClock(SysSeconds(seconds(1769853900)));

Settings DomainSettings(const BadServer& server) {
  Settings settings = server.settings("ldapi");
  settings.groups.membership = Membership::kActiveDirectory;
  settings.groups.nested = true;
  return settings;
}

Result<Lookup> FindAlice(const Settings& settings) {
  return Open(settings, SecretString("secret"), kClock)->Find("alice");
}

std::vector<std::string> NamesOf(const Lookup& lookup) {
  std::vector<std::string> names;
  for (const Group& group : lookup.groups) names.push_back(group.name);
  return names;
}

TEST(ActiveDirectoryTest, FindsTheGroupsOfThePersonsToken) {
  const BadServer server("domain");
  const auto found = FindAlice(DomainSettings(server));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(NamesOf(*found), ElementsAre("g0"));
  EXPECT_EQ(found->person.account_state, AccountState::kActive);
  EXPECT_THAT(found->dropped, ::testing::IsEmpty());
}

TEST(ActiveDirectoryTest, AsksForManyGroupsInFewSearches) {
  const BadServer server("domain-600");
  const auto found = FindAlice(DomainSettings(server));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->groups.size(), 600u);
  std::set<std::string> searches;
  for (const Group& group : found->groups) {
    searches.insert(group.attributes.at("aws_role").front());
  }
  // The person, the token, and 601 identifiers in two.
  EXPECT_THAT(searches, ElementsAre("in-search-3", "in-search-4"));
  Settings few = DomainSettings(server);
  few.groups_per_person = 599;
  const auto refused = FindAlice(few);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
}

TEST(ActiveDirectoryTest, RefusesWhatIsNotTheWholeToken) {
  const std::pair<const char*, const char*> kTable[] = {
      {"domain-no-token", "tokenGroups"},
      {"domain-token-of-another", "objectSid"},
      {"domain-token-of-nobody", "objectSid"},
      {"domain-token-no-sid", "tokenGroups"},
      {"domain-person-no-sid", "objectSid"},
      {"domain-person-two-sids", "objectSid"},
      {"domain-group-not-asked-for", "which was not asked for"},
      {"domain-group-no-sid", "objectSid"},
  };
  for (const auto& [script, complaint] : kTable) {
    const BadServer server(script);
    const auto found = FindAlice(DomainSettings(server));
    EXPECT_FALSE(found) << script;
    if (found) continue;
    EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument) << script;
    EXPECT_THAT(found.error().message, HasSubstr(complaint)) << script;
  }
}

TEST(ActiveDirectoryTest, NeedsThePrimaryGroupWhereNothingIsNested) {
  for (const char* const script :
       {"domain-no-primary", "domain-odd-primary", "domain-huge-primary", "domain-person-no-sid"}) {
    const BadServer server(script);
    Settings settings = DomainSettings(server);
    settings.groups.nested = false;
    const auto found = FindAlice(settings);
    EXPECT_FALSE(found) << script;
    if (found) continue;
    EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument) << script;
  }
}

TEST(ActiveDirectoryTest, ClosesAnAccountWhoseFlagsAreHidden) {
  const BadServer server("domain-hidden-account");
  const auto found = FindAlice(DomainSettings(server));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->person.account_state, AccountState::kDisabled);
  EXPECT_THAT(found->person.account_reason, HasSubstr("userAccountControl is not shown"));
}

TEST(ActiveDirectoryTest, WritesIdentifiersAsTextAndNoOtherBinaryValue) {
  const BadServer server("domain-values");
  Settings settings = DomainSettings(server);
  settings.users.attributes = {{"sid", "objectSid"}, {"guid", "objectGUID"}, {"mail", "mail"}};
  settings.groups.attributes = {{"sid", "OBJECTSID"}};
  const auto found = FindAlice(settings);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(found->person.attributes.at("sid"), ElementsAre("S-1-5-21-7-7-7-1101"));
  EXPECT_FALSE(found->person.attributes.contains("guid"));
  EXPECT_FALSE(found->person.attributes.contains("mail"));
  EXPECT_THAT(found->groups.front().attributes.at("sid"), ElementsAre("S-1-5-21-7-7-7-2000"));
  ASSERT_EQ(found->dropped.size(), 1u);
  EXPECT_EQ(found->dropped.front().attribute, "mail");
  EXPECT_THAT(found->dropped.front().reason, HasSubstr("binary"));
}

TEST(ActiveDirectoryTest, LeavesOutAnIdentifierOfAnotherShape) {
  const BadServer server("object-guid");
  Settings settings = server.settings("ldapi");
  settings.users.attributes = {{"guid", "objectGUID"}};
  const auto found = FindAlice(settings);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(found->person.attributes.at("guid"),
              ElementsAre("03020100-0504-0706-0809-0a0b0c0d0e0f"));
}

// security.md L9.
TEST(ValuePartsTest, AreFetchedToTheLast) {
  const std::pair<const char*, std::vector<std::string>> kTable[] = {
      {"parts", {"g0", "g1", "g2", "g3", "g4"}}, {"parts-beside-none", {"g0"}}};
  for (const auto& [script, names] : kTable) {
    const BadServer server(script);
    Settings settings = server.settings("ldapi");
    settings.groups.membership = Membership::kMemberOf;
    const auto found = FindAlice(settings);
    ASSERT_TRUE(found) << script << ": " << found.error().message;
    EXPECT_THAT(NamesOf(*found), ::testing::UnorderedElementsAreArray(names)) << script;
  }
}

TEST(ValuePartsTest, AreRefusedWhereTheyDoNotFollowEachOther) {
  for (const char* const script :
       {"parts-late", "parts-miscounted", "parts-gap", "parts-again", "parts-unnamed", "parts-end",
        "parts-unreadable", "parts-of-another"}) {
    const BadServer server(script);
    Settings settings = server.settings("ldapi");
    settings.groups.membership = Membership::kMemberOf;
    const auto found = FindAlice(settings);
    EXPECT_FALSE(found) << script;
    if (found) continue;
    EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument) << script;
    EXPECT_THAT(found.error().message, HasSubstr("memberof")) << script;
  }
}

TEST(ValuePartsTest, EndWhereThereAreMoreThanAnybodyHas) {
  const BadServer server("parts-endless");
  Settings settings = server.settings("ldapi");
  settings.groups.membership = Membership::kMemberOf;
  settings.operation_timeout = settings.lookup_timeout = seconds(60);
  const auto found = FindAlice(settings);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kResourceExhausted) << found.error().message;
  EXPECT_THAT(found.error().message, HasSubstr("more than 20000 values of memberof"));
}

TEST(ValuePartsTest, EndWithTheDeadlineWhereTheServerGoesOn) {
  const BadServer server("parts-slow");
  Settings settings = server.settings("ldapi");
  settings.groups.membership = Membership::kMemberOf;
  const auto found = FindAlice(settings);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kDeadlineExceeded) << found.error().message;
}

// The real one, which sends parts to whoever asks for them.
TEST(ValuePartsTest, OfARealDomainControllerComeTogether) {
  LineProgram samba(
      {"/usr/bin/python3", "-B", ROLEBRIDGE_SOURCE_DIR "/tests/support/samba_dc.py", "--serve"});
  const auto said = nlohmann::json::parse(samba.ReadLine(), nullptr, false);
  ASSERT_TRUE(said.is_object()) << "samba_dc.py did not start a server";
  const std::string base = said["base"];
  std::string ldif;
  std::vector<std::string> names;
  for (int i = 0; i < 25; ++i) {
    names.push_back("CN=g" + std::to_string(i) + ",OU=groups," + base);
    ldif += "dn: " + names.back() +
            "\nchangetype: add\nobjectClass: group\nmember: " + std::string(said["bind_dn"]) +
            "\n\n";
  }
  samba.Write(nlohmann::json{{"do", "modify"}, {"ldif", ldif}}.dump());
  ASSERT_EQ(samba.ReadLine(), R"({"ok": true})");

  Settings settings;
  settings.bind.dn = said["bind_dn"];
  settings.ca_file = said["ca_file"];
  Watchdog watchdog;
  const Deadline deadline = std::chrono::steady_clock::now() + seconds(30);
  const auto connection = Connection::Open(
      settings, said["uri_ldaps"],
      Credentials(settings.bind, SecretString(said["bind_password"].get<std::string>())), watchdog,
      deadline);
  ASSERT_TRUE(connection) << connection.error().message;
  const auto found = (*connection)
                         ->Search({.base = settings.bind.dn,
                                   .scope = SearchScope::kBase,
                                   .filter = PresenceFilter("objectClass"),
                                   .attributes = {"memberOf;range=0-9"}},
                                  deadline);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(ValuesOf(found->front(), "memberOf"), ::testing::UnorderedElementsAreArray(names));
}

}  // namespace
}  // namespace rolebridge::ldap
