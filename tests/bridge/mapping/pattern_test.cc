#include "bridge/mapping/pattern.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

namespace rolebridge::mapping {
namespace {

std::shared_ptr<const Pattern> Compiled(std::string_view text) {
  auto pattern = Pattern::Compile(text);
  EXPECT_TRUE(pattern.has_value()) << text << ": " << pattern.error().message;
  return *std::move(pattern);
}

TEST(PatternTest, MatchesTheWholeTextAndNothingLess) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  struct Row {
    std::string pattern, text;
    bool matches;
  };
  using std::string_literals::operator""s;
  const Row rows[] = {
      {"aws-.*", "aws-admin", true},
      {"aws-.*", "xaws-admin", false},
      {"admin", "admin\n", false},
      {"admin$", "admin\n", false},
      {"a.c", "a\nc", false},
      {"(?s)a.c", "a\nc", true},
      {"(?i)admin", "ADMIN", true},
      {"a|ab", "ab", true},
      {"", "", true},
      {"", "a", false},
      {"[0-9]+", "\xEF\xBC\x91", false},  // a full-width one
      {"a.", "a\xC3\xBC", true},
      {"a.", "a\xFF", false},
      {"a", "a\0"s, false},
      {"a\\x00", "a\0"s, true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Compiled(row.pattern)->MatchWhole(evaluation, row.text).has_value(), row.matches)
        << row.pattern << " " << row.text;
  }
}

TEST(PatternTest, TellsItsNamedGroupsInTheirOrder) {
  const auto pattern = Compiled("(?P<z>.)(.)(?P<a>.)?");
  using Named = std::vector<std::pair<std::string, size_t>>;
  EXPECT_EQ(pattern->named_groups(), (Named{{"z", 1}, {"a", 3}}));
  const Facts facts;
  Evaluation evaluation(facts, 0);
  const auto groups = pattern->MatchWhole(evaluation, "xy");
  ASSERT_TRUE(groups.has_value());
  EXPECT_EQ((*groups)[1], "x");
  EXPECT_FALSE((*groups)[3].has_value());
}

TEST(PatternTest, TellsAGroupThatTookNothingFromOneThatTookNoPart) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  const auto groups = Compiled("(a*)(b)?")->MatchWhole(evaluation, {});
  ASSERT_TRUE(groups.has_value());
  EXPECT_EQ((*groups)[1], "");
  EXPECT_FALSE((*groups)[2].has_value());
}

TEST(PatternTest, HasAsManyGroupsAsItIsWrittenWith) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  std::string pattern, text;
  for (int i = 0; i < 20; ++i) {
    pattern += "(.)";
    text += static_cast<char>('a' + i);
  }
  const auto groups = Compiled(pattern)->MatchWhole(evaluation, text);
  ASSERT_TRUE(groups.has_value());
  ASSERT_EQ(groups->size(), 21u);
  EXPECT_EQ((*groups)[20], "t");
}

TEST(PatternTest, RefusesInRe2sWords) {
  EXPECT_EQ(Pattern::Compile("[a").error().message, "missing ]: [a");
  EXPECT_EQ(Pattern::Compile("a**").error().message, "bad repetition operator: **");
  for (const std::string text :
       {"(a", "a)", "\\", "(?=a)", "(?<!a)b", "(a)\\1", "\\8", "\xFF", "*", "a{2000}", "[[:word"}) {
    EXPECT_FALSE(Pattern::Compile(text).has_value()) << text;
  }
}

// security.md M7: bounded memory.
TEST(PatternTest, RefusesAPatternThatNeedsTooMuchMemory) {
  EXPECT_FALSE(Pattern::Compile("((a{100}){100}){100}").has_value());
}

std::string Replaced(std::string_view pattern, std::string_view text, std::string_view rewrite) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  return Compiled(pattern)->Replace(evaluation, text, rewrite);
}

// The expected values are what RE2::GlobalReplace makes of the same.
TEST(PatternTest, ReplacesAsRe2Does) {
  const char* const patterns[] = {"",       "a",    "a*",  "b+",    "^",     "$",         "a|",
                                  "(a)(b)", "a.*a", "\\b", "[^a]*", "(b)|a", "\xC3\xBC?", "(?i)A"};
  const char* const texts[] = {
      "", "a", "baaaac", "aba\naba", "abab", "b", "x\xC3\xBCy\xE4\xBA\xBA", "AaA"};
  for (const char* const pattern : patterns) {
    const int groups = RE2(pattern).NumberOfCapturingGroups();
    for (const char* const text : texts) {
      for (const std::string rewrite : {"", "<\\0>", "x", "\\\\", groups > 0 ? "[\\1]" : "y"}) {
        std::string expected = text;
        RE2::GlobalReplace(&expected, pattern, rewrite);
        EXPECT_EQ(Replaced(pattern, text, rewrite), expected)
            << pattern << " " << text << " " << rewrite;
      }
    }
  }
}

TEST(PatternTest, JudgesAReplacementBeforeItIsUsed) {
  EXPECT_EQ(Compiled("(a)(b)")->ComplaintAbout("\\2\\1\\0\\\\x"), "");
  EXPECT_EQ(Compiled("(a)")->ComplaintAbout("\\2"), "names group \\2, and the pattern has 1");
  EXPECT_EQ(Compiled("(a)")->ComplaintAbout("\\n"),
            "has a backslash that stands before neither a digit nor a backslash");
  EXPECT_NE(Compiled("(a)")->ComplaintAbout("x\\"), "");
}

TEST(PatternTest, FindsItsFirstGroupOrTheWhole) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  EXPECT_EQ(Compiled("[0-9]+")->Search(evaluation, "a12b34"), "12");
  EXPECT_EQ(Compiled("b([0-9]+)")->Search(evaluation, "a12b34"), "34");
  EXPECT_EQ(Compiled("x")->Search(evaluation, "a12b34"), std::nullopt);
  EXPECT_EQ(Compiled("(x)|a")->Search(evaluation, "a"), std::nullopt);
}

TEST(PatternTest, PaysForEachByteItLooksAt) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  const std::string text(256 * kEvaluationSteps, 'a');
  EXPECT_FALSE(Compiled("a*")->MatchWhole(evaluation, text).has_value());
  EXPECT_TRUE(evaluation.exhausted());
}

// Each empty match between 10,000 characters would take 10,000 bytes.
TEST(PatternTest, StopsReplacingWhereTheOutputIsTooMuch) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  const std::string replaced =
      Compiled("")->Replace(evaluation, std::string(10'000, 'a'), std::string(10'000, 'b'));
  EXPECT_LE(replaced.size(), kEvaluationOutput + 20'000);
}

}  // namespace
}  // namespace rolebridge::mapping
