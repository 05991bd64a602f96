#include "bridge/mapping/filters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/bridge/mapping/facts_for_tests.h"

namespace rolebridge::mapping {
namespace {

struct Row {
  std::string expression;
  std::string expected;
};

TEST(FiltersTest, ChangeTexts) {
  const Row rows[] = {
      {"'Ab\xC3\x84' | lower", "ab\xC3\x84"},  // ASCII alone
      {"'Ab\xC3\xA4' | upper", "AB\xC3\xA4"},
      {"'  a b\t' | trim", "a b"},
      {"'   ' | trim | default('x')", ""},
      {"'a-b-c' | replace('-', '_')", "a_b_c"},
      {"'aaa' | replace('aa', 'b')", "ba"},
      {"'abc' | replace('x', 'y')", "abc"},
      {"'abc' | replace('b', '')", "ac"},
      {"'a.b' | replace('.', '{{ 7*7 }}')", "a{{ 7*7 }}b"},
      {"'a,b,,c' | split(',') | join('|')", "a|b||c"},
      {"'' | split(',') | join('|')", ""},
      {"'abc' | split(',') | first", "abc"},
      {"'a,b' | split(',') | last", "b"},
      {"['b', 'a', 'B', 'a'] | sort | join(' ')", "B a a b"},
      {"['b', 'a', 'b', 'a'] | unique | join(' ')", "b a"},
      {"[] | join(',')", ""},
      {"['A', 'B'] | lower | join(',')", "a,b"},
      {"user.department | lower | join(',')", "it,r&d"},
      {"user.nickname | default('none')", "none"},
      {"user.nickname | default(user.username) | upper", "ALICE"},
      {"user.nickname | default(['a', 'b']) | join('+')", "a+b"},
      {"user.nickname | default([]) | join('+')", ""},
      {"user.nickname | lower | default('x')", "x"},
      {"user.email | default('x')", "alice@example.org"},
      {"vars.region | split('-') | first", "eu"},
  };
  for (const Row& row : rows) EXPECT_EQ(Render(row.expression), row.expected) << row.expression;
}

TEST(FiltersTest, AreUndefinedWhereTheirInputIs) {
  for (const std::string filter : {"lower", "upper", "trim", "replace('a','b')", "join(',')",
                                   "first", "last", "sort", "unique", "session_name"}) {
    EXPECT_EQ(Render("user.nickname | " + filter),
              "dropped: user 'alice' has no attribute nickname")
        << filter;
  }
  EXPECT_EQ(Render("user.email | replace(user.nickname, 'x')"),
            "dropped: user 'alice' has no attribute nickname");
  EXPECT_EQ(Render("user.email | split('@' | replace('@', ''))"),
            "dropped: the first argument of 'split' is empty");
}

TEST(FiltersTest, SessionNameWritesWhatAwsDoesNotTakeInHex) {
  const Row rows[] = {
      {"alice", "alice"},     {"a.b-c_d+e,f@g", "a.b-c_d+e,f@g"}, {"a=b", "a=3Db"},
      {"a b", "a=20b"},       {"DOM\\alice", "DOM=5Calice"},      {"j\xC3\xBCrgen", "j=C3=BCrgen"},
      {"a/b:c", "a=2Fb=3Ac"},
  };
  for (const Row& row : rows) {
    Facts facts = SampleFacts();
    facts.user.username = row.expression;
    EXPECT_EQ(Render("user.username | session_name", facts), row.expected);
  }
}

// security.md M5: two people never meet in one name.
TEST(FiltersTest, SessionNameIsInjective) {
  const std::string alphabet = "=20 \xC3";
  std::vector<std::string> names = {""};
  for (size_t i = 0; i < names.size() && names[i].size() < 4; ++i) {
    const std::string prefix = names[i];
    for (const char c : alphabet) names.push_back(prefix + c);
  }
  std::set<std::string> outputs;
  for (const std::string& name : names) {
    Facts facts = SampleFacts();
    facts.user.username = name;
    const Outcome outcome = OutcomeOf(Sample("{{ user.username | session_name }}"), facts);
    ASSERT_EQ(outcome.values.size(), 1u);
    const std::string output = outcome.values.front().text.Text();
    EXPECT_TRUE(outputs.insert(output).second) << name;
    EXPECT_EQ(output.find_first_not_of("=203DC"), std::string::npos) << output;
  }
}

TEST(FiltersTest, KeepWhereATextCameFrom) {
  const auto source_of = [](const std::string& expression) {
    const Outcome outcome = OutcomeOf(Sample("{{ " + expression + " }}"));
    EXPECT_EQ(outcome.values.size(), 1u) << expression;
    const TracedText::Piece& piece = outcome.values.front().text.pieces.front();
    EXPECT_EQ(piece.from_directory, !piece.source.empty());
    return piece.source;
  };
  EXPECT_EQ(source_of("'x'"), "");
  EXPECT_EQ(source_of("vars.provider"), "");
  EXPECT_EQ(source_of("application.name"), "");
  EXPECT_EQ(source_of("authentication.assurance"), "");
  EXPECT_EQ(source_of("user.username"), "user 'alice': username");
  EXPECT_EQ(source_of("user.dn"), "user 'alice': dn");
  EXPECT_EQ(source_of("user.email"), "user 'alice': email");
  EXPECT_EQ(source_of("client.address"), "client: address");
  EXPECT_EQ(source_of("group_attributes.aws_role"), "group 'aws-reader': aws_role");
  EXPECT_EQ(source_of("groups.name | first"), "group 'Zebra': name");
  for (const std::string filter :
       {"lower", "upper", "trim", "session_name", "replace('x', 'y')", "split('@') | first",
        "sort | last", "unique | first", "join('-')", "default('x')"}) {
    const std::string input = filter.starts_with("split") ? "(user.email | first)" : "user.email";
    EXPECT_EQ(source_of(input + " | " + filter), "user 'alice': email") << filter;
  }
  EXPECT_EQ(source_of("'a-b' | replace('-', user.username)"), "user 'alice': username");
  EXPECT_EQ(source_of("['a', user.username] | join('-')"), "user 'alice': username");
  EXPECT_EQ(source_of("['a', 'b'] | join(user.username)"), "user 'alice': username");
  EXPECT_EQ(source_of("['a', user.username] | first"), "");
  EXPECT_EQ(source_of("user.nickname | default(user.username)"), "user 'alice': username");
  // What is put in for want of a value was written by the administrator.
  EXPECT_EQ(source_of("user.nickname | default('x')"), "");
}

TEST(FiltersTest, AreFoundByName) {
  for (const std::string_view name : FilterNames()) {
    ASSERT_NE(FindFilter(name), nullptr);
    EXPECT_EQ(FindFilter(name)->name, name);
  }
  EXPECT_EQ(FindFilter("Lower"), nullptr);
  EXPECT_EQ(FindFilter(""), nullptr);
  const auto names = FilterNames();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

}  // namespace
}  // namespace rolebridge::mapping
