#include "bridge/mapping/template.h"

#include <gtest/gtest.h>

#include "tests/bridge/mapping/facts_for_tests.h"

namespace rolebridge::mapping {
namespace {

struct Row {
  std::string text;
  std::string expected;
};

TEST(TemplateTest, RendersTextAndExpressions) {
  const Row rows[] = {
      {"plain", "plain"},
      {"{{user.username}}", "alice"},
      {"{{ 'a' }}{{ 'b' }}", "ab"},
      {"x{{ user.username }}y", "xalicey"},
      {"{ }", "{ }"},
      {"}{", "}{"},
      {"{{ '}}' }}", "}}"},
      {"{{ '{{' }}", "{{"},
      {"{{ \"{{ user.username }}\" }}", "{{ user.username }}"},
      {"a, b: c # d", "a, b: c # d"},
  };
  for (const Row& row : rows) {
    const auto texts = Texts(OutcomeOf(Sample(row.text)));
    ASSERT_EQ(texts.size(), 1u) << row.text;
    EXPECT_EQ(texts.front(), row.expected) << row.text;
  }
}

// security.md M1.
TEST(TemplateTest, NeverReadsAValueAsATemplate) {
  for (const std::string value : {"{{ 7*7 }}", "{{ user.dn }}", "{% for %}", "{{", "}}", "'",
                                  "{{ user.username }}", "${x}", "\\1"}) {
    Facts facts = SampleFacts();
    facts.user.username = value;
    EXPECT_EQ(Texts(OutcomeOf(Sample("<{{ user.username }}>"), facts)),
              std::vector{"<" + value + ">"});
    EXPECT_EQ(Texts(OutcomeOf(Sample("<{{ user.username | replace('zz', 'y') | trim }}>"), facts)),
              std::vector{"<" + value + ">"});
  }
}

TEST(TemplateTest, RefusesWithPlaceAndReason) {
  const Row rows[] = {
      {"", "10: value: is empty; give it a text"},
      {"a {{ user.username", "12: value: '{{' is not closed; end the expression with '}}'"},
      {"{{", "12: value: the expression ends where a value is due"},
      {"{{ }}", "13: value: '}}' stands where a value is due"},
      {"a }} b", "12: value: '}}' without '{{' before it"},
      {"{% if x %}", "10: value: '{%' is not part of this language; use for_each and when"},
      {"a{# x #}", "11: value: '{#' is not part of this language; use for_each and when"},
      {"a {{ usr.x }} b", "15: value: unknown name 'usr'; did you mean 'user'?"},
      {"{{ user.username user.dn }}",
       "27: value: 'user' does not belong to the expression; end it with '}}'"},
      {"{{ groups }}",
       "10: value: a text is due between '{{' and '}}', and this is the list of "
       "groups (groups.name are their names)"},
      {"{{ true }}", "10: value: a text is due between '{{' and '}}', and this is a condition"},
      {"{{ 'a }}", "13: value: ''a }}' is not closed; end the text with the same quote"},
      {"a\nb", "11: value: the text has a line break; begin a block with '>-', which has none"},
      {"a\tb", "11: value: the text has a control character; take it out"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(MistakesIn(Sample(row.text)), "test.yaml:7:" + row.expected) << row.text;
  }
}

TEST(TemplateTest, ReportsEveryHole) {
  EXPECT_EQ(MistakesIn(Sample("{{ usr.a }}{{ }}{{ user.username | lowr }}")),
            "test.yaml:7:13: value: unknown name 'usr'; did you mean 'user'?\n"
            "test.yaml:7:24: value: '}}' stands where a value is due\n"
            "test.yaml:7:45: value: unknown filter 'lowr'; did you mean 'lower'?");
}

TEST(TemplateTest, KeepsTheSeams) {
  const Outcome outcome = OutcomeOf(Sample("a{{ user.username }}{{ vars.provider }}b"));
  ASSERT_EQ(outcome.values.size(), 1u);
  const auto& pieces = outcome.values.front().text.pieces;
  ASSERT_EQ(pieces.size(), 4u);
  EXPECT_EQ(pieces[0].text, "a");
  EXPECT_FALSE(pieces[0].from_directory);
  EXPECT_EQ(pieces[1].text, "alice");
  EXPECT_TRUE(pieces[1].from_directory);
  EXPECT_EQ(pieces[2].text, "rolebridge");
  EXPECT_FALSE(pieces[2].from_directory);
  EXPECT_EQ(pieces[3].text, "b");
  EXPECT_FALSE(pieces[3].from_directory);
}

TEST(TemplateTest, TellsItsPartsBeforeAnybodyLogsIn) {
  std::vector<Mistake> mistakes;
  MappingSource source = Sample("a{{ role }}{{ fixed }}{{ vars.provider }}");
  source.for_each = At("group in groups, role in group.aws_role, fixed in ['x']");
  const auto mapping = Mapping::Parse(source, SampleNames(), mistakes);
  ASSERT_TRUE(mapping.has_value()) << Lines(mistakes);
  const auto templates = mapping->templates();
  ASSERT_EQ(templates.size(), 1u);
  ASSERT_EQ(templates[0].size(), 4u);
  EXPECT_EQ(templates[0][0].literal, "a");
  EXPECT_FALSE(templates[0][0].is_expression);
  EXPECT_TRUE(templates[0][1].is_expression);
  EXPECT_TRUE(templates[0][1].from_directory);
  EXPECT_FALSE(templates[0][2].from_directory);
  EXPECT_FALSE(templates[0][3].from_directory);
}

}  // namespace
}  // namespace rolebridge::mapping
