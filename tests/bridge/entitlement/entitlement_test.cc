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
  config::Config config = SampleConfig();
  config.limits.roles_per_person = static_cast<uint32_t>(max_roles);
  return Evaluate(config, config.applications.front(), facts);
}

Entitlement EvaluateWith(const config::Config& config, const mapping::Facts& facts) {
  return Evaluate(config, config.applications.front(), facts);
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
      EvaluateWith(config, Alice({GroupWith("g", kProduction, {"Developer", "Admin", "XDev"})}));
  EXPECT_EQ(RoleArns(entitlement),
            std::vector<std::string>{"arn:aws:iam::123412341234:role/Developer"});
}

TEST(EntitlementTest, EachRoleHasTheDurationOfTheFirstEntryThatFitsIt) {
  const config::Config config = ConfigFrom(std::string(kSampleYaml) + R"(    role_settings:
      - { roles: ["*Admin*"], aws_session_duration: 1h }
      - { accounts: ["210987654321"], aws_session_duration: 2h }
)");
  const Entitlement entitlement =
      EvaluateWith(config, Alice({GroupWith("ops", kProduction, {"Admin", "ReadOnly"}),
                                  GroupWith("dev", kSandbox, {"Admin", "Developer"})}));
  std::vector<std::chrono::seconds> durations;
  for (const Role& role : entitlement.roles) durations.push_back(*role.duration);
  using std::chrono::hours;
  EXPECT_EQ(durations, (std::vector<std::chrono::seconds>{hours(1), hours(4), hours(1), hours(2)}));
  // Together they get the shortest, since AWS takes one for all.
  EXPECT_EQ(DurationOf(entitlement.roles), hours(1));
  EXPECT_EQ(DurationOf({}), std::nullopt);
}

TEST(EntitlementTest, APolicyAboutRolesWithholdsThoseAlone) {
  const config::Config config = ConfigFrom(std::string(kSampleYaml) + R"(    policies:
      - name: office
        roles: ["Admin*"]
        accounts: ["123412341234"]
        require: "'staff' in groups.name"
        message: Come to the office.
)");
  const Entitlement entitlement =
      EvaluateWith(config, Alice({GroupWith("ops", kProduction, {"Admin", "ReadOnly"}),
                                  GroupWith("dev", kSandbox, {"Admin"})}));
  EXPECT_EQ(RoleArns(entitlement),
            (std::vector<std::string>{"arn:aws:iam::123412341234:role/ReadOnly",
                                      "arn:aws:iam::210987654321:role/Admin"}));
  ASSERT_EQ(entitlement.withheld.size(), 1U);
  EXPECT_EQ(entitlement.withheld[0].role.pair.role.text(), "arn:aws:iam::123412341234:role/Admin");
  EXPECT_EQ(entitlement.withheld[0].policy->message(), "Come to the office.");
  EXPECT_FALSE(entitlement.IsRefused());
}

TEST(EntitlementTest, AnotherSpellingIsNoWayAroundAPolicyOrASetting) {
  const config::Config config = ConfigFrom(std::string(kSampleYaml) + R"(    role_settings:
      - { roles: ["*admin"], aws_session_duration: 1h }
    policies:
      - { name: shut, roles: ["Admin*"], require: "false", message: Ask. }
)");
  const Entitlement entitlement = EvaluateWith(
      config, Alice({GroupWith("ops", kProduction, {"admin", "ADMIN", "aAdmin", "Admin"})}));
  EXPECT_EQ(RoleArns(entitlement),
            std::vector<std::string>{"arn:aws:iam::123412341234:role/aAdmin"});
  EXPECT_EQ(entitlement.withheld.size(), 3U);
  EXPECT_EQ(entitlement.roles[0].duration, std::chrono::hours(1));
}

TEST(EntitlementTest, LooksNoFurtherWhereALimitIsReached) {
  const Entitlement entitlement =
      EvaluateSample(Alice({GroupWith("g", kProduction, {"A1", "A2", "A3"})}), 2);
  EXPECT_TRUE(entitlement.exhausted);
  EXPECT_TRUE(entitlement.attributes.empty());
}

