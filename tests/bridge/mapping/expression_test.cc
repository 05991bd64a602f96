#include "bridge/mapping/expression.h"

#include <gtest/gtest.h>

#include "tests/bridge/mapping/facts_for_tests.h"

namespace rolebridge::mapping {
namespace {

struct Row {
  std::string expression;
  std::string expected;
};

TEST(ExpressionTest, RendersEveryName) {
  const Row rows[] = {
      {"'literal'", "literal"},
      {"\"it's\"", "it's"},
      {"user.username", "alice"},
      {"user.dn", "uid=alice,ou=people,dc=example,dc=org"},
      {"user.email", "alice@example.org"},
      {"groups.name | join(' ')", "Zebra aws-admin aws-reader staff"},
      {"group_attributes.aws_account", "123412341234"},
      {"group_attributes.aws_role", "reader"},
      {"application.slug", "aws"},
      {"application.name", "Amazon Web Services"},
      {"client.address", "192.0.2.7"},
      {"authentication.assurance", "mfa"},
      {"vars.provider", "rolebridge"},
      {"['b', 'a'] | first", "b"},
      {"( ( vars.region ) )", "eu-west-1"},
      {"user\n.\tusername", "alice"},
  };
  for (const Row& row : rows) EXPECT_EQ(Render(row.expression), row.expected) << row.expression;
}

TEST(ExpressionTest, DropsWhereOneValueIsDueAndIsNot) {
  EXPECT_EQ(Render("user.department"),
            "dropped: user 'alice': department has 2 values where one is due");
  EXPECT_EQ(Render("user.nickname"), "dropped: user 'alice' has no attribute nickname");
  EXPECT_EQ(Render("group_attributes.owner"), "alice");
  EXPECT_EQ(Render("[] | first"), "dropped: 'first' of an empty list");
  EXPECT_EQ(Render("['a', 'b']"), "dropped: the list has 2 values where one is due");
  EXPECT_EQ(Render("[]"), "dropped: the list has no value where one is due");
  Facts facts = SampleFacts();
  facts.groups.clear();
  EXPECT_EQ(Render("group_attributes.aws_role", facts),
            "dropped: none of the user's groups has an attribute aws_role");
}

TEST(ExpressionTest, JudgesConditions) {
  const Row rows[] = {
      {"true", "true"},
      {"false", "false"},
      {"not false", "true"},
      {"not not false", "false"},
      {"user.username == 'alice'", "true"},
      {"user.username == \"Alice\"", "false"},
      {"user.username != 'bob'", "true"},
      {"user.email == 'alice@example.org'", "true"},
      {"group_attributes.owner == user.username", "true"},
      {"'staff' in groups.name", "true"},
      {"'sta' in groups.name", "false"},
      {"'staff' not in groups.name", "false"},
      {"'IT' in user.department", "true"},
      {"user.username in ['bob', 'alice']", "true"},
      {"user.username in []", "false"},
      {"true and false", "false"},
      {"true or false", "true"},
      {"true or true and false", "true"},
      {"(true or true) and false", "false"},
      {"not true or true", "true"},
      {"not (true or true)", "false"},
      {"not 'x' in groups.name", "true"},
      {"user.email is defined", "true"},
      {"user.nickname is defined", "false"},
      {"user.nickname is not defined", "true"},
      {"user.department is defined", "true"},
      {"user.nickname | default('x') == 'x'", "true"},
      {"'staff' in groups.name | sort", "true"},
      {"authentication.assurance == 'mfa'", "true"},
      {"authentication.assurance != 'mfa'", "false"},
      {"authentication.assurance >= 'mfa'", "true"},
      {"authentication.assurance > 'mfa'", "false"},
      {"authentication.assurance < 'smartcard'", "true"},
      {"authentication.assurance <= 'password'", "false"},
      {"'mfa' <= authentication.assurance", "true"},
      {"'smartcard' <= authentication.assurance", "false"},
      {"'mfa' < authentication.assurance", "false"},
      {"'password' < authentication.assurance", "true"},
      {"'smartcard' > authentication.assurance", "true"},
      {"'mfa' >= authentication.assurance", "true"},
      {"authentication.assurance in ['mfa', 'smartcard']", "true"},
      {"(user.username == 'alice') == true", "true"},
  };
  for (const Row& row : rows) EXPECT_EQ(Judge(row.expression), row.expected) << row.expression;
}

TEST(ExpressionTest, LetsNoOperatorSwallowTheUndefined) {
  const std::string undefined = "undefined: user 'alice' has no attribute nickname";
  for (const std::string unknown : {"user.nickname == 'x'", "'x' in user.nickname",
                                    "'x' not in user.nickname", "user.nickname != 'x'"}) {
    EXPECT_EQ(Judge(unknown), undefined);
    EXPECT_EQ(Judge("not " + unknown), undefined);
    for (const std::string known : {"true", "false"}) {
      for (const std::string operation : {"and", "or"}) {
        EXPECT_EQ(Judge(known + " " + operation + " " + unknown), undefined);
        EXPECT_EQ(Judge(unknown + " " + operation + " " + known), undefined);
        EXPECT_EQ(Judge("not (" + unknown + " " + operation + " " + known + ")"), undefined);
      }
    }
  }
  EXPECT_EQ(Judge("user.department == 'IT'"),
            "undefined: user 'alice': department has 2 values where one is due");
}

TEST(ExpressionTest, KnowsNoLevelBeyondTheConfiguredOnes) {
  Facts facts = SampleFacts();
  facts.assurance = 3;
  EXPECT_EQ(Judge("authentication.assurance >= 'password'", facts),
            "undefined: the login's assurance is none of the configured levels");
  EXPECT_EQ(Render("authentication.assurance", facts),
            "dropped: the login's assurance is none of the configured levels");
}

// Each with the column of the mistake: the scalar begins in column 10.
TEST(ExpressionTest, RefusesWithPlaceReasonAndSuggestion) {
  const Row rows[] = {
      {"usr.username == 'x'", "10: when: unknown name 'usr'; did you mean 'user'?"},
      {"user.emial == 'x'", "15: when: 'user' has no 'emial'; did you mean 'email'?"},
      {"user.salary == 'x'",
       "15: when: 'user' has no 'salary'; name it under ldap.users.attributes first"},
      {"user == 'x'",
       "10: when: 'user' is no value itself; name one of its fields, as in user.username"},
      {"user.email.x == 'x'", "21: when: 'x' is a field of a field; there is none"},
      {"alice == 'x'", "10: when: unknown name 'alice'; a text stands in quotes"},
      {"group.name == 'x'",
       "10: when: unknown name 'group'; bind it first: for_each: group in groups"},
      {"groups.aws_role == 'x'",
       "17: when: 'groups' has no 'aws_role'; use group_attributes.aws_role or for_each"},
      {"groups.nme == 'x'", "17: when: 'groups' has no 'nme'; did you mean 'name'?"},
      {"group_attributes.aws_rol == 'x'",
       "27: when: 'group_attributes' has no 'aws_rol'; did you mean 'aws_role'?"},
      {"application.url == 'x'", "22: when: 'application' has no 'url'"},
      {"client.adress == 'x'", "17: when: 'client' has no 'adress'; did you mean 'address'?"},
      {"vars.nothing == 'x'", "15: when: 'vars' has no 'nothing'; set it under vars first"},
      {"authentication.level == 'x'", "25: when: 'authentication' has no 'level'"},
      {"user.email | lowr == 'x'", "23: when: unknown filter 'lowr'; did you mean 'lower'?"},
      {"user.email is empty",
       "24: when: unknown test 'empty'; there is between, defined or in_network"},
      {"user.email is defned",
       "24: when: unknown test 'defned'; there is between, defined or in_network; did you mean "
       "'defined'?"},
      {"user.email is defined('x')", "24: when: 'defined' takes no arguments"},
      {"user.email is", "23: when: the expression ends where the name of a test is due"},
      {"user.email | join == 'x'", "23: when: filter 'join' takes 1 argument, and has 0"},
      {"user.email | replace('a') == 'x'",
       "23: when: filter 'replace' takes 2 arguments, and has 1"},
      {"user.email | replace('', 'a') == 'x'",
       "23: when: the first argument of filter 'replace' is empty"},
      {"user.username | join(',') == 'x'",
       "26: when: filter 'join' takes a list, and this is a text"},
      {"groups | first == 'x'",
       "19: when: filter 'first' takes a list, and this is the list of groups (groups.name are "
       "their names)"},
      {"(true) | lower == 'x'", "19: when: filter 'lower' takes a text, and this is a condition"},
      {"user.username | default(['a']) == 'x'",
       "26: when: 'default' of a text cannot be a list of texts"},
      {"user.username",
       "10: when: this is a text, and a condition is due; compare it with '==' or "
       "'in'"},
      {"groups.name",
       "10: when: this is a list of texts, and a condition is due; compare it with "
       "'==' or 'in'"},
      {"groups.name == 'staff'",
       "22: when: groups.name is a list of all names; write 'x' in groups.name"},
      {"'staff' in groups", "21: when: 'in' looks into a list of texts; write groups.name"},
      {"'a' in 'abc'", "17: when: 'in' looks into a list, and this is a text; compare with '=='"},
      {"true in groups.name", "10: when: 'in' takes a text, and this is a condition"},
      {"user.username and true", "10: when: 'and' takes a condition, and this is a text"},
      {"true or user.email", "18: when: 'or' takes a condition, and this is a list of texts"},
      {"not user.username", "14: when: 'not' takes a condition, and this is a text"},
      {"user.username == true", "24: when: '==' takes a text, and this is a condition"},
      {"user.username < 'x'",
       "24: when: '<' compares authentication.assurance with a level's name and nothing else; use "
       "'==', '!=' or 'in'"},
      {"authentication.assurance >= 'mfaa'",
       "38: when: unknown assurance level 'mfaa'; there is password, mfa or smartcard; did you "
       "mean 'mfa'?"},
      {"'pasword' == authentication.assurance",
       "10: when: unknown assurance level 'pasword'; there is password, mfa or smartcard; did you "
       "mean 'password'?"},
      {"authentication.assurance in ['mfa', 'pasword']",
       "46: when: unknown assurance level 'pasword'; there is password, mfa or smartcard; did you "
       "mean 'password'?"},
      {"authentication.assurance in [vars.region]",
       "39: when: unknown assurance level 'eu-west-1'; there is password, mfa or smartcard"},
      {"authentication.assurance >= user.email",
       "38: when: authentication.assurance compares with the name of a level in quotes"},
      {"", "10: when: the expression ends where a value is due"},
      {"user.username ==", "26: when: the expression ends where a value is due"},
      {"user. == 'x'", "16: when: '==' stands where a name behind '.' is due"},
      {"(true", "15: when: the expression ends where ')' is due"},
      {"true)", "14: when: ')' does not belong to the condition; join two by 'and' or 'or'"},
      {"true true", "15: when: 'true' does not belong to the condition; join two by 'and' or 'or'"},
      {"['a' 'b'] | first == 'a'", "15: when: 'b' stands where ',' or ']' is due"},
      {"user.email | 'x'", "23: when: 'x' stands where the name of a filter is due"},
      {"'open == 'x", "20: when: 'x' does not belong to the condition; join two by 'and' or 'or'"},
      {"user.email == 'open", "24: when: ''open' is not closed; end the text with the same quote"},
      {"user.email = 'x'",
       "21: when: '=' does not belong to the condition; join two by 'and' or "
       "'or'"},
      {"user.email == 5", "24: when: '5' stands where a value is due"},
      {"{{ user.email }} == 'x'",
       "10: when: '{' is not due here; write the expression without '{{'"},
      {"lower(user.email) == 'x'",
       "10: when: there is no function 'lower'; filters stand behind "
       "'|'"},
      {"user.email not 'x'", "25: when: 'x' stands where 'in' behind 'not' is due"},
      {"'a' == 'b' == 'c'", "21: when: comparisons do not chain; join two of them by 'and'"},
      {"'a' == 'b' in ['c']", "21: when: comparisons do not chain; join two of them by 'and'"},
      {"match.role == 'x'",
       "16: when: 'match' has no 'role'; no pattern before it has a group (?P<role>...)"},
      {"in == 'x'", "10: when: 'in' stands where a value is due"},
  };
  for (const Row& row : rows) {
    MappingSource source = Sample("x");
    source.when = At(row.expression);
    const std::string mistakes = MistakesIn(source);
    EXPECT_TRUE(mistakes.starts_with("test.yaml:7:" + row.expected))
        << row.expression << "\n  is: " << mistakes << "\n due: test.yaml:7:" << row.expected;
  }
}

TEST(ExpressionTest, ReportsEveryMistakeOfAnExpressionOnce) {
  MappingSource source = Sample("x");
  source.when = At("usr.name == 'a' or user.x | lowr in groups.nam");
  EXPECT_EQ(MistakesIn(source),
            "test.yaml:7:10: when: unknown name 'usr'; did you mean 'user'?\n"
            "test.yaml:7:34: when: 'user' has no 'x'; name it under ldap.users.attributes first\n"
            "test.yaml:7:38: when: unknown filter 'lowr'; did you mean 'lower'?\n"
            "test.yaml:7:53: when: 'groups' has no 'nam'; did you mean 'name'?");
}

TEST(ExpressionTest, CountsColumnsInCharacters) {
  MappingSource source = Sample("x");
  source.when = At("'\xC3\xBC\xC3\xB6' == usr.name");
  EXPECT_TRUE(MistakesIn(source).starts_with("test.yaml:7:18: ")) << MistakesIn(source);
}

TEST(ExpressionTest, GivesTheStartOfWhatDoesNotStandSoInTheFile) {
  MappingSource source = Sample("x");
  source.when = At("true and usr.name");
  source.when->verbatim = false;
  EXPECT_EQ(MistakesIn(source),
            "test.yaml:7:10: when: unknown name 'usr'; did you mean 'user'?\n"
            "    true and usr.name\n"
            "             ^");
}

TEST(ExpressionTest, ShowsTheLineOfAMistakeThatDoesNotStandSoInTheFile) {
  const Row rows[] = {
      {"true and\nusr.name == '\xC3\xBC'\nor true", "usr.name == '\xC3\xBC'\n    ^"},
      {"'\xC3\xBC\xC3\xB6' ==\tusr.name", "'\xC3\xBC\xC3\xB6' == usr.name\n            ^"},
      {"true and", "true and\n            ^"},
      {"true or\n", "\n    ^"},
      {"'" + std::string(100, 'a') + "' == usr.name and '" + std::string(100, 'b') + "' == 'b'",
       std::string(55, 'a') + "' == usr.name and '" + std::string(16, 'b') + "\n    " +
           std::string(60, ' ') + "^"},
  };
  for (const Row& row : rows) {
    MappingSource source = Sample("x");
    source.when = At(row.expression);
    source.when->verbatim = false;
    const std::string mistakes = MistakesIn(source);
    EXPECT_EQ(mistakes.substr(std::min(mistakes.find('\n'), mistakes.size())),
              "\n    " + row.expected);
  }
}

std::string Nested(size_t depth) {
  return std::string(depth, '(') + "true" + std::string(depth, ')');
}

TEST(ExpressionTest, NestsToItsLimitAndNoFurther) {
  EXPECT_EQ(Judge(Nested(31)), "true");
  MappingSource source = Sample("x");
  source.when = At(Nested(32));
  EXPECT_EQ(MistakesIn(source),
            "test.yaml:7:42: when: the expression nests deeper than 32 levels; split it");
  source.when = At(Nested(100'000));
  EXPECT_NE(MistakesIn(source), "");
}

std::string Chained(size_t filters) {
  std::string expression = "'a'";
  for (size_t i = 0; i < filters; ++i) expression += "|trim";
  return expression;
}

TEST(ExpressionTest, HasPartsToItsLimitAndNoMore) {
  EXPECT_EQ(Render(Chained(999)), "a");
  EXPECT_TRUE(MistakesIn(Sample("{{" + Chained(1000) + "}}"))
                  .ends_with("value: the expression has more than 1000 parts; split it"));
  std::string nots;
  for (int i = 0; i < 50'000; ++i) nots += "not ";
  EXPECT_EQ(Judge(nots + "true"), "true");
}

}  // namespace
}  // namespace rolebridge::mapping
