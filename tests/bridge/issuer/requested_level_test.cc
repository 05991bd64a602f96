#include "bridge/issuer/requested_level.h"

#include <gtest/gtest.h>

namespace rolebridge::issuer {
namespace {

using protocol::Comparison;

// Levels a, b and c, the weakest first.
config::Config ThreeLevels() {
  config::Config config;
  for (const char* const name : {"a", "b", "c"}) {
    config.assurance.push_back({name, "rolebridge", std::string("urn:") + name, std::nullopt});
  }
  return config;
}

// "a" to "c"; "-" where none fits.
std::string Stated(Comparison comparison, std::vector<std::string> contexts, size_t current) {
  const config::Config config = ThreeLevels();
  const auto level = RequestedLevel(
      config, {.present = true, .contexts = std::move(contexts), .comparison = comparison},
      current);
  return level ? config.assurance.at(*level).name : "-";
}

TEST(RequestedLevelTest, AsksForNothingOrAnything) {
  EXPECT_EQ(Stated(Comparison::kExact, {}, 1), "b");
  EXPECT_EQ(Stated(Comparison::kExact, {"urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"}, 1),
            "b");
}

TEST(RequestedLevelTest, ExactIsOneOfThem) {
  EXPECT_EQ(Stated(Comparison::kExact, {"urn:a"}, 2), "a") << "and not more than was asked for";
  EXPECT_EQ(Stated(Comparison::kExact, {"urn:a", "urn:b"}, 2), "b");
  EXPECT_EQ(Stated(Comparison::kExact, {"urn:b"}, 0), "b") << "to be proved first";
  EXPECT_EQ(Stated(Comparison::kExact, {"urn:c", "urn:b"}, 0), "b") << "the least that will do";
  EXPECT_EQ(Stated(Comparison::kExact, {"urn:x"}, 2), "-");
  EXPECT_EQ(Stated(Comparison::kExact, {"urn:x", "urn:a"}, 0), "a");
}

TEST(RequestedLevelTest, MinimumIsOneOfThemOrAbove) {
  EXPECT_EQ(Stated(Comparison::kMinimum, {"urn:b"}, 2), "c");
  EXPECT_EQ(Stated(Comparison::kMinimum, {"urn:b"}, 0), "b");
  EXPECT_EQ(Stated(Comparison::kMinimum, {"urn:x"}, 2), "-");
}

TEST(RequestedLevelTest, BetterIsAboveAllOfThem) {
  EXPECT_EQ(Stated(Comparison::kBetter, {"urn:a", "urn:b"}, 2), "c");
  EXPECT_EQ(Stated(Comparison::kBetter, {"urn:a"}, 0), "b");
  EXPECT_EQ(Stated(Comparison::kBetter, {"urn:c"}, 2), "-");
}

TEST(RequestedLevelTest, MaximumIsTheBestThatIsNotAbove) {
  EXPECT_EQ(Stated(Comparison::kMaximum, {"urn:b"}, 2), "b");
  EXPECT_EQ(Stated(Comparison::kMaximum, {"urn:b"}, 0), "a");
}

}  // namespace
}  // namespace rolebridge::issuer
