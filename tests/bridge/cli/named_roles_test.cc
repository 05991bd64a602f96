#include "bridge/cli/named_roles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/bridge/cli/groups_for_tests.h"
#include "tests/support/fakes.h"
#include "tests/support/sample_config.h"

namespace rolebridge::cli {
namespace {

using rolebridge::testing::ConfigFrom;
using rolebridge::testing::kSampleYaml;
using rolebridge::testing::Replaced;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const rolebridge::testing::FakeClock kClock;

NamedRoles RolesOf(const config::Config& config, GroupsOnly& directory) {
  auto named = FindNamedRoles(config, config.applications.at(0), directory, kClock.now);
  EXPECT_TRUE(named) << named.error().message;
  return named ? *std::move(named) : NamedRoles{};
}

NamedRoles RolesIn(const config::Config& config, std::vector<ldap::Group> groups) {
  GroupsOnly directory(std::move(groups));
  return RolesOf(config, directory);
}

std::vector<std::string> Names(const NamedRoles& named) {
  std::vector<std::string> names;
  for (const NamedRole& role : named.roles) {
    names.push_back(role.pair.role.account() + role.pair.role.path() + role.pair.role.name());
  }
  return names;
}

TEST(NamedRolesTest, AreWhatEachGroupGivesOnceAndInOrder) {
  const NamedRoles named = RolesIn(rolebridge::testing::SampleConfig(),
                                   {AwsGroup("z", "210987654321", "Read"),
                                    AwsGroup("a", "123412341234", "Write"),
                                    AwsGroup("b", "123412341234", "Read"),
                                    AwsGroup("c", "123412341234", "Read"),
                                    {.name = "staff", .dn = "cn=staff", .attributes = {}}});
  EXPECT_THAT(Names(named),
              ElementsAre("123412341234/Read", "123412341234/Write", "210987654321/Read"));
  EXPECT_EQ(named.groups, 5U);
  EXPECT_THAT(named.warnings, IsEmpty());
}

TEST(NamedRolesTest, LeaveOutWhatNoResponseMayHold) {
  const NamedRoles named =
      RolesIn(rolebridge::testing::SampleConfig(),
              {AwsGroup("a", "123412341234", "Read,Only"), AwsGroup("b", "999999999999", "Read"),
               AwsGroup("c", "123412341234", "AWSReservedSSO_x")});
  EXPECT_THAT(Names(named), IsEmpty());
}

TEST(NamedRolesTest, KnowRolesThatStandInTheConfiguration) {
  const auto config = ConfigFrom(Replaced(
      kSampleYaml,
      R"(    for_each: group in groups, account in group.aws_account, role in group.aws_role
    value: "arn:aws:iam::{{ account }}:role/{{ role }},arn:aws:iam::{{ account }}:saml-provider/rolebridge")",
      R"(    value: "arn:aws:iam::123412341234:role/Everybody,arn:aws:iam::123412341234:saml-provider/rolebridge")"));
  EXPECT_THAT(Names(RolesIn(config, {})), ElementsAre("123412341234/Everybody"));
}

TEST(NamedRolesTest, OfAPersonsOwnAreThoseOfPeople) {
  const auto config =
      ConfigFrom(Replaced(kSampleYaml, "role/{{ role }},", "role/{{ role }}-{{ user.username }},"));
  GroupsOnly directory({AwsGroup("a", "123412341234", "Read")});
  EXPECT_THAT(Names(RolesOf(config, directory)), IsEmpty());
  directory.people.emplace("Alice", ldap::Lookup{});
  directory.people.emplace("alice", Member({AwsGroup("a", "123412341234", "Read")}));
  directory.people.emplace("bob", Member({AwsGroup("a", "123412341234", "Read")}));
  directory.people.at("bob")->person.account_state = ldap::AccountState::kDisabled;
  directory.people.emplace("no user name", Member({AwsGroup("a", "123412341234", "Read")}));
  directory.people.emplace("gone", Error{ErrorCode::kNotFound, "no entry"});
  const NamedRoles named = RolesOf(config, directory);
  EXPECT_THAT(Names(named), ElementsAre("123412341234/Read-alice"));
  EXPECT_EQ(named.people, 3U);
}

// Merged over all groups, a later one's values replace an earlier one's.
TEST(NamedRolesTest, OfSeveralGroupsTogetherAreThoseOfTheirMembers) {
  const auto config = ConfigFrom(Replaced(
      kSampleYaml,
      R"(    for_each: group in groups, account in group.aws_account, role in group.aws_role
    value: "arn:aws:iam::{{ account }}:role/{{ role }},arn:aws:iam::{{ account }}:saml-provider/rolebridge")",
      R"(    value: "arn:aws:iam::{{ group_attributes.aws_account | last }}:role/{{ group_attributes.aws_role | last }},arn:aws:iam::123412341234:saml-provider/rolebridge")"));
  const ldap::Group account{
      .name = "a", .dn = "cn=a", .attributes = {{"aws_account", {"123412341234"}}}};
  const ldap::Group role{.name = "b", .dn = "cn=b", .attributes = {{"aws_role", {"Both"}}}};
  GroupsOnly directory({account, role, AwsGroup("c", "123412341234", "Alone")});
  EXPECT_THAT(Names(RolesOf(config, directory)), ElementsAre("123412341234/Alone"));
  directory.people.emplace("alice", Member({account, role}));
  EXPECT_THAT(Names(RolesOf(config, directory)),
              ElementsAre("123412341234/Alone", "123412341234/Both"));
}

