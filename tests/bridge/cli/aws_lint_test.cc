#include "bridge/cli/aws_lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bridge/aws/trust_policy.h"
#include "tests/support/fakes.h"
#include "tests/support/sample_config.h"

namespace rolebridge::cli {
namespace {

using nlohmann::json;
using rolebridge::testing::SampleConfig;
using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr char kRole[] = "arn:aws:iam::123412341234:role/Read";
constexpr char kProvider[] = "arn:aws:iam::123412341234:saml-provider/rolebridge";

NamedRoles OneRole(const std::string& arn = kRole, seconds duration = hours(1)) {
  const std::string account = arn.substr(13, 12);
  return {.roles = {{*aws::ParseRolePair(arn + ",arn:aws:iam::" + account +
                                         ":saml-provider/rolebridge"),
                     duration}},
          .groups = 1,
          .warnings = {}};
}

std::string Policy() {
  return aws::WriteTrustPolicy({.provider_arn = kProvider,
                                .acs_urls = {"https://signin.aws.amazon.com/saml"},
                                .entity_id = "https://sso.example.org/saml/aws"});
}

// What an export says of one role; `more` are further fields of it.
std::string Export(const json& policy, const std::string& arn = kRole,
                   const json& more = json::object()) {
  json role = {{"Arn", arn}, {"RoleName", "Read"}, {"AssumeRolePolicyDocument", policy}};
  role.update(more);
  return json{{"RoleDetailList", {role}}, {"IsTruncated", false}}.dump();
}

AwsExport Read(const std::vector<std::string>& texts) {
  AwsExport exported;
  for (const std::string& text : texts) {
    const Result<void> read = ReadExport(text, exported);
    EXPECT_TRUE(read) << read.error().message;
  }
  return exported;
}

// "level: message", without what is in order.
std::vector<std::string> Told(const AwsExport& exported, const NamedRoles& named = OneRole()) {
  const config::Config config = SampleConfig();
  std::vector<std::string> told;
  for (const LintFinding& finding : Lint(config.applications[0], named, exported)) {
    switch (finding.level) {
      case LintLevel::kOk:
        break;
      case LintLevel::kNote:
        told.push_back("note: " + finding.message);
        break;
      case LintLevel::kUnsure:
        told.push_back("unsure: " + finding.message);
        break;
      case LintLevel::kWrong:
        told.push_back("wrong: " + finding.message);
        break;
    }
  }
  return told;
}

const std::string kProviders = json{{"SAMLProviderList", {{{"Arn", kProvider}}}}}.dump();

std::string Encoded(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    encoded += '%';
    encoded += kHex[static_cast<unsigned char>(c) / 16];
    encoded += kHex[static_cast<unsigned char>(c) % 16];
  }
  return encoded;
}

TEST(LintTest, FindsNothingInWhatFits) {
  const json policy = json::parse(Policy());
  for (const std::string& text :
       {Export(policy), Export(Policy()), Export(Encoded(Policy())), "[" + Export(policy) + "]",
        "{\"123412341234\":" + Export(policy) + "}", "{\"123412341234\":[" + Export(policy) + "]}",
        json{{"Roles", json::parse(Export(policy))["RoleDetailList"]}}.dump(),
        json{{"Role", json::parse(Export(policy))["RoleDetailList"][0]}}.dump()}) {
    EXPECT_THAT(Told(Read({text, kProviders})), ElementsAre()) << text;
  }
}

TEST(LintTest, FindsARoleThatIsNotThere) {
  EXPECT_THAT(
      Told(Read({Export(Policy(), "arn:aws:iam::123412341234:role/Other"), kProviders})),
      ElementsAre("wrong: role 'arn:aws:iam::123412341234:role/Read' is not there; see rolebridge "
                  "aws-setup",
                  "note: role 'arn:aws:iam::123412341234:role/Other' names our provider in its "
                  "trust policy, and no group gives it and nobody has it"));
  for (const std::string other : {"read", "team/Read"}) {
    EXPECT_EQ(Told(Read({Export("{}", "arn:aws:iam::123412341234:role/" + other), kProviders}))[0],
              "wrong: role 'arn:aws:iam::123412341234:role/Read' is not there, and "
              "'arn:aws:iam::123412341234:role/" +
                  other + "' is; case and path count, so correct the directory or the mapping");
  }
}

TEST(LintTest, SaysWhichAccountsItKnowsNothingOf) {
  NamedRoles named = OneRole("arn:aws:iam::210987654321:role/Read");
  named.roles.push_back(OneRole("arn:aws:iam::210987654321:role/Write").roles[0]);
  const std::string unknown = "unsure: account 210987654321: the exports have none of its roles";
  EXPECT_EQ(Told(Read({Export(Policy())}), named)[0], unknown);
  // One role by itself does not say which others there are.
  EXPECT_EQ(
      Told(Read({json{{"Role", {{"Arn", "arn:aws:iam::210987654321:role/x"}}}}.dump()}), named),
      std::vector<std::string>{unknown});
  EXPECT_THAT(Told(Read({R"({"AccountId":"210987654321","RoleDetailList":[]})"}), named),
              ::testing::Contains("wrong: role 'arn:aws:iam::210987654321:role/Read' is not "
                                  "there; see rolebridge aws-setup"));
}

TEST(LintTest, FindsAProviderThatIsNotThere) {
  const std::string wrong = "wrong: provider '" + std::string(kProvider) +
                            "' is not there: AWS says 'Specified provider doesn't exist'; see "
                            "rolebridge aws-setup";
  const std::string other =
      json{{"SAMLProviderList", {{{"Arn", "arn:aws:iam::123412341234:saml-provider/other"}}}}}
          .dump();
  EXPECT_THAT(Told(Read({Export(Policy()), other})), ElementsAre(wrong));
  EXPECT_THAT(
      Told(Read({Export(Policy()), R"({"AccountId":"123412341234","SAMLProviderList":[]})"})),
      ElementsAre(wrong));
  // A list of another account's says nothing.
  const std::string note =
      "note: provider '" + std::string(kProvider) +
      "': the exports do not tell; add the answer of 'aws iam list-saml-providers'";
  EXPECT_THAT(Told(Read({Export(Policy())})), ElementsAre(note));
  EXPECT_THAT(Told(Read({Export(Policy()), R"({"SAMLProviderList":[{"Arn":)"
                                           R"("arn:aws:iam::210987654321:saml-provider/x"}]})"})),
              ElementsAre(note));
}

TEST(LintTest, SaysWhyATrustPolicyRefusesUs) {
  json policy = json::parse(Policy());
  policy["Statement"][0]["Condition"] = {{"StringEquals", {{"SAML:aud", "urn:x"}}}};
  EXPECT_THAT(Told(Read({Export(policy), kProviders})),
              ElementsAre("wrong: role 'arn:aws:iam::123412341234:role/Read': its trust policy "
                          "refuses us: the condition on 'SAML:aud' wants 'urn:x', and we send "
                          "'https://signin.aws.amazon.com/saml'"));
  policy["Statement"][0]["Condition"] = {{"DateLessThan", {{"aws:CurrentTime", "2027"}}}};
  EXPECT_THAT(Told(Read({Export(policy), kProviders})),
              ElementsAre("unsure: role 'arn:aws:iam::123412341234:role/Read': its trust policy "
                          "may refuse us: the condition on 'aws:CurrentTime' depends on what is "
                          "not known here"));
  EXPECT_THAT(Told(Read({json{{"Roles", {{{"Arn", kRole}}}}}.dump(), kProviders})),
              ElementsAre("unsure: role 'arn:aws:iam::123412341234:role/Read': the export does "
                          "not tell its trust policy"));
  EXPECT_THAT(Told(Read({Export("%7"), kProviders})),
              ElementsAre("unsure: role 'arn:aws:iam::123412341234:role/Read': its trust policy "
                          "may refuse us: it is no policy that can be read"));
}

TEST(LintTest, FindsASessionThatWouldBeRefused) {
  const AwsExport short_one =
      Read({Export(Policy(), kRole, {{"MaxSessionDuration", 14399}}), kProviders});
  const std::string wrong =
      "wrong: role 'arn:aws:iam::123412341234:role/Read': its MaxSessionDuration is 14399, and we "
      "send SessionDuration 14400: whoever asks STS for that is refused; raise it or lower "
      "aws_session_duration";
  EXPECT_THAT(Told(short_one, OneRole(kRole, hours(4))), ElementsAre(wrong));
  EXPECT_THAT(Told(short_one, OneRole(kRole, hours(1))), ElementsAre());
  EXPECT_THAT(Told(Read({Export(Policy(), kRole, {{"MaxSessionDuration", 14400}}), kProviders}),
                   OneRole(kRole, hours(4))),
              ElementsAre());
  EXPECT_THAT(Told(Read({Export(Policy()), kProviders}), OneRole(kRole, hours(4))),
              ElementsAre("note: role 'arn:aws:iam::123412341234:role/Read': the exports do not "
                          "tell its MaxSessionDuration, which must be 14400 or more; add the "
                          "answer of 'aws iam list-roles'"));
}

TEST(LintTest, DoesNotTrustAnExportThatIsCutOff) {
  for (const std::string end : {R"("IsTruncated":true)", R"("NextToken":"x")"}) {
    std::string text = Export(Policy());
    text.replace(text.find(R"("IsTruncated":false)"), 19, end);
    EXPECT_THAT(Told(Read({text, kProviders})),
                ElementsAre("unsure: an export is cut off (IsTruncated or NextToken); export all "
                            "of it"));
  }
}

TEST(ReadExportTest, RefusesWhatIsNone) {
  constexpr char kNone[] =
      "it has neither RoleDetailList, Roles, Role nor SAMLProviderList; export it with 'aws iam "
      "get-account-authorization-details --filter Role'";
  const std::pair<std::string, std::string> rows[] = {
      {"", "it is not JSON, or nested deeper than 64"},
      {"{\"Roles\":[]", "it is not JSON, or nested deeper than 64"},
      {"{\"Roles\":[]} x", "it is not JSON, or nested deeper than 64"},
      {"null", kNone},
      {"7", kNone},
      {"[]", kNone},
      {"{}", kNone},
      {"{\"UserDetailList\":[]}", kNone},
      {"[{\"Roles\":[]},7]", kNone},
      {"[[[[[{\"Roles\":[]}]]]]]", kNone},
      {"{\"123412341234\":{\"Roles\":[]},\"x\":{\"Roles\":[]}}", kNone},
      {"{\"Roles\":{}}", "Roles is no list"},
      {"{\"RoleDetailList\":null}", "RoleDetailList is no list"},
      {"{\"Roles\":[7]}", "a role in it has no Arn"},
      {"{\"Roles\":[{\"Arn\":7}]}", "a role in it has no Arn"},
      {"{\"Role\":[]}", "a role in it has no Arn"},
      {"{\"SAMLProviderList\":7}", "SAMLProviderList is no list"},
      {"{\"SAMLProviderList\":[{}]}", "a SAML provider in it has no Arn"},
      {"{\"Roles\":[{\"Arn\":\"x\",\"MaxSessionDuration\":\"1\"}]}",
       "MaxSessionDuration of role 'x' is no number"},
  };
  for (const auto& [text, expected] : rows) {
    AwsExport exported;
    const Result<void> read = ReadExport(text, exported);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().message, expected) << text;
  }
}

