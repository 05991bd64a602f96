#include "bridge/base/log.h"

#include <gtest/gtest.h>

namespace rolebridge {
namespace {

TEST(LogTest, WritesNameFirstAndFieldsInOrder) {
  EXPECT_EQ(FormatLogLine(LogPriority::kInfo, "response_issued",
                          {{"request", "4f1c9a"}, {"user", "alice@example.org"}, {"roles", "2"}}),
            "<6>response_issued request=4f1c9a user=alice@example.org roles=2");
}

TEST(LogTest, UntrustedTextCannotStartALineOrAField) {
  const std::string line = FormatLogLine(
      LogPriority::kNotice, "login_denied",
      {{"user", "a\n<2>response_issued user=root"}, {"agent", "x' user='root"}, {"empty", ""}});
  EXPECT_EQ(line,
            "<5>login_denied user='a\\x0a<2>response_issued user=root' "
            "agent='x\\x27 user=\\x27root' empty=''");
}

TEST(LogTest, EscapesControlAndHighBytes) {
  EXPECT_EQ(FormatLogLine(LogPriority::kError, "e", {{"v", "\x1b[31m\xc3\xa4\x7f\\"}}),
            "<3>e v='\\x1b[31m\\xc3\\xa4\\x7f\\x5c'");
}

}  // namespace
}  // namespace rolebridge
