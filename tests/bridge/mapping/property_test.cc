// What holds for any facts whatsoever, tried with many: each test prints its seed where it fails.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "bridge/aws/attributes.h"
#include "tests/bridge/mapping/facts_for_tests.h"

namespace rolebridge::mapping {
namespace {

using Random = std::mt19937;

constexpr char kForeign[] = "arn:aws:iam::999999999999:role/Root";

size_t Below(Random& random, size_t bound) {
  return std::uniform_int_distribution<size_t>(0, bound - 1)(random);
}

// What might break out of the place that it is put into (security.md M3).
std::string NastyValue(Random& random) {
  static const std::vector<std::string> kPieces = {
      "Admin",
      "app-Admin",
      "reader",
      ",",
      ":",
      "/",
      "=",
      ";until=2026-12-31",
      kForeign,
      "999999999999",
      "arn:aws:iam::999999999999:saml-provider/evil",
      "123412341234",
      "AWS-prod-",
      "*",
      "?",
      " ",
      "\n",
      "\r",
      "\t",
      std::string(1, '\0'),
      "{{ user.dn }}",
      "}}",
      "'",
      "\\1",
      "..",
      "\xEF\xBC\x91\xEF\xBC\x92",  // full-width digits
      "\xFF\xFE",                  // no UTF-8
      "\xC3",
      "\xC3\xBC",
      "\xE2\x80\xAE",  // right to left
      std::string(10'240, 'x'),
  };
  std::string value;
  const size_t pieces = 1 + Below(random, 4);
  for (size_t i = 0; i < pieces; ++i) value += kPieces[Below(random, kPieces.size())];
  return value;
}

// An ordinary value as often, so that the properties are about something.
std::string AnyValue(Random& random) {
  static const std::vector<std::string> kOrdinary = {"Admin", "reader", "Dev.Ops", "a_b", "prod"};
  if (Below(random, 2) == 0) return kOrdinary[Below(random, kOrdinary.size())];
  return NastyValue(random);
}

std::vector<std::string> AnyValues(Random& random) {
  std::vector<std::string> values(1 + Below(random, 3));
  for (std::string& value : values) value = AnyValue(random);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

Facts AnyFacts(Random& random) {
  Facts facts = SampleFacts();
  facts.user.username = AnyValue(random);
  facts.user.attributes = {{"email", AnyValues(random)}, {"department", AnyValues(random)}};
  facts.groups.clear();
  const size_t groups = Below(random, 6);
  for (size_t i = 0; i < groups; ++i) {
    const std::string name =
        Below(random, 2) == 0 ? "AWS-prod-" + AnyValue(random) : AnyValue(random);
    Group group{name, "cn=" + std::to_string(i), {}};
    if (Below(random, 4) > 0) group.attributes["aws_role"] = AnyValues(random);
    if (Below(random, 2) > 0) group.attributes["aws_account"] = AnyValues(random);
    facts.groups.push_back(std::move(group));
  }
  return facts;
}

// One way to give roles whose account is a literal of the mapping, and whose name begins with one.
struct Way {
  std::string for_each, when, role;
};

Mapping MappingOf(const Way& way) {
  MappingSource source = Sample("{{ accounts['prod'].iam }}:role/app-" + way.role +
                                ",arn:aws:iam::123412341234:saml-provider/rolebridge");
  if (!way.for_each.empty()) source.for_each = At(way.for_each);
  if (!way.when.empty()) source.when = At(way.when);
  std::vector<Mistake> mistakes;
  auto mapping = Mapping::Parse(source, SampleNames(), mistakes);
  EXPECT_TRUE(mapping.has_value()) << Lines(mistakes);
  return *std::move(mapping);
}

const std::vector<Way>& Ways() {
  static const std::vector<Way> kWays = {
      {"group in groups, role in group.aws_role", "", "{{ role }}"},
      {"group in groups, role in group.aws_role", "role != 'x'", "{{ role | lower | trim }}"},
      {"group in groups", "group.name matches '(?s)AWS-(?P<account>[^-]+)-(?P<role>.*)'",
       "{{ match.role }}"},
      {"group in groups", "'x' matches '(?P<role>.)' and group.name matches '(?P<role>(?s:.*))'",
       "{{ match.role }}"},
      {"name in groups.name | regex_replace('^AWS-', '') | regex_search('-(.*)')", "",
       "{{ name }}"},
      {"name in groups.name | sort | unique", "", "{{ name | replace('AWS-', '') }}"},
      {"part in user.email | join(',') | split(',')", "", "{{ part }}"},
      {"", "", "{{ user.username | session_name }}"},
      {"", "", "{{ group_attributes.aws_role | last }}"},
      {"", "", "{{ user.department | default('none') | first }}x"},
      {"account in accounts, group in groups", "group.aws_account == account.alias",
       "{{ group.name }}"},
  };
  return kWays;
}

std::string Written(const Outcome& outcome) {
  std::string written = outcome.exhausted ? "exhausted\n" : "";
  for (const Value& value : outcome.values) {
    for (const auto& piece : value.text.pieces) written += piece.text + "<" + piece.source + ">";
    written += "\n";
  }
  for (const Dropped& dropped : outcome.dropped) {
    written += dropped.value + " dropped: " + dropped.reason + "\n";
  }
  return written;
}

constexpr unsigned kSeeds = 150;

TEST(MappingProperties, RenderingTwiceGivesTheSame) {
  for (const Way& way : Ways()) {
    const Mapping mapping = MappingOf(way);
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
      Random random(seed);
      const Facts facts = AnyFacts(random);
      ASSERT_EQ(Written(mapping.Evaluate(facts)), Written(mapping.Evaluate(facts)))
          << way.role << " seed " << seed;
    }
  }
}

TEST(MappingProperties, TheOrderOfTheDirectorysAnswerChangesNothing) {
  for (const Way& way : Ways()) {
    const Mapping mapping = MappingOf(way);
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
      Random random(seed);
      const Facts facts = AnyFacts(random);
      Facts shuffled = facts;
      std::shuffle(shuffled.groups.begin(), shuffled.groups.end(), random);
      const auto shuffle_values = [&](AttributeValues& attributes) {
        for (auto& [name, values] : attributes) std::shuffle(values.begin(), values.end(), random);
      };
      shuffle_values(shuffled.user.attributes);
      for (Group& group : shuffled.groups) shuffle_values(group.attributes);
      ASSERT_EQ(Written(mapping.Evaluate(facts)), Written(mapping.Evaluate(shuffled)))
          << way.role << " seed " << seed;
    }
  }
}

// Even where the application allows the other account and every role.
TEST(MappingProperties, NoValueLeavesThePlaceItIsPutInto) {
  const aws::RoleRules rules{{"123412341234", "999999999999"}, {"*"}};
  for (const Way& way : Ways()) {
    const Mapping mapping = MappingOf(way);
    size_t taken = 0, refused = 0;
    for (unsigned seed = 0; seed < 4 * kSeeds; ++seed) {
      Random random(seed);
      for (const Value& value : mapping.Evaluate(AnyFacts(random)).values) {
        const auto pair = aws::CheckRole(value.text, rules, mapping.trust_arn());
        ++(pair ? taken : refused);
        if (!pair) continue;
        ASSERT_EQ(pair->role.account(), "123412341234") << way.role << " seed " << seed;
        ASSERT_EQ(pair->role.path(), "/") << way.role << " seed " << seed;
        ASSERT_TRUE(pair->role.name().starts_with("app-")) << way.role << " seed " << seed;
        ASSERT_EQ(pair->provider.text(), "arn:aws:iam::123412341234:saml-provider/rolebridge")
            << way.role << " seed " << seed;
      }
    }
    EXPECT_GT(taken, 0u) << way.role;
    EXPECT_GT(refused, 0u) << way.role;
  }
}

}  // namespace
}  // namespace rolebridge::mapping