TEST(ReadExportTest, LivesThroughDeepNesting) {
  AwsExport exported;
  EXPECT_FALSE(ReadExport(std::string(100'000, '['), exported));
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_FALSE(ReadExport(deep, exported));
  const auto with_policy = [](const std::string& policy) {
    return "{\"Roles\":[{\"Arn\":\"x\",\"AssumeRolePolicyDocument\":" + policy + "}]}";
  };
  EXPECT_FALSE(ReadExport(with_policy(deep), exported));
  // Brackets in a text are none.
  EXPECT_TRUE(ReadExport(with_policy("\"\\\"" + deep + "\""), exported));
}

TEST(AwsLintTest, SaysWhichFileCannotBeRead) {
  char folder[] = "/tmp/rolebridge-lint-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/export.json";
  std::ofstream(path) << "{}";
  const rolebridge::testing::FakeClock clock;
  for (const auto& [name, expected] :
       {std::pair(path, std::string("it has neither RoleDetailList")),
        std::pair(std::string(folder) + "/none", std::string("it can't be opened"))}) {
    std::ostringstream out, err;
    EXPECT_EQ(AwsLint({.exports = {name}}, clock, out, err), 2);
    EXPECT_EQ(out.str(), "");
    EXPECT_TRUE(err.str().starts_with("rolebridge: aws-lint: '" + name + "': " + expected))
        << err.str();
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rolebridge::cli