TEST(EntitlementTest, ARoleCanTakeAHigherLevelThanTheLogin) {
  const config::Config config = ConfigFrom(Replaced(kSampleYaml, "ldap:\n", R"(assurance:
  - { name: password, service: rolebridge, context_class: "urn:x:password" }
  - { name: mfa, service: rolebridge-mfa, context_class: "urn:x:mfa" }
ldap:
)") + R"(    policies:
      - { name: strong, roles: [Admin], assurance: mfa, message: Log in with your token. }
)");
  mapping::Facts facts = Alice({GroupWith("ops", kProduction, {"Admin"})});
  const Entitlement weak = EvaluateWith(config, facts);
  ASSERT_EQ(weak.withheld.size(), 1U);
  EXPECT_EQ(weak.withheld[0].verdict.needs_assurance, 1u);
  facts.assurance = 1;
  EXPECT_EQ(EvaluateWith(config, facts).roles.size(), 1U);
}

TEST(EntitlementTest, AGrantIsAnAttributeOfItsGroup) {
  const config::Config config = ConfigFrom(Replaced(
      Replaced(kSampleYaml, "role in group.aws_role", "role in group.grants"), "mappings:\n",
      "grants:\n  \"cloud, admins\": [Admin, ReadOnly;until=2026-12-31]\nmappings:\n"));
  mapping::Facts facts =
      Alice({GroupWith("cloud, admins", kProduction, {}), GroupWith("other", kProduction, {})});
  facts.instant = std::chrono::sys_days(std::chrono::year(2026) / 12 / 31);
  EXPECT_EQ(RoleArns(EvaluateWith(config, facts)),
            (std::vector<std::string>{"arn:aws:iam::123412341234:role/Admin",
                                      "arn:aws:iam::123412341234:role/ReadOnly"}));
  facts.instant += std::chrono::days(1);
  const Entitlement later = EvaluateWith(config, facts);
  EXPECT_EQ(RoleArns(later), std::vector<std::string>{"arn:aws:iam::123412341234:role/Admin"});
  ASSERT_FALSE(later.dropped.empty());
  EXPECT_EQ(later.dropped[0].reason,
            "group 'cloud, admins': grants: 'ReadOnly;until=2026-12-31' ended at "
            "2027-01-01T00:00:00Z");
}

TEST(EntitlementTest, AValueOfTheDirectoryEndsWithItsDay) {
  mapping::Facts facts = Alice({GroupWith("ops", kProduction, {"Admin;until=2026-11-24"})});
  facts.instant = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + std::chrono::hours(23);
  EXPECT_EQ(RoleArns(EvaluateSample(facts)),
            std::vector<std::string>{"arn:aws:iam::123412341234:role/Admin"});
  facts.instant += std::chrono::hours(1);
  EXPECT_TRUE(EvaluateSample(facts).roles.empty());
}

TEST(EntitlementTest, NameIdValueIsOneValueOrNothingIsIssued) {
  const config::Config config =
      ConfigFrom(std::string(kSampleYaml) + "    name_id_value: \"{{ user.email }}\"\n");
  mapping::Facts facts = Alice({GroupWith("ops", kProduction, {"Admin"})});
  EXPECT_EQ(EvaluateWith(config, facts).missing, std::vector<std::string>{"name_id_value"});
  facts.user.attributes["email"] = {"alice@example.org"};
  const Entitlement entitlement = EvaluateWith(config, facts);
  EXPECT_EQ(entitlement.name_id, "alice@example.org");
  EXPECT_FALSE(entitlement.IsRefused());
  facts.user.attributes["email"] = {std::string(257, 'a')};
  EXPECT_TRUE(EvaluateWith(config, facts).IsRefused());
}

TEST(EntitlementTest, TellsWhereEachValueCameFrom) {
  const Entitlement entitlement = EvaluateSample(Alice({GroupWith("ops", kProduction, {"Admin"})}));
  ASSERT_EQ(entitlement.provenance.size(), 1U);
  EXPECT_EQ(entitlement.provenance[0].saml_name, aws::kRoleSessionName);
  EXPECT_EQ(entitlement.provenance[0].value, "alice");
  EXPECT_EQ(entitlement.provenance[0].mapping, "aws-session-name");
  EXPECT_EQ(entitlement.provenance[0].source, "user 'alice': username");
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
  const Entitlement outside =
      EvaluateWith(config, Alice({GroupWith("ops", kProduction, {"Admin"})}));
  ASSERT_NE(outside.refused_by(), nullptr);
  EXPECT_EQ(outside.refused_by()->policy->message(), "Ask the help desk.");
  EXPECT_EQ(outside.refused_by()->verdict.reason,
            "''staff' in groups.name' (test.yaml:37:39) is not true");
  const Entitlement inside =
      EvaluateWith(config, Alice({GroupWith("ops", kProduction, {"Admin"}), staff}));
  EXPECT_EQ(inside.refused_by(), nullptr);
  EXPECT_EQ(inside.policies.size(), 1U);
}

TEST(EntitlementTest, ARequiredMappingThatComesToNothingRefuses) {
  const config::Config config = ConfigFrom(
      Replaced(kSampleYaml, "    for_each: group", "    required: true\n    for_each: group"));
  const Entitlement entitlement = EvaluateWith(config, Alice({}));
  EXPECT_EQ(entitlement.missing, std::vector<std::string>{"aws-role"});
}

}  // namespace
}  // namespace rolebridge::entitlement
