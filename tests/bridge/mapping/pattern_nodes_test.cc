#include "bridge/mapping/pattern_nodes.h"

#include <gtest/gtest.h>

#include "tests/bridge/mapping/facts_for_tests.h"

namespace rolebridge::mapping {
namespace {

struct Row {
  std::string condition;
  std::string expression;
  std::string expected;
};

TEST(MatchesTest, JudgesWholeTexts) {
  const std::pair<std::string, std::string> rows[] = {
      {"user.username matches 'ali.*'", "true"},
      {"user.username matches 'lic'", "false"},
      {"not user.username matches 'b.*'", "true"},
      {"user.email matches '[^@]+@example\\.org'", "true"},
      {"authentication.assurance matches 'm.a'", "true"},
      {"user.email | upper matches 'ALICE@.*'", "true"},
      {"user.nickname matches 'x'", "undefined: user 'alice' has no attribute nickname"},
      {"user.department matches 'x'",
       "undefined: user 'alice': department has 2 values where one is due"},
      {"true or user.nickname matches 'x'", "undefined: user 'alice' has no attribute nickname"},
  };
  for (const auto& [condition, expected] : rows) EXPECT_EQ(Judge(condition), expected) << condition;
}

TEST(MatchesTest, BindsItsNamedGroups) {
  const Row rows[] = {
      {"'AWS-123-Admin' matches 'AWS-(?P<id>[0-9]+)-(?P<role>.+)'", "match.role", "Admin"},
      {"'AWS-123-Admin' matches 'AWS-(?P<id>[0-9]+)-(?P<role>.+)' and match.id == '123'",
       "match.role", "Admin"},
      {"'a-b' matches '(?P<x>.)-.' and 'c-d' matches '(?P<y>.)-.'",
       "[match.x, match.y] | join('+')", "a+c"},
      // The last that matched sets all of its groups.
      {"'ab' matches '(?P<x>.)(?P<y>.)' or 'c' matches '(?P<x>.)(?P<y>.)?'", "match.x", "c"},
      {"'ab' matches '(?P<x>.)(?P<y>.)' or 'c' matches '(?P<x>.)(?P<y>.)?'", "match.y",
       "dropped: nothing matched the group 'y'"},
      {"'ab' matches '(?P<x>.).' or 'cd' matches '(?P<x>.)'", "match.x", "a"},
      {"'b' matches '(?P<x>a)?b'", "match.x", "dropped: nothing matched the group 'x'"},
      {"'b' matches '(?P<x>a*)b'", "match.x", ""},
      {"'b' matches '(?P<x>a)' or true", "match.x", "dropped: nothing matched the group 'x'"},
      {"'b' matches '(?P<x>a)' or true", "match.x | default('none')", "none"},
      {"not 'b' matches '(?P<x>a)' and match.x == 'a'", "'x'",
       "dropped: nothing matched the group 'x'"},
      {"user.username matches '(?P<x>b).*'", "match.x", "nothing"},
      {"'ya' matches 'x(?P<role>.)|y(?P<role>.)'", "match.role", "a"},
      {"'xa' matches 'x(?P<role>.)|y(?P<role>.)'", "match.role", "a"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(RenderWhere(row.condition, row.expression), row.expected)
        << row.condition << " " << row.expression;
  }
}

TEST(MatchesTest, ForgetsWhatTheElementBeforeMatched) {
  MappingSource source = Sample("{{ match.role | default('none') }}");
  source.for_each = At("name in groups.name");
  source.when = At("name matches 'aws-(?P<role>.+)' or true");
  EXPECT_EQ(Texts(OutcomeOf(source)),
            (std::vector<std::string>{"none", "admin", "reader", "none"}));
}

TEST(MatchesTest, GivesEachValueTheMatch) {
  MappingSource source = Sample("{{ match.role }}");
  source.values.push_back(At("<{{ match.role }}>", 8));
  source.when = At("user.username matches '(?P<role>..).*'");
  EXPECT_EQ(Texts(OutcomeOf(source)), (std::vector<std::string>{"al", "<al>"}));
}

TEST(MatchesTest, KeepsWhereItsTextCameFrom) {
  const auto piece_of = [](const std::string& text) {
    MappingSource source = Sample("{{ match.x }}");
    source.when = At(text + " matches '(?P<x>.).*'");
    std::vector<Mistake> mistakes;
    const auto mapping = Mapping::Parse(source, SampleNames(), mistakes);
    EXPECT_TRUE(mapping.has_value()) << Lines(mistakes);
    const TracedText::Piece piece = mapping->Evaluate(SampleFacts()).values.at(0).text.pieces.at(0);
    EXPECT_EQ(mapping->templates()[0][0].from_directory, piece.from_directory);
    return piece.source;
  };
  EXPECT_EQ(piece_of("'x'"), "");
  EXPECT_EQ(piece_of("vars.region"), "");
  EXPECT_EQ(piece_of("user.username"), "user 'alice': username");
  EXPECT_EQ(piece_of("(groups.name | first)"), "group 'Zebra': name");
}

TEST(MatchesTest, IsTheDirectorysWhereOnePatternLooksIntoIt) {
  MappingSource source = Sample("{{ match.x }}");
  source.when = At("user.username matches '(?P<x>b).*' or 'y' matches '(?P<x>.)'");
  std::vector<Mistake> mistakes;
  const auto mapping = Mapping::Parse(source, SampleNames(), mistakes);
  ASSERT_TRUE(mapping.has_value());
  EXPECT_TRUE(mapping->templates()[0][0].from_directory);
}

TEST(MatchesTest, RefusesWithPlaceAndReason) {
  const std::pair<std::string, std::string> rows[] = {
      {"user.username matches '[a'", "32: when: '[a' is no pattern of RE2: missing ]: [a"},
      {"user.username matches vars.region",
       "32: when: 'vars' stands where a pattern in quotes is due"},
      {"user.username matches", "31: when: the expression ends where a pattern in quotes is due"},
      {"groups matches 'x'",
       "10: when: 'matches' takes a text, and this is the list of groups (groups.name are their "
       "names)"},
      {"true matches 'x'", "10: when: 'matches' takes a text, and this is a condition"},
      {"'a' matches 'b' matches 'c'",
       "26: when: comparisons do not chain; join two of them by 'and'"},
      {"'a' matches '(?P<role>.)' and match.rol == 'x'",
       "46: when: 'match' has no 'rol'; did you mean 'role'?"},
      {"match.role == 'x' and 'a' matches '(?P<role>.)'",
       "16: when: 'match' has no 'role'; no pattern before it has a group (?P<role>...)"},
      {"match == 'x'",
       "10: when: 'match' is no value itself; name one of its fields, as in match.role"},
      {"matches == 'x'", "10: when: 'matches' stands where a value is due"},
  };
  for (const auto& [condition, expected] : rows) {
    EXPECT_EQ(MistakesInCondition(condition), expected) << condition;
  }
}

TEST(MatchesTest, HasNothingInForEach) {
  MappingSource source = Sample("x");
  source.for_each = At("x in [match.role]", 6, 15);
  EXPECT_EQ(MistakesIn(source),
            "test.yaml:6:21: for_each: 'match' has nothing yet in for_each; use it in when and "
            "value");
}

TEST(RegexFiltersTest, ReplaceAndSearch) {
  const std::pair<std::string, std::string> rows[] = {
      {"'AWS-123-Admin' | regex_replace('^AWS-[0-9]+-', '')", "Admin"},
      {"'a-b' | regex_replace('(.)-(.)', '\\2-\\1')", "b-a"},
      {"'abc' | regex_replace('x', 'y')", "abc"},
      {"user.department | regex_replace('[^A-Z]', '') | join('+')", "IT+RD"},
      {"user.email | regex_replace('@.*', '')", "alice"},
      {"user.nickname | regex_replace('a', 'b')",
       "dropped: user 'alice' has no attribute nickname"},
      {"'AWS-123-Admin' | regex_search('[0-9]+')", "123"},
      {"'AWS-123-Admin' | regex_search('-([A-Z].*)')", "Admin"},
      {"'abc' | regex_search('x')", "dropped: 'regex_search' finds nothing in 'abc'"},
      {"'abc' | regex_search('x') | default('none')", "none"},
      {"groups.name | regex_search('^aws-(.+)') | join('+')", "admin+reader"},
      {"groups.name | regex_search('^gcp-(.+)') | join('+')",
       "dropped: 'regex_search' finds nothing in the list"},
      {"authentication.assurance | regex_search('.')", "m"},
  };
  for (const auto& [expression, expected] : rows) {
    EXPECT_EQ(Render(expression), expected) << expression;
  }
}

TEST(RegexFiltersTest, KeepWhereATextCameFrom) {
  for (const std::string filter : {"regex_replace('a', 'b')", "regex_search('(a)')"}) {
    const Outcome outcome = OutcomeOf(Sample("{{ user.username | " + filter + " }}"));
    ASSERT_EQ(outcome.values.size(), 1u);
    EXPECT_EQ(outcome.values[0].text.pieces[0].source, "user 'alice': username");
  }
}

TEST(RegexFiltersTest, RefuseWithPlaceAndReason) {
  const std::pair<std::string, std::string> rows[] = {
      {"'a' | regex_replace('(', 'b') == 'a'", "30: when: '(' is no pattern of RE2: missing )"},
      {"'a' | regex_search('[a') == 'a'", "29: when: '[a' is no pattern of RE2: missing ]: [a"},
      {"'a' | regex_replace('a', '\\1') == 'a'",
       "35: when: '\\1' names group \\1, and the pattern has 0"},
      {"'a' | regex_replace('a', '\\n') == 'a'",
       "35: when: '\\n' has a backslash that stands before neither a digit nor a backslash"},
      {"'a' | regex_replace(user.username, 'b') == 'a'",
       "30: when: filter 'regex_replace' takes its arguments in quotes"},
      {"'a' | regex_replace('a', vars.region) == 'a'",
       "35: when: filter 'regex_replace' takes its arguments in quotes"},
      {"'a' | regex_search('a' | lower) == 'a'",
       "29: when: filter 'regex_search' takes its arguments in quotes"},
      {"'a' | regex_search == 'a'", "16: when: filter 'regex_search' takes 1 argument, and has 0"},
      {"true | regex_search('a') == 'a'",
       "17: when: filter 'regex_search' takes a text, and this is a condition"},
      {"'a' | regex_serch('a') == 'a'",
       "16: when: unknown filter 'regex_serch'; did you mean 'regex_search'?"},
  };
  for (const auto& [condition, expected] : rows) {
    EXPECT_TRUE(MistakesInCondition(condition).starts_with(expected))
        << condition << "\n  is: " << MistakesInCondition(condition) << "\n due: " << expected;
  }
}

TEST(RegexFiltersTest, CannotGrowWithoutBound) {
  std::string expression = "'x'";
  for (int i = 0; i < 5; ++i) {
    expression += " | regex_replace('x', '" + std::string(100, 'x') + "')";
  }
  EXPECT_EQ(Render(expression), "exhausted");
}

}  // namespace
}  // namespace rolebridge::mapping
