#include "bridge/cli/init_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "bridge/config/config_loader.h"
#include "bridge/entitlement/entitlement.h"

namespace rolebridge::cli {
namespace {

using ::testing::ElementsAre;

Answers SomeAnswers() {
  Answers answers;
  answers.url = "https://sso.example.org";
  answers.ldap_uris = {"ldaps://ldap1.example.org", "ldap://ldap2.example.org"};
  answers.bind_dn = "cn=rolebridge,ou=services,dc=example,dc=org";
  answers.bind_password = SecretString("a secret");
  answers.users_base = "ou=people,dc=example,dc=org";
  answers.groups_base = "ou=groups,dc=example,dc=org";
  answers.accounts = {{"production", "123412341234"}};
  answers.roles = {"ReadOnly", "aws-*"};
  return answers;
}

config::LoadResult Loaded(const Answers& answers, const FileNames& names = {}) {
  return config::ParseConfig(WriteConfig(answers, names), "rolebridge.yaml", "/etc/rolebridge");
}

std::string Mistakes(const config::LoadResult& loaded) {
  std::string text;
  for (const auto& mistake : loaded.mistakes) text += config::ToString(mistake) + "\n";
  for (const auto& warning : loaded.warnings) text += config::ToString(warning) + "\n";
  return text;
}

// The roles that a person gets out of these groups, as ACCOUNT/ROLE.
std::vector<std::string> RolesOf(const Answers& answers, std::vector<mapping::Group> groups) {
  const config::LoadResult loaded = Loaded(answers);
  EXPECT_EQ(Mistakes(loaded), "");
  if (!loaded.config) return {"no configuration"};
  mapping::Facts facts;
  facts.user.username = "alice";
  facts.groups = std::move(groups);
  const auto entitlement =
      entitlement::Evaluate(*loaded.config, loaded.config->applications.front(), facts);
  std::vector<std::string> roles;
  for (const auto& role : entitlement.roles) {
    roles.push_back(role.pair.role.account() + "/" + role.pair.role.name());
  }
  return roles;
}

mapping::Group GroupOf(const std::string& name, mapping::AttributeValues attributes = {}) {
  return {name, "cn=" + name + ",dc=example,dc=org", std::move(attributes)};
}

TEST(InitConfigTest, LoadsWithoutMistakeOrWarningAndSaysWhatWasAnswered) {
  const config::LoadResult loaded = Loaded(SomeAnswers(), {.ca_file = "directory-ca.pem"});
  ASSERT_EQ(Mistakes(loaded), "");
  const config::Config& config = *loaded.config;
  EXPECT_EQ(config.url, "https://sso.example.org");
  EXPECT_THAT(config.ldap.uris,
              ElementsAre("ldaps://ldap1.example.org", "ldap://ldap2.example.org"));
  EXPECT_EQ(config.ldap.ca_file, "/etc/rolebridge/directory-ca.pem");
  EXPECT_EQ(config.ldap.bind.password_file, "/etc/rolebridge/ldap.secret");
  EXPECT_EQ(config.listen.tls.key, "/etc/rolebridge/tls.key");
  EXPECT_EQ(config.signing_folder, "/etc/rolebridge/signing");
  EXPECT_THAT(config.applications.front().allowed_accounts, ElementsAre("123412341234"));
  EXPECT_THAT(config.applications.front().allowed_roles, ElementsAre("ReadOnly", "aws-*"));
  EXPECT_TRUE(config.require_synchronised_clock);
}

TEST(InitConfigTest, APairFromBeforeIsNamed) {
  const config::LoadResult loaded = Loaded(SomeAnswers(), {.signing_folder = ""});
  ASSERT_EQ(Mistakes(loaded), "");
  EXPECT_EQ(loaded.config->signing.front().key, "/etc/rolebridge/saml.key");
}

TEST(InitConfigTest, HoldsNoPassword) {
  EXPECT_EQ(WriteConfig(SomeAnswers(), {}).find("a secret"), std::string::npos);
}

TEST(InitConfigTest, IsTheSameForTheSameAnswers) {
  EXPECT_EQ(WriteConfig(SomeAnswers(), {}), WriteConfig(SomeAnswers(), {}));
}

TEST(InitConfigTest, ClockIsNotDemandedWhereTheHostCannotTell) {
  Answers answers = SomeAnswers();
  answers.requires_synchronised_clock = false;
  EXPECT_FALSE(Loaded(answers).config->require_synchronised_clock);
}

TEST(InitConfigTest, EachMembershipLoadsAsItself) {
  for (const auto membership : {ldap::Membership::kMemberUid, ldap::Membership::kMember,
                                ldap::Membership::kMemberOf, ldap::Membership::kActiveDirectory}) {
    Answers answers = SomeAnswers();
    answers.membership = membership;
    EXPECT_EQ(Loaded(answers).config->ldap.groups.membership, membership);
    EXPECT_EQ(Loaded(answers).config->ldap.groups.member_attribute, "");
  }
}

TEST(InitConfigTest, UniqueMembersAreNamed) {
  Answers answers = SomeAnswers();
  answers.has_unique_members = true;
  EXPECT_EQ(Loaded(answers).config->ldap.groups.membership, ldap::Membership::kMember);
  EXPECT_EQ(Loaded(answers).config->ldap.groups.member_attribute, "uniqueMember");
}

TEST(InitConfigTest, OneAccountTakesRolesFromTheGroupsAttribute) {
  EXPECT_THAT(RolesOf(SomeAnswers(), {GroupOf("readers", {{"aws_role", {"ReadOnly", "Admin"}}}),
                                      GroupOf("staff")}),
              ElementsAre("123412341234/ReadOnly"));
}

TEST(InitConfigTest, SeveralAccountsTakeTheAccountFromTheGroup) {
  Answers answers = SomeAnswers();
  answers.accounts = {
      {"production", "123412341234"}, {"audit", "012341234123"}, {"test-1", "210987654321"}};
  answers.roles_by = RolesBy::kAccountAttribute;
  EXPECT_THAT(
      RolesOf(answers,
              {GroupOf("a", {{"aws_role", {"ReadOnly"}}, {"aws_account", {"012341234123"}}}),
               GroupOf("b", {{"aws_role", {"aws-x"}}, {"aws_account", {"test-1"}}}),
               GroupOf("c", {{"aws_role", {"ReadOnly"}}, {"aws_account", {"999988887777"}}}),
               GroupOf("d", {{"aws_role", {"ReadOnly"}}})}),
      ElementsAre("012341234123/ReadOnly", "210987654321/aws-x"));
}

TEST(InitConfigTest, GroupNamesGiveRolesWithoutAnyAttribute) {
  Answers answers = SomeAnswers();
  answers.accounts = {{"prod", "123412341234"}, {"prod-eu", "210987654321"}};
  answers.roles = {"ReadOnly", "eu-*"};
  answers.roles_by = RolesBy::kGroupName;
  EXPECT_THAT(RolesOf(answers, {GroupOf("AWS-prod-ReadOnly"), GroupOf("AWS-prod-eu-ReadOnly"),
                                GroupOf("AWS-test-ReadOnly"), GroupOf("AWS-prod-Admin"),
                                GroupOf("xAWS-prod-ReadOnly")}),
              ElementsAre("123412341234/ReadOnly", "210987654321/ReadOnly"));
  EXPECT_THAT(RolesOf(answers, {GroupOf("AWS-210987654321-ReadOnly")}),
              ElementsAre("210987654321/ReadOnly"));
}

TEST(InitConfigTest, OddNamesComeThroughAsTheyAre) {
  for (const char* const odd :
       {"ou=O'Brien's,dc=example,dc=org", "ou=M\xc3\xbcller \\, S\xc3\xb6hne,dc=example,dc=org",
        "ou=a \\#b # c,dc=example,dc=org", "ou=key: value,dc=example,dc=org",
        "ou=\\22quoted\\22,dc=example,dc=org", "ou=[x] {y} {{ z }},dc=example,dc=org",
        "ou=C:\\5Cdir,dc=example,dc=org", "ou=*&!|>%@`,dc=example,dc=org"}) {
    Answers answers = SomeAnswers();
    answers.users_base = answers.groups_base = answers.bind_dn = odd;
    const config::LoadResult loaded = Loaded(answers);
    ASSERT_EQ(Mistakes(loaded), "") << odd;
    EXPECT_EQ(loaded.config->ldap.users.base, odd);
    EXPECT_EQ(loaded.config->ldap.groups.base, odd);
    EXPECT_EQ(loaded.config->ldap.bind.dn, odd);
  }
}

// Whatever an answer tries, no other setting changes: the text loads with the answer as a value, or
// does not load.
TEST(InitConfigTest, NoAnswerBecomesMoreThanAValue) {
  const std::vector<std::string> attempts = {
      "x\"\nclock: { require_synchronised: false }\n#",
      "x'\nclock: { require_synchronised: false }\n#",
      "x\", key: \"/tmp/evil.key\" }\nclock: { require_synchronised: false } #",
      "x'], clock: { require_synchronised: false }, y: ['",
      "x\"\n\nclock:\n  require_synchronised: false\nvars: \"",
      "\\\"\nclock: { require_synchronised: false }"};
  const std::vector<std::pair<const char*, void (*)(Answers&, FileNames&, const std::string&)>>
      places = {
          {"url", [](Answers& a, FileNames&, const std::string& t) { a.url += t; }},
          {"uri", [](Answers& a, FileNames&, const std::string& t) { a.ldap_uris[0] += t; }},
          {"bind", [](Answers& a, FileNames&, const std::string& t) { a.bind_dn += t; }},
          {"users", [](Answers& a, FileNames&, const std::string& t) { a.users_base += t; }},
          {"groups", [](Answers& a, FileNames&, const std::string& t) { a.groups_base += t; }},
          {"alias", [](Answers& a, FileNames&, const std::string& t) { a.accounts[0].alias += t; }},
          {"id", [](Answers& a, FileNames&, const std::string& t) { a.accounts[0].id += t; }},
          {"role", [](Answers& a, FileNames&, const std::string& t) { a.roles[0] += t; }},
          {"ca", [](Answers&, FileNames& n, const std::string& t) { n.ca_file += t; }},
          {"crt", [](Answers&, FileNames& n, const std::string& t) { n.tls_certificate += t; }},
          {"key", [](Answers&, FileNames& n, const std::string& t) { n.tls_key += t; }}};
  size_t loaded_ones = 0;
  for (const auto& [name, put] : places) {
    for (const std::string& attempt : attempts) {
      Answers answers = SomeAnswers();
      FileNames names;
      put(answers, names, attempt);
      const config::LoadResult loaded = Loaded(answers, names);
      if (!loaded.config) continue;
      ++loaded_ones;
      EXPECT_TRUE(loaded.config->require_synchronised_clock) << name << ": " << attempt;
    }
  }
  EXPECT_GT(loaded_ones, 0U);  // a path may hold nearly everything
}

TEST(InitConfigTest, DropInNamesTheAddresses) {
  const std::string text = WriteDropIn({"192.0.2.10", "2001:db8::1"});
  EXPECT_NE(text.find("\n[Service]\nIPAddressAllow=192.0.2.10 2001:db8::1\n"), std::string::npos);
}

}  // namespace
}  // namespace rolebridge::cli
