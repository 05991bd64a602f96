#include "bridge/mapping/account_nodes.h"

#include <gtest/gtest.h>

#include "tests/bridge/mapping/facts_for_tests.h"

namespace rolebridge::mapping {
namespace {

using Strings = std::vector<std::string>;

TEST(AccountsTest, AreFoundByAliasOrId) {
  const std::pair<std::string, std::string> rows[] = {
      {"accounts['prod'].id", "123412341234"},
      {"accounts[\"prod\"].alias", "prod"},
      {"accounts['123412341234'].alias", "prod"},
      {"accounts['prod'].name", "Production"},
      {"accounts['china'].name", "china"},
      {"accounts['prod'].partition", "aws"},
      {"accounts['china'].partition", "aws-cn"},
      {"accounts['prod'].provider", "rolebridge"},
      {"accounts['china'].iam", "arn:aws-cn:iam::567856785678"},
      {"accounts['china'].provider_arn", "arn:aws-cn:iam::567856785678:saml-provider/sso"},
      {"accounts['prod'].tags.team", "core"},
      {"accounts['prod'].tags['cost-centre']", "42"},
      {"accounts['dev'].tags.team", "dropped: account 'dev' has no tag 'team'"},
      {"accounts['dev'].tags.team | default('none')", "none"},
      {"accounts[group_attributes.aws_account].alias", "prod"},
      {"accounts[user.username].id", "dropped: there is no account 'alice'"},
      {"accounts[user.nickname].id", "dropped: user 'alice' has no attribute nickname"},
      {"accounts[user.department].id",
       "dropped: user 'alice': department has 2 values where one is due"},
      {"accounts['prod' | lower].id", "123412341234"},
      {"accounts[accounts['prod'].id].alias", "prod"},
  };
  for (const auto& [expression, expected] : rows) {
    EXPECT_EQ(Render(expression), expected) << expression;
  }
  EXPECT_EQ(Judge("accounts[user.username] is defined"), "false");
  EXPECT_EQ(Judge("accounts['prod'] is defined"), "true");
  EXPECT_EQ(Judge("accounts[user.username].id == 'x' or true"),
            "undefined: there is no account 'alice'");
}

TEST(AccountsTest, AreBoundInTheOrderOfTheirAliases) {
  MappingSource source =
      Sample("{{ account.iam }}:role/{{ account.alias }},{{ account.tags.team }}");
  source.values[0] = At("{{ account.iam }}:role/{{ account.alias }}");
  source.for_each = At("account in accounts");
  source.when = At("account.partition == 'aws'");
  EXPECT_EQ(Texts(OutcomeOf(source)),
            (Strings{"arn:aws:iam::210987654321:role/dev", "arn:aws:iam::123412341234:role/prod"}));
}

TEST(AccountsTest, GoWithGroupsAndPatterns) {
  Facts facts = SampleFacts();
  facts.groups.push_back({"AWS-prod-Admin", "cn=1", {}});
  facts.groups.push_back({"AWS-210987654321-Dev", "cn=2", {}});
  facts.groups.push_back({"AWS-test-Dev", "cn=3", {}});
  MappingSource source = Sample(
      "{{ accounts[match.account].iam }}:role/{{ match.role }},"
      "{{ accounts[match.account].provider_arn }}");
  source.for_each = At("group in groups");
  source.when = At("group.name matches 'AWS-(?P<account>[^-]+)-(?P<role>.+)'");
  const Outcome outcome = OutcomeOf(source, facts);
  EXPECT_EQ(Texts(outcome), (Strings{"arn:aws:iam::210987654321:role/Dev,"
                                     "arn:aws:iam::210987654321:saml-provider/rolebridge",
                                     "arn:aws:iam::123412341234:role/Admin,"
                                     "arn:aws:iam::123412341234:saml-provider/rolebridge"}));
  ASSERT_EQ(outcome.dropped.size(), 1u);
  EXPECT_EQ(outcome.dropped[0].reason, "there is no account 'test'");
}

// An account's text is the administrator's, even where a group chose the account.
TEST(AccountsTest, GiveTextsOfTheConfiguration) {
  for (const std::string field : {"id", "iam", "provider_arn", "tags.team"}) {
    const Outcome outcome =
        OutcomeOf(Sample("{{ accounts[group_attributes.aws_account]." + field + " }}"));
    ASSERT_EQ(outcome.values.size(), 1u) << field;
    EXPECT_FALSE(outcome.values[0].text.pieces[0].from_directory) << field;
    EXPECT_EQ(outcome.values[0].text.pieces[0].source, "") << field;
  }
}

TEST(AccountsTest, AreRefusedWithPlaceAndReason) {
  const std::pair<std::string, std::string> rows[] = {
      {"accounts.prod == 'x'", "19: when: an account stands in brackets; write accounts['prod']"},
      {"accounts['prd'].id == 'x'", "10: when: there is no account 'prd'; did you mean 'prod'?"},
      {"accounts['prod'] == 'x'",
       "27: when: '==' takes a text, and this is an account (name one of its fields, as in "
       "account.id)"},
      {"accounts == 'x'",
       "19: when: '==' takes a text, and this is the list of accounts (one is accounts['prod'])"},
      {"accounts['prod'].id.x == 'x'", "30: when: 'x' is a field of a field; there is none"},
      {"accounts['prod'].idd == 'x'", "27: when: an account has no 'idd'; did you mean 'id'?"},
      {"accounts['prod'].owner == 'x'",
       "27: when: an account has no 'owner'; its own values are its tags"},
      {"accounts['prod'].tags == 'x'",
       "27: when: 'tags' takes one key, as in tags.team or tags['team']"},
      {"accounts['prod'].tags.a.b == 'x'",
       "27: when: 'tags' takes one key, as in tags.team or tags['team']"},
      {"accounts['prod'].id['x'] == 'x'",
       "29: when: 'id' takes no '[...]'; the tags of an account do"},
      {"accounts[groups].id == 'x'",
       "19: when: '[...]' takes a text, and this is the list of groups (groups.name are their "
       "names)"},
      {"accounts['prod' == 'x'", "32: when: the expression ends where ']' is due"},
      {"accounts[].id == 'x'", "19: when: ']' stands where a value is due"},
      {"user['email'] == 'x'", "10: when: 'user' takes no '[...]'; accounts['prod'] alone does"},
      {"user.email['x'] == 'x'", "20: when: 'email' takes no '[...]'; the tags of an account do"},
      {"account.id == 'x'",
       "10: when: unknown name 'account'; bind it first: for_each: account in accounts"},
  };
  for (const auto& [condition, expected] : rows) {
    EXPECT_EQ(MistakesInCondition(condition), expected) << condition;
  }
}

TEST(AccountsTest, AreAMistakeWhereThereAreNone) {
  Names names = SampleNames();
  names.accounts = nullptr;
  std::vector<Mistake> mistakes;
  EXPECT_FALSE(Mapping::Parse(Sample("{{ accounts['prod'].id }}"), names, mistakes).has_value());
  EXPECT_EQ(Lines(mistakes),
            "test.yaml:7:13: value: there are no accounts; list them under accounts first");
}

TEST(AccountsTest, OutliveTheNamesTheyCameFrom) {
  std::vector<Mistake> mistakes;
  std::optional<Mapping> mapping;
  {
    const Names names = SampleNames();
    mapping = Mapping::Parse(Sample("{{ accounts['prod'].id }}"), names, mistakes);
  }
  ASSERT_TRUE(mapping.has_value());
  EXPECT_EQ(Texts(mapping->Evaluate(SampleFacts())), Strings{"123412341234"});
}

// `accounts:` could hold another account's id as an alias: the alias is what was meant.
TEST(AccountsTest, AreFoundByAliasFirst) {
  const AccountTable table(std::make_shared<const std::vector<Account>>(
      std::vector<Account>{{.alias = "b", .id = "111111111111"},
                           {.alias = "111111111111", .id = "222222222222"},
                           {.alias = "a", .id = "222222222222"}}));
  EXPECT_EQ(table.Find("111111111111")->account->id, "222222222222");
  EXPECT_EQ(table.Find("222222222222")->account->alias, "111111111111");
  EXPECT_EQ(table.Find("A"), nullptr);
  EXPECT_EQ(table.sorted().front()->account->alias, "111111111111");
}

}  // namespace
}  // namespace rolebridge::mapping
