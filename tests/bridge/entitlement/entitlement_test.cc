#include "bridge/entitlement/entitlement.h"

#include <gtest/gtest.h>

#include "bridge/aws/attributes.h"
#include "tests/support/sample_config.h"

namespace rolebridge::entitlement {
namespace {

using rolebridge::testing::ConfigFrom;
using rolebridge::testing::kSampleYaml;
using rolebridge::testing::Replaced;
using rolebridge::testing::SampleConfig;

constexpr char kProduction[] = "123412341234";
constexpr char kSandbox[] = "210987654321";

mapping::Group GroupWith(const std::string& name, const std::string& account,
                         std::vector<std::string> roles) {
  return {name,
          "cn=" + name + ",ou=groups,dc=example,dc=org",
          {{"aws_account", {account}}, {"aws_role", std::move(roles)}}};
}

mapping::Facts Alice(std::vector<mapping::Group> groups) {
  mapping::Facts facts;
  facts.user = {"alice", "uid=alice,ou=people,dc=example,dc=org", {}};
  facts.groups = std::move(groups);
  return facts;
}

std::vector<std::string> RoleArns(const Entitlement& entitlement) {
  std::vector<std::string> arns;
  for (const Role& role : entitlement.roles) arns.push_back(role.pair.role.text());
  return arns;
}

Entitlement EvaluateSample(const mapping::Facts& facts, size_t max_roles = 5000) {
  static const config::Config config = SampleConfig();
  return Evaluate(config.applications.front(), facts, max_roles);
}

const saml::Attribute* Find(const Entitlement& entitlement, std::string_view name) {
  for (const saml::Attribute& attribute : entitlement.attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

TEST(EntitlementTest, GivesEachRoleOnceWithTheGroupThatGaveIt) {
  const Entitlement entitlement =
      EvaluateSample(Alice({GroupWith("dev", kSandbox, {"Developer"}),
                            GroupWith("ops", kProduction, {"Admin", "ReadOnly"}),
                            GroupWith("ops2", kProduction, {"Admin"})}));
  EXPECT_EQ(RoleArns(entitlement),
            (std::vector<std::string>{"arn:aws:iam::123412341234:role/Admin",
                                      "arn:aws:iam::123412341234:role/ReadOnly",
                                      "arn:aws:iam::210987654321:role/Developer"}));
  EXPECT_NE(entitlement.roles[0].source.find("group 'ops'"), std::string::npos)
      << entitlement.roles[0].source;
  EXPECT_TRUE(entitlement.dropped.empty());
  EXPECT_FALSE(entitlement.IsRefused());
}

TEST(EntitlementTest, GivesNothingWhereNoGroupMatches) {
  EXPECT_TRUE(EvaluateSample(Alice({})).roles.empty());
  mapping::Group plain{"staff", "cn=staff,ou=groups,dc=example,dc=org", {}};
  EXPECT_TRUE(EvaluateSample(Alice({plain})).roles.empty());
}

TEST(EntitlementTest, AValueFromTheDirectoryFillsItsPlaceAndNothingMore) {
  // What a writer in one field might try; each is left out and the honest value beside it stays.
  for (const std::string attack :
       {"Admin,arn:aws:iam::999999999999:saml-provider/x", "arn:aws:iam::999999999999:role/Admin",
        "x:role/Admin", "team/Admin", "Admin ", " Admin", "", "*", "Ad?in",
        "\xef\xbc\xa1"
        "dmin",
        "Admin\n", "AWSReservedSSO_Admin_0123456789abcdef"}) {
    const Entitlement entitlement =
        EvaluateSample(Alice({GroupWith("bad", kProduction, {attack, "ReadOnly"})}));
    EXPECT_EQ(RoleArns(entitlement),
              std::vector<std::string>{"arn:aws:iam::123412341234:role/ReadOnly"})
        << attack;
    ASSERT_EQ(entitlement.dropped.size(), 1U) << attack;
    EXPECT_TRUE(entitlement.dropped[0].breaks_rule);
  }
}

TEST(EntitlementTest, AnAccountThatIsNotAllowedGivesNothing) {
  for (const std::string account : {"999999999999", "12341234123", "1234123412345",
                                    "\xef\xbc\x91"
                                    "23412341234",
                                    "*"}) {
    const Entitlement entitlement = EvaluateSample(Alice({GroupWith("bad", account, {"Admin"})}));
    EXPECT_TRUE(entitlement.roles.empty()) << account;
    EXPECT_EQ(entitlement.dropped.size(), 1U) << account;
  }
}

TEST(EntitlementTest, AllowedRolesArePatternsOverTheWholeName) {
  const config::Config config =
      ConfigFrom(Replaced(kSampleYaml, "allowed_roles: [\"*\"]", "allowed_roles: [\"Dev*\"]"));
  const Entitlement entitlement =
      Evaluate(config.applications.front(),
               Alice({GroupWith("g", kProduction, {"Developer", "Admin", "XDev"})}), 5000);
  EXPECT_EQ(RoleArns(entitlement),
            std::vector<std::string>{"arn:aws:iam::123412341234:role/Developer"});
}

TEST(EntitlementTest, AddsTheApplicationsDuration) {
  const Entitlement entitlement = EvaluateSample(Alice({GroupWith("ops", kProduction, {"Admin"})}));
  const saml::Attribute* const duration = Find(entitlement, aws::kSessionDuration);
  ASSERT_NE(duration, nullptr);
  EXPECT_EQ(duration->values, std::vector<std::string>{"14400"});
}

TEST(EntitlementTest, LeavesOutASessionNameThatAwsRefuses) {
  mapping::Facts facts = Alice({GroupWith("ops", kProduction, {"Admin"})});
  facts.user.username = "a";
  const Entitlement entitlement = EvaluateSample(facts);
  EXPECT_EQ(Find(entitlement, aws::kRoleSessionName), nullptr);
  ASSERT_EQ(entitlement.dropped.size(), 1U);
  EXPECT_EQ(entitlement.dropped[0].mapping, "aws-session-name");
}

TEST(EntitlementTest, StopsAtTheLimitOfRoles) {
  const mapping::Facts facts = Alice({GroupWith("g", kProduction, {"A1", "A2", "A3"})});
  EXPECT_FALSE(EvaluateSample(facts, 3).exhausted);
  EXPECT_TRUE(EvaluateSample(facts, 2).exhausted);
  EXPECT_TRUE(EvaluateSample(facts, 2).IsRefused());
}

TEST(EntitlementTest, TheFirstPolicyThatIsNotMetRefuses) {
  const config::Config config = ConfigFrom(std::string(kSampleYaml) + R"(    policies:
      - { name: staff only, require: "'staff' in groups.name", message: Ask the help desk. }
)");
  mapping::Group staff{"staff", "cn=staff,ou=groups,dc=example,dc=org", {}};
  const Entitlement outside = Evaluate(config.applications.front(),
                                       Alice({GroupWith("ops", kProduction, {"Admin"})}), 5000);
  ASSERT_NE(outside.refused_by, nullptr);
  EXPECT_EQ(outside.refused_by->message(), "Ask the help desk.");
  const Entitlement inside = Evaluate(
      config.applications.front(), Alice({GroupWith("ops", kProduction, {"Admin"}), staff}), 5000);
  EXPECT_EQ(inside.refused_by, nullptr);
}

TEST(EntitlementTest, ARequiredMappingThatComesToNothingRefuses) {
  const config::Config config = ConfigFrom(
      Replaced(kSampleYaml, "    for_each: group", "    required: true\n    for_each: group"));
  const Entitlement entitlement = Evaluate(config.applications.front(), Alice({}), 5000);
  EXPECT_EQ(entitlement.missing, std::vector<std::string>{"aws-role"});
}

}  // namespace
}  // namespace rolebridge::entitlement
