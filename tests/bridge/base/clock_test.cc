#include "bridge/base/clock.h"

#include <gtest/gtest.h>

#include <set>

#include "bridge/base/random.h"

namespace rolebridge {
namespace {

TEST(ClockTest, FormatsUtc) {
  // date -u -d @1769853900
  EXPECT_EQ(FormatUtc(SysSeconds(std::chrono::seconds(1769853900))), "2026-01-31T10:05:00Z");
  EXPECT_EQ(FormatUtc(SysSeconds(std::chrono::seconds(0))), "1970-01-01T00:00:00Z");
}

TEST(RandomTest, GivesHexThatDoesNotRepeat) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = RandomHex(random, 20);
    EXPECT_EQ(text.size(), 40U);
    EXPECT_TRUE(seen.insert(text).second);
  }
}

}  // namespace
}  // namespace rolebridge
