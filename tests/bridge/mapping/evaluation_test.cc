#include "bridge/mapping/evaluation.h"

#include <gtest/gtest.h>

namespace rolebridge::mapping {
namespace {

TEST(EvaluationTest, SortsGroupsByNameThenDn) {
  const Facts facts{.groups = {{"b", "cn=2", {}}, {"b", "cn=1", {}}, {"B", "cn=3", {}}}};
  const Evaluation evaluation(facts, 0);
  ASSERT_EQ(evaluation.groups().size(), 3u);
  EXPECT_EQ(evaluation.groups()[0]->dn, "cn=3");
  EXPECT_EQ(evaluation.groups()[1]->dn, "cn=1");
  EXPECT_EQ(evaluation.groups()[2]->dn, "cn=2");
}

// A thousand groups, in no order, of which two have the same name.
Facts ManyGroups() {
  Facts facts;
  for (int i = 0; i < 999; ++i) {
    const std::string number = std::to_string(i * 7 % 999);
    facts.groups.push_back({"group-" + number, "cn=" + number, {}});
  }
  facts.groups.push_back({"group-5", "cn=other", {}});
  return facts;
}

TEST(EvaluationTest, FindsAGroupByItsWholeName) {
  const Facts facts = ManyGroups();
  Evaluation evaluation(facts, 0);
  for (const Group& group : facts.groups) EXPECT_TRUE(evaluation.HasGroup(group.name));
  for (const std::string name : {"", "group-", "group-1000", "Group-5", "group-55x", "z"}) {
    EXPECT_FALSE(evaluation.HasGroup(name)) << name;
  }
  const Facts nobody;
  EXPECT_FALSE(Evaluation(nobody, 0).HasGroup("group-5"));
}

TEST(EvaluationTest, FindsAGroupInAStepForEachHalving) {
  const Facts facts = ManyGroups();
  Evaluation evaluation(facts, 0);
  // 1,000 groups are halved ten times, and the search itself is a step.
  for (size_t i = 0; i < kEvaluationSteps / 11; ++i) ASSERT_TRUE(evaluation.HasGroup("group-5"));
  EXPECT_FALSE(evaluation.HasGroup("group-5"));
  EXPECT_TRUE(evaluation.exhausted());
  Evaluation other(facts, 0);
  EXPECT_FALSE(other.HasGroup(std::string(256 * kEvaluationSteps / 10, 'x')));
  EXPECT_TRUE(other.exhausted());
}

TEST(EvaluationTest, PaysForTheNamesOfGroupsOnce) {
  const Facts facts = ManyGroups();
  Evaluation evaluation(facts, 0);
  for (size_t i = 0; i < 2 * kEvaluationSteps; ++i) {
    ASSERT_EQ(evaluation.GroupNames().size(), 1'000u);
  }
  EXPECT_TRUE(evaluation.Step(256 * (kEvaluationSteps - 1'002)));
  EXPECT_FALSE(evaluation.Step());
  const List names = evaluation.GroupNames();
  EXPECT_EQ(names[0].text, "group-0");
  EXPECT_EQ(names[1].text, "group-1");
  EXPECT_EQ(names[1].source.Words(), "group 'group-1': name");
}

TEST(EvaluationTest, KeepsListsOfAnySize) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  const List none = evaluation.Keep(std::vector<Text>{});
  const List one = evaluation.Keep(std::vector<Text>{{"a", {}}});
  const List two = evaluation.Keep(std::vector<Text>{{"b", {}}, {"c", {}}});
  for (int i = 0; i < 100; ++i) evaluation.Keep(std::vector<Text>(3));
  const List copy = one;
  EXPECT_TRUE(none.empty());
  ASSERT_EQ(copy.size(), 1u);
  EXPECT_EQ(copy.front().text, "a");
  EXPECT_EQ(&copy.front(), &copy.back());
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two.front().text, "b");
  EXPECT_EQ(two.back().text, "c");
}

TEST(EvaluationTest, GivesStepsToItsLimitAndNoMore) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  for (size_t i = 0; i < kEvaluationSteps; ++i) ASSERT_TRUE(evaluation.Step());
  EXPECT_FALSE(evaluation.exhausted());
  EXPECT_FALSE(evaluation.Step());
  EXPECT_TRUE(evaluation.exhausted());
}

TEST(EvaluationTest, CountsLongTextsAsSteps) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  EXPECT_TRUE(evaluation.Step(256 * (kEvaluationSteps - 1)));
  EXPECT_FALSE(evaluation.Step());
}

TEST(EvaluationTest, KeepsTextsToItsLimitAndNoMore) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  EXPECT_EQ(evaluation.Keep(std::string(kEvaluationOutput, 'x')).size(), kEvaluationOutput);
  EXPECT_FALSE(evaluation.exhausted());
  EXPECT_TRUE(evaluation.Keep("x").empty());
  EXPECT_TRUE(evaluation.exhausted());
}

TEST(EvaluationTest, IsOverOnceItIsExhausted) {
  const Facts facts;
  Evaluation evaluation(facts, 0);
  EXPECT_FALSE(evaluation.Emit(kEvaluationOutput + 1));
  EXPECT_FALSE(evaluation.Step());
  EXPECT_FALSE(evaluation.Emit(0));
}

TEST(EvaluationTest, PutsASourceInWords) {
  EXPECT_EQ((Source{}.Words()), "");
  EXPECT_EQ((Source{Source::Kind::kGroup, "aws admins", "aws_role"}.Words()),
            "group 'aws admins': aws_role");
}

}  // namespace
}  // namespace rolebridge::mapping
