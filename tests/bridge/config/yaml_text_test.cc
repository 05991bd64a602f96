#include "bridge/config/yaml_text.h"

#include <gtest/gtest.h>

#include "tests/bridge/config/mistakes_for_tests.h"

namespace rolebridge::config {
namespace {

std::string BadCharacter(std::string_view text) {
  const auto mistake = FindBadCharacter(text, "f");
  return mistake ? ToString(*mistake) : "";
}

TEST(YamlTextTest, TakesWellFormedUtf8) {
  for (const std::string text :
       {"", "a: b\n", "\tx", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x94\x91", "\xEF\xBF\xBD",
        "\xF4\x8F\xBF\xBF", "\xC2\xA0"}) {
    EXPECT_EQ(BadCharacter(text), "") << text;
  }
}

// security.md Y2.
TEST(YamlTextTest, RefusesBadUtf8) {
  for (const std::string text :
       {"\x80", "\xBF", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE0\x9F\xBF", "\xF0\x80\x80\xAF",
        "\xF0\x8F\xBF\xBF", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xFF", "\xFE", "\xC3", "\xE2\x82", "\xF0\x9F\x94", "\xC3(", "\xE2(\xA1"}) {
    EXPECT_EQ(BadCharacter("ab" + text), "f:1:3: is no UTF-8; save the file as UTF-8");
  }
}

TEST(YamlTextTest, RefusesControlAndDirectionCharacters) {
  const std::string control = "has a control character; take it out";
  EXPECT_EQ(BadCharacter(std::string_view("a\0b", 3)), "f:1:2: " + control);
  EXPECT_EQ(BadCharacter("a\nb\x1B"), "f:2:2: " + control);
  EXPECT_EQ(BadCharacter("\x7F"), "f:1:1: " + control);
  EXPECT_EQ(BadCharacter("\xC2\x85"), "f:1:1: " + control);      // NEL
  EXPECT_EQ(BadCharacter("\xE2\x80\xA8"), "f:1:1: " + control);  // LINE SEPARATOR
  EXPECT_EQ(BadCharacter("\xC3\xBC\xE2\x80\xAE"),
            "f:1:2: has a character that turns the direction of text; take it out");
  EXPECT_EQ(BadCharacter("\xEF\xBB\xBF"
                         "a: b"),
            "f:1:1: has a byte order mark; save the file without one");
  EXPECT_EQ(BadCharacter("a: b\r\n"),
            "f:1:5: the line ends in a carriage return; save the file with Unix line ends");
}

TEST(YamlTextTest, FindsLinesAndPositions) {
  const std::string_view text =
      "a\n\xC3\xBC"
      "bc\n\nd";
  EXPECT_EQ(LineAt(text, 0), "a");
  EXPECT_EQ(LineAt(text, 1), "a");
  EXPECT_EQ(LineAt(text, 2),
            "\xC3\xBC"
            "bc");
  EXPECT_EQ(LineAt(text, 7), "");
  EXPECT_EQ(LineAt(text, 8), "d");
  EXPECT_EQ(LineAt(text, 100), "d");
  EXPECT_EQ(ToString(PositionAt(text, 5, "f")), "f:2:3");  // in characters
  EXPECT_EQ(ToString(PositionAt(text, 8, "f")), "f:4:1");
}

TEST(YamlTextTest, FindsTheValueThatWasMeant) {
  EXPECT_EQ(MeantValue("a: {{ b }}, c # d\ne", 3, false), "{{ b }}, c");
  EXPECT_EQ(MeantValue("{ a: {{ [b, c] }}x, d }", 5, true), "{{ [b, c] }}x");
  EXPECT_EQ(MeantValue("[ {{ a }} ]", 2, true), "{{ a }}");
  EXPECT_EQ(MeantValue("[ {{ a", 2, true), "");
}

TEST(YamlTextTest, QuotesSoThatItSurvives) {
  EXPECT_EQ(InQuotes("a'b"), "\"a'b\"");
  EXPECT_EQ(InQuotes("a\"b"), "'a\"b'");
  EXPECT_EQ(InQuotes("a\\d"), "'a\\d'");
  EXPECT_EQ(InQuotes("a'b\"c"), "'a''b\"c'");
}

TEST(YamlTextTest, FindsTheEndOfAQuotedText) {
  EXPECT_EQ(EndOfQuoted("'a' b", 0), 3u);
  EXPECT_EQ(EndOfQuoted("'a''b' c", 0), 6u);
  EXPECT_EQ(EndOfQuoted("x \"a\\\"b\" c", 2), 8u);
  EXPECT_EQ(EndOfQuoted("'a", 0), std::string_view::npos);
  EXPECT_EQ(EndOfQuoted("\"a\\\"", 0), std::string_view::npos);
  EXPECT_EQ(EndOfQuoted("'", 0), std::string_view::npos);
}

struct Row {
  std::string line;
  std::string expected;
};

TEST(YamlTextTest, ExplainsTheTrapOfALine) {
  const Row rows[] = {
      {"\ta: b", "the line is indented by a tab; YAML takes spaces alone: 'a: b'"},
      {"  value: {{ a }}:b",
       "'{{' begins a nested map in YAML; put the value in quotes: value: \"{{ a }}:b\""},
      {"- {{ a }}", "'{{' begins a nested map in YAML; put the value in quotes: \"{{ a }}\""},
      {"  when: 'staff' in groups.name  # x",
       "the quotes end before the value does; put all of it in quotes: when: \"'staff' in "
       "groups.name\""},
      {"  when: \"staff\" in groups.name",
       "the quotes end before the value does; put all of it in quotes: when: '\"staff\" in "
       "groups.name'"},
      {"  - require: 'a' == 'b'",
       "the quotes end before the value does; put all of it in quotes: require: \"'a' == 'b'\""},
      {"a: \"^\\d+$\"",
       "a backslash means something else in double quotes; use single quotes: a: '^\\d+$'"},
      {"a: 'open", "the quote is not closed; end the value with it"},
      {"a: @b", "a value cannot begin with '@' in YAML; put it in quotes: a: \"@b\""},
      {"a: `b`", "a value cannot begin with '`' in YAML; put it in quotes: a: \"`b`\""},
      {"a: %b # c", "a value cannot begin with '%' in YAML; put it in quotes: a: \"%b\""},
      {"a: b: c", "': ' within a value begins a map in YAML; put the value in quotes: a: \"b: c\""},
  };
  for (const Row& row : rows) EXPECT_EQ(ExplainLine(row.line, 0).value_or(""), row.expected);
}

TEST(YamlTextTest, ExplainsTheTrapsOfABracketedLine) {
  const Row rows[] = {
      {"x: { when: 'a' in b, c: d }",
       "the quotes end before the value does; put all of it in quotes: when: \"'a' in b\""},
      {"- { a: [b, c], when: 'a' in ['b, c'] }",
       "the quotes end before the value does; put all of it in quotes: when: \"'a' in ['b, c']\""},
      {"x: { a: it's, when: \"a\" in b }",
       "the quotes end before the value does; put all of it in quotes: when: '\"a\" in b'"},
      {"x: [aws-*, *-b]", "a value cannot begin with '*' in YAML; put it in quotes: \"*-b\""},
      {"x: { y: { z: \"\\d\" } }",
       "a backslash means something else in double quotes; use single quotes: z: '\\d'"},
      {"x: [a, {{ b }}, c]",
       "'{{' begins a nested map in YAML; put the value in quotes: \"{{ b }}\""},
      {"x: { \"a, b\": 'c' d }",
       "the quotes end before the value does; put all of it in quotes: \"a, b\": \"'c' d\""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ExplainLine(row.line, 0).value_or(""), row.expected) << row.line;
  }
}

TEST(YamlTextTest, IndentsATabAsTheLinesBefore) {
  const std::string wanted = "the line is indented by a tab; YAML takes spaces alone: '";
  EXPECT_EQ(ExplainLine("a:\n\tb: c", 3), wanted + "  b: c'");
  EXPECT_EQ(ExplainLine("a:\n  b: c\n\n  # d\n\te: f", 18), wanted + "  e: f'");
  EXPECT_EQ(ExplainLine("a:\n  b:  # c\n \t d: e", 14), wanted + "    d: e'");
}

TEST(YamlTextTest, FindsWhereACommentBegins) {
  EXPECT_EQ(WithoutComment("a # b"), "a");
  EXPECT_EQ(WithoutComment("a# b"), "a# b");
  EXPECT_EQ(WithoutComment("'a # b' == c  # d"), "'a # b' == c");
  EXPECT_EQ(WithoutComment("{{ a # b }} # c"), "{{ a # b }}");
  EXPECT_EQ(WithoutComment("it's # c'"), "it's");
}

TEST(YamlTextTest, KnowsAQuoteThatStaysOpen) {
  EXPECT_TRUE(HasOpenQuote("a == 'b"));
  EXPECT_TRUE(HasOpenQuote("['a', \"b]"));
  EXPECT_FALSE(HasOpenQuote("a == 'b'"));
  EXPECT_FALSE(HasOpenQuote("it's"));
  EXPECT_FALSE(HasOpenQuote("{{ a"));
}

TEST(YamlTextTest, WritesABackslashInSingleQuotes) {
  EXPECT_EQ(InSingleQuotes("k", "a matches '\\d'"), "k: 'a matches ''\\d'''");
  EXPECT_EQ(InSingleQuotes("", "\\\"a\\\" \\\\d"), "'\"a\" \\d'");
}

TEST(YamlTextTest, ExplainsNoGoodLine) {
  for (const std::string line :
       {"", "   ", "a: b", "a: 'b'", "a: \"b\" # c", "a: { b: c }", "a: [b, c]", "- b",
        "a:", "{ a: 'b', c: d }", "a: 'b' # x: y", "a: \"\\\\d\"", "x: { a: 'b, c', d: [e, 'f'] }",
        "x: [{ a: \"b\" }, it's]"}) {
    EXPECT_EQ(ExplainLine(line, 0), std::nullopt) << line;
  }
}

}  // namespace
}  // namespace rolebridge::config
