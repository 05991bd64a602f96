#include "bridge/web/security_headers.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rolebridge::web {
namespace {

TEST(SecurityHeadersTest, LetTheHandOverLeadToTheApplicationAlone) {
  const Result<std::string> action =
      HandOverFormAction("https://signin.aws.amazon.com/saml",
                         {"https://console.aws.amazon.com", "https://*.console.aws.amazon.com"});
  ASSERT_TRUE(action.has_value());
  EXPECT_EQ(*action,
            "https://signin.aws.amazon.com https://console.aws.amazon.com "
            "https://*.console.aws.amazon.com");
}

TEST(SecurityHeadersTest, RefuseAnOriginThatWouldChangeThePolicy) {
  for (const std::string origin :
       {"https://a.example; script-src *", "https://a.example *", "https://a.example\r\nX: y", "*",
        "'unsafe-inline'", "https://", "javascript:x", "https://a.example/path", ""}) {
    EXPECT_FALSE(HandOverFormAction("https://a.example/", {origin}).has_value()) << origin;
  }
  EXPECT_FALSE(HandOverFormAction("nonsense", {}).has_value());
}

}  // namespace
}  // namespace rolebridge::web