TEST(NamedRolesTest, TellHowFarTheyAre) {
  GroupsOnly directory({});
  for (int i = 0; i < 1001; ++i) directory.people.emplace("u" + std::to_string(i), Member({}));
  const auto config = rolebridge::testing::SampleConfig();
  std::ostringstream progress;
  ASSERT_TRUE(FindNamedRoles(config, config.applications[0], directory, kClock.now, &progress));
  EXPECT_EQ(progress.str(), "\r1000 of 1001 people\r\x1b[K");
}

TEST(NamedRolesTest, AreNotHalfOfThem) {
  GroupsOnly directory({AwsGroup("a", "123412341234", "Read")});
  directory.people.emplace("alice", Error{ErrorCode::kUnavailable, "ldap: gone"});
  const auto config = rolebridge::testing::SampleConfig();
  const auto named = FindNamedRoles(config, config.applications[0], directory, kClock.now);
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().message, "ldap: gone");
}

TEST(NamedRolesTest, KeepTheLongestSessionThatIsAskedFor) {
  const NamedRoles named =
      RolesIn(rolebridge::testing::SampleConfig(), {AwsGroup("a", "123412341234", "Read")});
  ASSERT_EQ(named.roles.size(), 1U);
  EXPECT_EQ(named.roles[0].duration, std::chrono::hours(4));
}

TEST(NamedRolesTest, TellWhatTheDirectoryDropsAndWhenItFails) {
  const auto config = rolebridge::testing::SampleConfig();
  GroupsOnly directory({});
  directory.dropped_values = {{"evil\x1b[2J", "awsRole", "not UTF-8"}};
  const auto named = FindNamedRoles(config, config.applications[0], directory, kClock.now);
  ASSERT_TRUE(named);
  EXPECT_THAT(named->warnings, ElementsAre("group 'evil\\x1b[2J': awsRole: not UTF-8"));
  directory.outcome = Error{ErrorCode::kUnavailable, "ldap: gone"};
  const auto failed = FindNamedRoles(config, config.applications[0], directory, kClock.now);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "ldap: gone");
}

TEST(SignInForTest, KnowsWhatTheMappingsSend) {
  const aws::SamlProviderArn provider =
      *aws::SamlProviderArn::Parse("arn:aws:iam::123412341234:saml-provider/rolebridge");
  const auto plain = rolebridge::testing::SampleConfig();
  const aws::SignIn sign_in = SignInFor(plain.applications[0], provider);
  EXPECT_EQ(sign_in.entity_id, "https://sso.example.org/saml/aws");
  EXPECT_THAT(sign_in.acs_urls, ElementsAre("https://signin.aws.amazon.com/saml"));
  EXPECT_FALSE(sign_in.sends_tags || sign_in.sends_source_identity);
  for (const auto& [name, tags, identity] :
       {std::tuple("PrincipalTag:team", true, false), std::tuple("TransitiveTagKeys", true, false),
        std::tuple("SourceIdentity", false, true)}) {
    const auto used = ConfigFrom(
        Replaced(Replaced(kSampleYaml, "applications:",
                          "  more:\n    saml_name: https://aws.amazon.com/SAML/Attributes/" +
                              std::string(name) + "\n    value: \"team\"\napplications:"),
                 "aws-session-name]", "aws-session-name, more]"));
    EXPECT_EQ(SignInFor(used.applications[0], provider).sends_tags, tags) << name;
    EXPECT_EQ(SignInFor(used.applications[0], provider).sends_source_identity, identity) << name;
  }
}

}  // namespace
}  // namespace rolebridge::cli
