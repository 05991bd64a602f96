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
