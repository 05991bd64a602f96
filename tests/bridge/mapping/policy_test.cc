#include "bridge/mapping/policy.h"

#include <gtest/gtest.h>

#include "tests/bridge/mapping/facts_for_tests.h"

namespace rolebridge::mapping {
namespace {

std::optional<Policy> Parse(const std::string& require, std::vector<Mistake>& mistakes) {
  return Policy::Parse({"sample", {"test.yaml", 4, 9}, At(require), "Ask."}, SampleNames(),
                       mistakes);
}

bool Allows(const std::string& require, const Facts& facts = SampleFacts()) {
  std::vector<Mistake> mistakes;
  const auto policy = Parse(require, mistakes);
  EXPECT_TRUE(policy.has_value()) << Lines(mistakes);
  return policy && policy->Allows(facts);
}

TEST(PolicyTest, AllowsWhatIsTrueAlone) {
  EXPECT_TRUE(Allows("'staff' in groups.name"));
  EXPECT_FALSE(Allows("'board' in groups.name"));
  EXPECT_TRUE(Allows("authentication.assurance >= 'mfa' and client.address == '192.0.2.7'"));
}

TEST(PolicyTest, RefusesWhatIsUndefined) {
  EXPECT_FALSE(Allows("user.nickname == 'x'"));
  EXPECT_FALSE(Allows("user.nickname != 'x'"));
  EXPECT_FALSE(Allows("not (user.nickname == 'x')"));
  EXPECT_FALSE(Allows("true or user.nickname == 'x'"));
}

TEST(PolicyTest, RefusesWhereTheBudgetRunsOut) {
  Facts facts = SampleFacts();
  facts.client_address = std::string(2'000'000, 'x');
  EXPECT_FALSE(Allows("(client.address | lower) is not defined", facts));
  EXPECT_FALSE(Allows("(client.address | lower) is defined", facts));
}

TEST(PolicyTest, KeepsWhatItsSourceSays) {
  std::vector<Mistake> mistakes;
  const auto policy = Parse("true", mistakes);
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(policy->name(), "sample");
  EXPECT_EQ(policy->message(), "Ask.");
  EXPECT_EQ(policy->position().column, 9);
}

TEST(PolicyTest, RefusesWhatIsNoCondition) {
  std::vector<Mistake> mistakes;
  EXPECT_FALSE(Parse("groups.name", mistakes).has_value());
  EXPECT_EQ(Lines(mistakes),
            "test.yaml:7:10: require: this is a list of texts, and a condition is due; compare it "
            "with '==' or 'in'");
}

}  // namespace
}  // namespace rolebridge::mapping
