#include "bridge/mapping/mapping.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bridge/mapping/evaluation.h"
#include "tests/bridge/mapping/facts_for_tests.h"

namespace rolebridge::mapping {
namespace {

using Strings = std::vector<std::string>;

constexpr char kProvider[] = "arn:aws:iam::123412341234:saml-provider/rolebridge";

MappingSource ForEach(std::string for_each, std::string value) {
  MappingSource source = Sample(std::move(value));
  source.for_each = At(std::move(for_each), 6, 15);
  return source;
}

std::string Pair(const std::string& role) {
  return "arn:aws:iam::123412341234:role/" + role + "," + kProvider;
}

// The three forms of the original.

TEST(MappingTest, GivesAStaticPair) {
  EXPECT_EQ(Texts(OutcomeOf(Sample(Pair("saml_role")))), Strings{Pair("saml_role")});
}

TEST(MappingTest, TakesTheRoleOutOfTheMergedAttribute) {
  // Zebra < aws-admin < aws-reader < staff: aws-reader is the last that has the attribute.
  EXPECT_EQ(Texts(OutcomeOf(Sample(Pair("{{ group_attributes.aws_role | last }}")))),
            Strings{Pair("reader")});
  Facts facts = SampleFacts();
  facts.groups.push_back({"b-group", "cn=b", {{"aws_role", {"zz", "yy"}}}});
  EXPECT_EQ(Texts(OutcomeOf(Sample(Pair("{{ group_attributes.aws_role | last }}")), facts)),
            Strings{Pair("zz")});
}

TEST(MappingTest, GivesAListToChooseFrom) {
  MappingSource source = Sample(Pair("role_a"));
  source.values.push_back(At(Pair("role_b"), 8));
  source.values.push_back(At(Pair("role_c"), 9));
  const Outcome outcome = OutcomeOf(source);
  EXPECT_EQ(Texts(outcome), (Strings{Pair("role_a"), Pair("role_b"), Pair("role_c")}));
  EXPECT_EQ(outcome.values[2].position.line, 9);
}

TEST(MappingTest, GoesThroughGroupsAndTheirValues) {
  const Outcome outcome =
      OutcomeOf(ForEach("group in groups, role in group.aws_role", Pair("{{ role }}")));
  EXPECT_EQ(Texts(outcome), (Strings{Pair("admin"), Pair("writer"), Pair("reader")}));
  EXPECT_EQ(outcome.values[0].text.pieces[1].source, "group 'aws-admin': aws_role");
  ASSERT_EQ(outcome.dropped.size(), 2u);
  EXPECT_EQ(outcome.dropped[0].reason, "group 'Zebra' has no attribute aws_role");
  EXPECT_EQ(outcome.dropped[1].reason, "group 'staff' has no attribute aws_role");
  EXPECT_EQ(outcome.dropped[0].mapping, "sample");
  EXPECT_EQ(outcome.dropped[0].position.line, 6);
}

TEST(MappingTest, FiltersByWhen) {
  MappingSource source =
      ForEach("group in groups, role in group.aws_role | default([])", "{{ role }}");
  source.when = At("group.name == 'aws-admin' and role != 'writer'");
  const Outcome outcome = OutcomeOf(source);
  EXPECT_EQ(Texts(outcome), Strings{"admin"});
  EXPECT_TRUE(outcome.dropped.empty());
}

// security.md M8.
TEST(MappingTest, DropsAndReportsAnElementWhoseConditionIsUndefined) {
  MappingSource source = ForEach("group in groups", "{{ group.name }}");
  source.when = At("group.owner == user.username or true", 9, 11);
  const Outcome outcome = OutcomeOf(source);
  EXPECT_EQ(Texts(outcome), Strings{"aws-reader"});
  ASSERT_EQ(outcome.dropped.size(), 3u);
  EXPECT_EQ(outcome.dropped[0].reason, "group 'Zebra' has no attribute owner");
  EXPECT_EQ(outcome.dropped[0].position.line, 9);
}

TEST(MappingTest, DropsAnElementWithoutTheOneValueThatIsDue) {
  const Outcome outcome = OutcomeOf(ForEach("group in groups", "<{{ group.aws_role }}>"));
  EXPECT_EQ(Texts(outcome), Strings{"<reader>"});
  ASSERT_EQ(outcome.dropped.size(), 3u);
  EXPECT_EQ(outcome.dropped[1].reason, "group 'aws-admin': aws_role has 2 values where one is due");
  EXPECT_EQ(outcome.dropped[1].value, "<");
}

TEST(MappingTest, DropsOneValueAndKeepsTheRest) {
  MappingSource source = Sample("{{ user.nickname }}");
  source.values.push_back(At("{{ user.username }}"));
  const Outcome outcome = OutcomeOf(source);
  EXPECT_EQ(Texts(outcome), Strings{"alice"});
  EXPECT_EQ(outcome.dropped.size(), 1u);
}

TEST(MappingTest, BindsOverLiteralsAndTexts) {
  EXPECT_EQ(Texts(OutcomeOf(ForEach("a in ['x', 'y'], b in ['1', '2']", "{{ a }}{{ b }}"))),
            (Strings{"x1", "x2", "y1", "y2"}));
  EXPECT_EQ(Texts(OutcomeOf(ForEach("name in groups.name", "{{ name }}"))),
            (Strings{"Zebra", "aws-admin", "aws-reader", "staff"}));
  EXPECT_EQ(Texts(OutcomeOf(ForEach("part in vars.region | split('-')", "{{ part }}"))),
            (Strings{"eu", "west", "1"}));
  EXPECT_EQ(Texts(OutcomeOf(ForEach("a in []", "{{ a }}"))), Strings{});
}

TEST(MappingTest, GivesTheSameWhateverTheOrderOfTheServersAnswer) {
  const MappingSource sources[] = {
      ForEach("group in groups, role in group.aws_role", "{{ group.dn }} {{ role }}"),
      Sample("{{ groups.name | join(' ') }} {{ user.department | join(' ') }}"),
      Sample("{{ group_attributes.aws_role | join(' ') }}")};
  for (const MappingSource& source : sources) {
    Facts facts = SampleFacts();
    facts.groups.push_back({"staff", "cn=staff,ou=a", {{"aws_role", {"q", "p"}}}});
    const Strings expected = Texts(OutcomeOf(source, facts));
    std::sort(facts.groups.begin(), facts.groups.end(),
              [](const Group& a, const Group& b) { return a.dn < b.dn; });
    do {
      EXPECT_EQ(Texts(OutcomeOf(source, facts)), expected);
      for (Group& group : facts.groups) {
        for (auto& [name, values] : group.attributes) std::reverse(values.begin(), values.end());
      }
    } while (std::next_permutation(facts.groups.begin(), facts.groups.end(),
                                   [](const Group& a, const Group& b) { return a.dn < b.dn; }));
  }
}

struct Row {
  std::string for_each;
  std::string expected;
};

TEST(MappingTest, RefusesABrokenForEach) {
  const Row rows[] = {
      {"", "6:15: for_each: a name is due here, as in: group in groups"},
      {"group", "6:20: for_each: 'in' is due behind 'group', as in: group in groups"},
      {"group of groups", "6:21: for_each: 'in' is due behind 'group', as in: group in groups"},
      {"group in", "6:23: for_each: the expression ends where a value is due"},
      {"group in groups,", "6:31: for_each: a name is due here, as in: group in groups"},
      {"group in groups role in group.aws_role",
       "6:31: for_each: 'role' is not due here; ',' stands before the next name"},
      {"group in groups, group in groups", "6:32: for_each: 'group' is bound twice"},
      {"user in groups", "6:15: for_each: 'user' has a meaning already; choose another name"},
      {"not in groups", "6:15: for_each: 'not' has a meaning already; choose another name"},
      {"name in user.username",
       "6:15: for_each: 'name' needs a list to go through, and this is a text"},
      {"name in true",
       "6:15: for_each: 'name' needs a list to go through, and this is a condition"},
      {"name in grops", "6:23: for_each: unknown name 'grops'; did you mean 'groups'?"},
      {"group in groups, x in group",
       "6:32: for_each: 'x' needs a list to go through, and this is a group (name one of its "
       "fields, as in group.name)"},
      {"group in groups, role in group.aws_rol",
       "6:46: for_each: 'group' has no 'aws_rol'; did you mean 'aws_role'?"},
      {"role in group.aws_role, group in groups",
       "6:23: for_each: unknown name 'group'; bind it first: for_each: group in groups"},
      {"n in groups.name, x in n.name", "6:40: for_each: 'n' is a text and has no fields"},
      {"a in [], b in [], c in [], d in [], e in [], f in [], g in [], h in [], i in []",
       "6:86: for_each: more than 8 names"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(MistakesIn(ForEach(row.for_each, "x")), "test.yaml:" + row.expected) << row.for_each;
  }
}

TEST(MappingTest, BindsUpToEightNames) {
  EXPECT_EQ(MistakesIn(ForEach("a in [], b in [], c in [], d in [], e in [], f in [], g in [], "
                               "h in []",
                               "x")),
            "");
}

TEST(MappingTest, ReportsAllPartsAtOnce) {
  MappingSource source = ForEach("group in grops", "{{ group.name | lowr }}");
  source.when = At("user.emial == 'x'", 8, 11);
  source.values.push_back(At("{{ role }}", 9, 9));
  EXPECT_EQ(MistakesIn(source),
            "test.yaml:6:24: for_each: unknown name 'grops'; did you mean 'groups'?\n"
            "test.yaml:8:16: when: 'user' has no 'emial'; did you mean 'email'?\n"
            "test.yaml:7:26: values[0]: unknown filter 'lowr'; did you mean 'lower'?\n"
            "test.yaml:9:12: values[1]: unknown name 'role'; a text stands in quotes");
}

TEST(MappingTest, NeedsAValue) {
  MappingSource source = Sample("x");
  source.values.clear();
  EXPECT_EQ(MistakesIn(source), "test.yaml:5:3: value: is missing");
}

TEST(MappingTest, KeepsWhatItsSourceSays) {
  MappingSource source = Sample("x");
  source.required = true;
  source.trust_arn = true;
  std::vector<Mistake> mistakes;
  const auto mapping = Mapping::Parse(source, SampleNames(), mistakes);
  ASSERT_TRUE(mapping.has_value());
  EXPECT_EQ(mapping->name(), "sample");
  EXPECT_EQ(mapping->position().line, 5);
  EXPECT_EQ(mapping->saml_name(), "https://example.org/attribute");
  EXPECT_TRUE(mapping->required());
  EXPECT_TRUE(mapping->trust_arn());
}

// The budget (security.md section 3).

// `for_each: a in [...], b in [...]` over elements of one letter.
std::string Letters(size_t count) {
  std::string list = "[";
  for (size_t i = 0; i < count; ++i) list += i == 0 ? "'x'" : ",'x'";
  return list + "]";
}

TEST(MappingTest, SpendsStepsToItsLimitAndNoFurther) {
  // A binding over `a` costs its list (a node and one for each of 100 elements) and a step for each
  // element: with b inside, 101 + 100 + 100 * (101 + 100). One over `user.department` is a step for
  // the node and three for two values. The budget is what both sides of the limit are made from.
  const auto spend = [](size_t outer) {
    return OutcomeOf(ForEach("a in " + Letters(outer) + ", b in " + Letters(100), "x")).exhausted;
  };
  size_t works = 0, fails = 900;
  while (fails - works > 1) {
    const size_t middle = (works + fails) / 2;
    (spend(middle) ? fails : works) = middle;
  }
  // (n + 1) + n + n * (101 + 100) = 203 n + 1
  EXPECT_EQ(works, (kEvaluationSteps - 1) / 203);
  EXPECT_TRUE(
      OutcomeOf(ForEach("a in " + Letters(fails) + ", b in " + Letters(100), "x")).values.empty());
}

TEST(MappingTest, MakesOutputToItsLimitAndNoMore) {
  Facts facts = SampleFacts();
  facts.user.username = std::string(kEvaluationOutput / 2, 'x');
  const MappingSource source = Sample("{{ user.username }}{{ user.username }}");
  EXPECT_FALSE(OutcomeOf(source, facts).exhausted);
  EXPECT_EQ(OutcomeOf(source, facts).values.size(), 1u);
  facts.user.username += 'x';
  EXPECT_TRUE(OutcomeOf(source, facts).exhausted);
  EXPECT_TRUE(OutcomeOf(source, facts).values.empty());
}

TEST(MappingTest, CannotBeMadeToGrowWithoutBound) {
  // Each replace makes a hundred out of one: the fifth is beyond the budget.
  std::string expression = "'x'";
  for (int i = 0; i < 5; ++i) expression += " | replace('x', '" + std::string(100, 'x') + "')";
  EXPECT_EQ(Render(expression), "exhausted");
  Facts facts = SampleFacts();
  for (int i = 0; i < 5000; ++i) facts.groups.push_back({std::to_string(i), "", {}});
  EXPECT_TRUE(OutcomeOf(ForEach("a in groups.name, b in groups.name, c in groups.name", "x"), facts)
                  .exhausted);
}

// Of 200 accounts every other one has a group of its name, among 500 groups.
Outcome OutcomeOfManyAccounts(const std::string& for_each, const std::string& when,
                              const std::string& value) {
  std::vector<Account> accounts;
  Facts facts = SampleFacts();
  facts.groups.clear();
  for (int i = 0; i < 200; ++i) {
    const std::string alias = "account" + std::to_string(1'000 + i);
    accounts.push_back({.alias = alias, .id = std::to_string(100'000'000'000 + i)});
    if (i % 2 == 0) facts.groups.push_back({alias, "cn=" + alias, {}});
  }
  for (int i = 0; i < 400; ++i) facts.groups.push_back({"team" + std::to_string(i), "cn=x", {}});
  Names names = SampleNames();
  names.accounts = std::make_shared<const std::vector<Account>>(std::move(accounts));
  MappingSource source = ForEach(for_each, value);
  if (!when.empty()) source.when = At(when);
  std::vector<Mistake> mistakes;
  const auto mapping = Mapping::Parse(source, names, mistakes);
  EXPECT_TRUE(mapping.has_value()) << Lines(mistakes);
  return mapping ? mapping->Evaluate(facts) : Outcome{};
}

TEST(MappingTest, AsksForGroupsByEachOfManyAccounts) {
  Strings expected;
  for (int i = 0; i < 200; i += 2) expected.push_back("account" + std::to_string(1'000 + i));
  // Thirty times as many questions fit as well.
  std::string when = "account.alias in groups.name";
  for (int i = 0; i < 30; ++i) when += " and 'account' not in groups.name";
  for (const std::string& condition : {std::string("account.alias in groups.name"), when}) {
    const Outcome outcome =
        OutcomeOfManyAccounts("account in accounts", condition, "{{ account.alias }}");
    EXPECT_FALSE(outcome.exhausted);
    EXPECT_EQ(Texts(outcome), expected);
    EXPECT_TRUE(outcome.dropped.empty());
  }
}

TEST(MappingTest, MakesTheListOfGroupNamesOnce) {
  const Outcome outcome = OutcomeOfManyAccounts(
      "account in accounts", "groups.name is defined",
      "{{ account.alias }} {{ groups.name | first }} {{ groups.name | last }}");
  EXPECT_FALSE(outcome.exhausted);
  ASSERT_EQ(outcome.values.size(), 200u);
  EXPECT_EQ(outcome.values[199].text.Text(), "account1199 account1000 team99");
  EXPECT_EQ(outcome.values[199].text.pieces[4].source, "group 'team99': name");
}

TEST(MappingTest, RunsOutWhereTheWorkItselfIsTooMuch) {
  for (const std::string list : {"groups.name | lower", "groups.name | trim", "groups.name | sort",
                                 "groups.name | unique", "groups.name | default([])"}) {
    const Outcome outcome = OutcomeOfManyAccounts("account in accounts", "account.alias in " + list,
                                                  "{{ account.alias }}");
    EXPECT_TRUE(outcome.exhausted) << list;
    EXPECT_TRUE(outcome.values.empty()) << list;
  }
  EXPECT_TRUE(OutcomeOfManyAccounts("account in accounts, name in groups.name", "", "x").exhausted);
  // A copy of a list is work, whether or not anybody looks into it.
  EXPECT_TRUE(OutcomeOfManyAccounts("account in accounts", "", "{{ groups.name | trim | first }}")
                  .exhausted);
}

TEST(MappingTest, HasRoomForTheMostRolesAPersonMayHave) {
  Facts facts = SampleFacts();
  facts.groups.clear();
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "group-" + std::to_string(i);
    facts.groups.push_back({name, "cn=" + name, {{"aws_role", {name + "a", name + "b"}}}});
  }
  MappingSource source =
      ForEach("group in groups, role in group.aws_role", Pair("{{ role | lower }}"));
  source.when = At("'group-7' in groups.name or role != 'x'");
  source.when.reset();
  const Outcome outcome = OutcomeOf(source, facts);
  EXPECT_FALSE(outcome.exhausted);
  EXPECT_EQ(outcome.values.size(), 4000u);
}

TEST(MappingTest, TellsWhatForEachWasBoundToWhereTheTextDoesNot) {
  MappingSource source = Sample("fixed");
  source.for_each = At("group in groups");
  source.when = At("group.name == 'staff'");
  const Outcome fixed = OutcomeOf(source);
  ASSERT_EQ(fixed.values.size(), 1u);
  EXPECT_EQ(fixed.values[0].given_by, "group 'staff'");
  source.values = {At("{{ group.name }}")};
  EXPECT_EQ(OutcomeOf(source).values.at(0).given_by, "");
  EXPECT_EQ(OutcomeOf(Sample("fixed")).values.at(0).given_by, "");
}

TEST(MappingTest, ReportsADropAThousandTimesAndCountsTheRest) {
  Facts facts = SampleFacts();
  facts.groups.clear();
  for (int i = 0; i < 3'000; ++i) {
    facts.groups.push_back({"g" + std::to_string(i), "cn=" + std::to_string(i), {}});
  }
  MappingSource source = Sample("{{ group.aws_role }}");
  source.for_each = At("group in groups");
  const Outcome outcome = OutcomeOf(source, facts);
  EXPECT_EQ(outcome.dropped.size(), kMostReports);
  EXPECT_EQ(outcome.more_dropped, 2'000u);
  EXPECT_FALSE(outcome.exhausted);
}

}  // namespace
}  // namespace rolebridge::mapping
