#include "bridge/mapping/policy.h"

#include <gtest/gtest.h>

#include "tests/bridge/mapping/facts_for_tests.h"

namespace rolebridge::mapping {
namespace {

std::optional<Policy> Parse(const std::string& require, std::vector<Mistake>& mistakes) {
  return Policy::Parse({.name = "sample",
                        .position = {"test.yaml", 4, 9},
                        .conditions = {At(require)},
                        .message = "Ask."},
                       SampleNames(), mistakes);
}

bool Allows(const std::string& require, const Facts& facts = SampleFacts()) {
  std::vector<Mistake> mistakes;
  const auto policy = Parse(require, mistakes);
  EXPECT_TRUE(policy.has_value()) << Lines(mistakes);
  return policy && policy->Judge(facts).holds;
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

Verdict JudgeAll(const std::string& key, const std::vector<std::string>& conditions,
                 std::optional<size_t> assurance = std::nullopt) {
  PolicySource source{.name = "sample", .key = key, .assurance = assurance, .message = "Ask."};
  for (const std::string& condition : conditions) source.conditions.push_back(At(condition));
  std::vector<Mistake> mistakes;
  const auto policy = Policy::Parse(source, SampleNames(), mistakes);
  EXPECT_TRUE(policy.has_value()) << Lines(mistakes);
  return policy ? policy->Judge(SampleFacts()) : Verdict{};
}

TEST(PolicyTest, AllTakesEveryConditionAndNamesThoseThatFail) {
  EXPECT_TRUE(JudgeAll("all", {"true", "'staff' in groups.name"}).holds);
  const Verdict verdict = JudgeAll("all", {"true", "'a' in groups.name", "user.nickname == 'x'"});
  EXPECT_FALSE(verdict.holds);
  EXPECT_EQ(verdict.reason,
            "''a' in groups.name' (test.yaml:7:10) is not true; 'user.nickname == 'x'' "
            "(test.yaml:7:10) cannot be told: user 'alice' has no attribute nickname");
}

TEST(PolicyTest, AnyTakesOneConditionAlsoBesideAnUndefinedOne) {
  EXPECT_TRUE(JudgeAll("any", {"user.nickname == 'x'", "'staff' in groups.name"}).holds);
  const Verdict verdict = JudgeAll("any", {"false", "'a' in groups.name"});
  EXPECT_FALSE(verdict.holds);
  EXPECT_EQ(verdict.reason,
            "'false' (test.yaml:7:10) is not true, and ''a' in groups.name' (test.yaml:7:10) is "
            "not true");
}

TEST(PolicyTest, SaysWhichLevelWouldDo) {
  EXPECT_TRUE(JudgeAll("require", {"true"}, 1).holds);
  const Verdict verdict = JudgeAll("require", {}, 2);
  EXPECT_FALSE(verdict.holds);
  EXPECT_EQ(verdict.reason, "it takes the assurance level 'smartcard'");
  EXPECT_EQ(verdict.needs_assurance, 2u);
  // A higher level alone would not do.
  EXPECT_EQ(JudgeAll("require", {"false"}, 2).needs_assurance, std::nullopt);
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
