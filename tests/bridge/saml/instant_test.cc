#include "bridge/saml/instant.h"

#include <gtest/gtest.h>

namespace rolebridge::saml {
namespace {

TEST(ParseInstantTest, Accepts) {
  struct Case {
    const char* text;
    const char* utc;
  };
  const Case cases[] = {
      {"2026-01-31T10:05:00Z", "2026-01-31T10:05:00Z"},
      {"2026-01-31T10:05:00.999999999Z", "2026-01-31T10:05:00Z"},
      {"2026-01-31T10:05:00+02:00", "2026-01-31T08:05:00Z"},
      {"2026-01-31T23:05:00.5-05:30", "2026-02-01T04:35:00Z"},
      {"2026-01-31T10:05:00-00:00", "2026-01-31T10:05:00Z"},
      {"2028-02-29T23:59:59+14:00", "2028-02-29T09:59:59Z"},
      {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
      {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
  };
  for (const Case& c : cases) {
    const auto instant = ParseInstant(c.text);
    ASSERT_TRUE(instant) << c.text;
    EXPECT_EQ(FormatUtc(*instant), c.utc);
  }
}

TEST(ParseInstantTest, Refuses) {
  const char* refused[] = {"",
                           "2026-01-31T10:05:00",
                           "2026-01-31 10:05:00Z",
                           "2026-01-31T10:05Z",
                           "2026-1-31T10:05:00Z",
                           "2026-02-29T10:05:00Z",
                           "2026-13-01T10:05:00Z",
                           "2026-00-01T10:05:00Z",
                           "2026-01-31T24:00:00Z",
                           "2026-01-31T10:60:00Z",
                           "2026-01-31T10:05:60Z",
                           "2026-01-31T10:05:00.Z",
                           "2026-01-31T10:05:00z",
                           "2026-01-31T10:05:00Z ",
                           " 2026-01-31T10:05:00Z",
                           "2026-01-31T10:05:00+2:00",
                           "2026-01-31T10:05:00+0200",
                           "2026-01-31T10:05:00+14:01",
                           "2026-01-31T10:05:00+02:60",
                           "2026-01-31T10:05:00+02:00Z",
                           "1969-12-31T23:59:59Z",
                           "-2026-01-31T10:05:00Z",
                           "12026-01-31T10:05:00Z",
                           "+026-01-31T10:05:00Z"};
  for (const char* text : refused) EXPECT_FALSE(ParseInstant(text)) << text;
}

}  // namespace
}  // namespace rolebridge::saml
