#include "bridge/base/percent.h"

#include <gtest/gtest.h>

#include "bridge/base/ascii.h"

namespace rolebridge {
namespace {

TEST(PercentTest, DecodesWhatIsEncodedAndLeavesTheRest) {
  EXPECT_EQ(PercentDecoded("%7B%22a%22%3a1%7D"), "{\"a\":1}");
  EXPECT_EQ(PercentDecoded("a+b%20c"), "a+b c");
  for (const char* text : {"", "%", "%4", "100%", "%g1", "%1g", "plain"}) {
    EXPECT_EQ(PercentDecoded(text), text);
  }
  EXPECT_EQ(PercentDecoded("%2541"), "%41");  // once
}

TEST(AsciiTest, LowersAToZAlone) {
  EXPECT_EQ(LowerAscii("AZaz09[@`{\xC3\x9C"), "azaz09[@`{\xC3\x9C");
}

}  // namespace
}  // namespace rolebridge
