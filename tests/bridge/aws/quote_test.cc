#include "bridge/aws/quote.h"

#include <gtest/gtest.h>

namespace rolebridge::aws {
namespace {

TEST(QuotedTest, LeavesPrintableAsciiAlone) {
  EXPECT_EQ(Quoted("arn:aws:iam::1:role/a b'c"), "arn:aws:iam::1:role/a b'c");
}

TEST(QuotedTest, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(Quoted("\x1b[2J\n\x7f\xc3\xa4"), "\\x1b[2J\\x0a\\x7f\\xc3\\xa4");
}

TEST(QuotedTest, CutsLongTexts) {
  EXPECT_EQ(Quoted(std::string(5000, 'x')), std::string(200, 'x') + "...");
}

}  // namespace
}  // namespace rolebridge::aws
