#include "bridge/config/source_words.h"

#include <gtest/gtest.h>

namespace rolebridge::config {
namespace {

// "user.email@3 |lower@16".
std::string Shown(const Words& words) {
  std::string shown;
  for (const Word& word : words) {
    shown += (shown.empty() ? "" : " ") + std::string(word.kind == Word::Kind::kFilter ? "|" : "") +
             word.text + "@" + std::to_string(word.offset);
  }
  return shown;
}

std::string ShownTemplate(std::string_view text) {
  std::string shown;
  for (const Words& words : WordsOfTemplate(text)) shown += "{" + Shown(words) + "}";
  return shown;
}

TEST(SourceWordsTest, AreTheNamesAndFiltersOfEachExpression) {
  EXPECT_EQ(ShownTemplate("user.email | lower"), "");
  EXPECT_EQ(ShownTemplate("a{{ user.email | lower }}b{{'user.x'}}"), "{user.email@4 |lower@17}{}");
  EXPECT_EQ(ShownTemplate("{{ (user.a) | default(vars.b | upper) }}"),
            "{user.a@4 |default@14 vars.b@22 |upper@31}");
  EXPECT_EQ(ShownTemplate("{{ user.a | split('}},') | first }}{{ x }}"),
            "{user.a@3 |split@12 |first@27}{x@38}");
}

TEST(SourceWordsTest, AFieldBehindABracketIsNotOneOfTheNameInIt) {
  EXPECT_EQ(ShownTemplate("{{ accounts[user.x].id }}"), "{accounts@3 user.x@12}");
}

TEST(SourceWordsTest, DefaultOfAnEmptyListGivesNothing) {
  EXPECT_EQ(ShownTemplate("{{ user.a | default([]) | last }}"), "{user.a@3 |last@26}");
  EXPECT_EQ(ShownTemplate("{{ user.a | default(['x']) }}"), "{user.a@3 |default@12}");
}

TEST(SourceWordsTest, OfAForEachStandUnderTheNamesThatItBinds) {
  const auto bound =
      WordsOfForEach("group in groups, x in [group.a, user.b] | join(',') | split(',')");
  ASSERT_EQ(bound.size(), 2u);
  EXPECT_EQ(bound[0].name, "group");
  EXPECT_EQ(Shown(bound[0].words), "groups@9");
  EXPECT_EQ(bound[1].name, "x");
  EXPECT_EQ(Shown(bound[1].words), "group.a@23 user.b@32 |join@42 |split@54");
}

TEST(SourceWordsTest, ABrokenForEachMeansNames) {
  using Names = std::set<std::string>;
  EXPECT_EQ(NamesMeantBy("group, role in group.aws_role"), (Names{"group", "role"}));
  EXPECT_EQ(NamesMeantBy("group in groups role in group.aws_role"), (Names{"group", "role"}));
  EXPECT_EQ(NamesMeantBy("{{ role in groups.name }}"), (Names{"role"}));
  EXPECT_EQ(NamesMeantBy("x in usr.a"), (Names{"x"}));
  for (const char* const text : {"", "groups", "{{ groups }}", "in", "'a' in b"}) {
    EXPECT_EQ(NamesMeantBy(text), Names{}) << text;
  }
}

TEST(SourceWordsTest, OfWhatIsBrokenEnd) {
  for (const char* const text :
       {"", "{{", "{{ a", "{{ a,b }}", "{{ 'a }}", "}}{{}}", "{{ . | }}"}) {
    WordsOfTemplate(text);
    WordsOfForEach(text);
    EXPECT_LE(WordsOfCondition(text).size(), 1u);
  }
}

}  // namespace
}  // namespace rolebridge::config
