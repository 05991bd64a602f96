#include "bridge/cli/aws_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/fakes.h"
#include "tests/support/sample_config.h"

namespace rolebridge::cli {
namespace {

using rolebridge::testing::SampleConfig;
using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

NamedRole Named(const std::string& account, const std::string& role, seconds duration = hours(4),
                const std::string& provider = "rolebridge") {
  return {*aws::ParseRolePair("arn:aws:iam::" + account + ":role/" + role +
                              ",arn:aws:iam::" + account + ":saml-provider/" + provider),
          duration};
}

// The plan as "account: provider: role=seconds ...".
std::string Told(const SetupPlan& plan) {
  std::string text;
  for (const aws::AccountSetup& account : plan.accounts) {
    text += account.account + " (" + account.label + "):";
    for (const aws::SetupProvider& provider : account.providers) {
      text += " " + provider.provider.name() + ":";
      for (const aws::SetupRole& role : provider.roles) {
        text += " " + role.role.name() + "=" + std::to_string(role.max_session_duration.count());
      }
    }
    text += "\n";
  }
  return text;
}

SetupPlan Plan(std::vector<NamedRole> roles, const std::string& account = "") {
  const config::Config config = SampleConfig();
  const NamedRoles named{.roles = std::move(roles), .groups = 3, .warnings = {}};
  Result<SetupPlan> plan = PlanSetup(config, config.applications[0], named, account);
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? *std::move(plan) : SetupPlan{};
}

TEST(PlanSetupTest, PutsEachRoleIntoItsAccount) {
  EXPECT_EQ(Told(Plan({Named("123412341234", "Read"), Named("123412341234", "team/Write"),
                       Named("210987654321", "Read"), Named("999999999999", "Read")})),
            "123412341234 (production, Production): rolebridge: Read=14400 Write=14400\n"
            "210987654321 (sandbox, Sandbox): rolebridge: Read=14400\n"
            "999999999999 (not in accounts:): rolebridge: Read=14400\n");
}

TEST(PlanSetupTest, KnowsAnAccountByAliasAndByNumber) {
  const std::vector<NamedRole> roles = {Named("123412341234", "Read"),
                                        Named("210987654321", "Read")};
  const std::string expected = "210987654321 (sandbox, Sandbox): rolebridge: Read=14400\n";
  EXPECT_EQ(Told(Plan(roles, "sandbox")), expected);
  EXPECT_EQ(Told(Plan(roles, "210987654321")), expected);
}

TEST(PlanSetupTest, SaysWhereNothingIsNamed) {
  const config::Config config = SampleConfig();
  const NamedRoles named{.roles = {Named("123412341234", "Read")}, .groups = 3, .warnings = {}};
  const auto plan = PlanSetup(config, config.applications[0], named, "sandbox");
  ASSERT_FALSE(plan);
  EXPECT_EQ(
      plan.error().message,
      "none of the 3 groups gives a role in account 'sandbox' to application 'aws', and none of "
      "the 0 people has one");
  const auto none = PlanSetup(config, config.applications[0], {}, "");
  ASSERT_FALSE(none);
  EXPECT_EQ(
      none.error().message,
      "none of the 0 groups gives a role to application 'aws', and none of the 0 people has one");
}

TEST(PlanSetupTest, GivesRolesAMaximumThatFitsWhatIsSent) {
  for (const auto& [sent, expected] :
       {std::pair(seconds(0), "3600"), std::pair(seconds(900), "3600"),
        std::pair(seconds(hours(2)), "7200"), std::pair(seconds(hours(12)), "43200"),
        std::pair(seconds(hours(13)), "43200")}) {
    EXPECT_EQ(
        Told(Plan({Named("123412341234", "Read", sent)})),
        "123412341234 (production, Production): rolebridge: Read=" + std::string(expected) + "\n");
  }
}

TEST(PlanSetupTest, MakesOneOfTwoRolesThatAwsTakesForOne) {
  const SetupPlan plan = Plan({Named("123412341234", "Read"), Named("123412341234", "team/READ"),
                               Named("210987654321", "READ")});
  EXPECT_EQ(Told(plan),
            "123412341234 (production, Production): rolebridge: Read=14400\n"
            "210987654321 (sandbox, Sandbox): rolebridge: READ=14400\n");
  EXPECT_THAT(plan.warnings,
              ElementsAre("roles 'arn:aws:iam::123412341234:role/Read' and "
                          "'arn:aws:iam::123412341234:role/team/READ' have one name for AWS, which "
                          "ignores case and path; the second is left out: correct the directory"));
}

TEST(PlanSetupTest, SaysThatARoleHasTwoProviders) {
  const SetupPlan plan = Plan({Named("123412341234", "Read", hours(4), "a"),
                               Named("123412341234", "Read", hours(4), "b"),
                               Named("123412341234", "Write", hours(4), "b")});
  EXPECT_EQ(Told(plan), "123412341234 (production, Production): a: Read=14400 b: Write=14400\n");
  EXPECT_THAT(plan.warnings,
              ElementsAre("role 'arn:aws:iam::123412341234:role/Read' is named with a second "
                          "provider, 'arn:aws:iam::123412341234:saml-provider/b'; add that one to "
                          "its trust policy by hand"));
}

TEST(AwsSetupTest, SaysThatTheConfigurationIsNotThere) {
  std::ostringstream out, err;
  const rolebridge::testing::FakeClock clock;
  EXPECT_FALSE(
      AwsSetup({.slug = "aws", .config_path = "/nowhere/rolebridge.yaml"}, clock, out, err));
  EXPECT_EQ(out.str(), "");
  EXPECT_NE(err.str().find("rolebridge: aws-setup: '/nowhere/rolebridge.yaml' has mistakes:"),
            std::string::npos)
      << err.str();
}

}  // namespace
}  // namespace rolebridge::cli
