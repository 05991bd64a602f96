#include "bridge/web/csrf_token.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rolebridge::web {
namespace {

std::vector<SecretString> Keys(const std::string& letters) {
  std::vector<SecretString> keys;
  for (const char letter : letters) keys.emplace_back(std::string(32, letter));
  return keys;
}

TEST(CsrfTokenTest, HoldsForItsCookieAndKindOnly) {
  const CsrfTokens tokens(Keys("k"));
  const std::string token = tokens.Make(FormKind::kSession, "alice");
  EXPECT_TRUE(tokens.IsValid(FormKind::kSession, "alice", token));
  EXPECT_FALSE(tokens.IsValid(FormKind::kSession, "bob", token));
  EXPECT_FALSE(tokens.IsValid(FormKind::kLogin, "alice", token));
  EXPECT_FALSE(tokens.IsValid(FormKind::kSession, "alice", ""));
  EXPECT_FALSE(tokens.IsValid(FormKind::kSession, "alice", token.substr(1)));
  EXPECT_FALSE(tokens.IsValid(FormKind::kSession, "alice", token + "0"));
}

TEST(CsrfTokenTest, OutlivesOneChangeOfKeys) {
  const std::string token = CsrfTokens(Keys("a")).Make(FormKind::kLogin, "cookie");
  EXPECT_TRUE(CsrfTokens(Keys("ba")).IsValid(FormKind::kLogin, "cookie", token));
  EXPECT_FALSE(CsrfTokens(Keys("cb")).IsValid(FormKind::kLogin, "cookie", token));
}

TEST(CsrfTokenTest, BelievesOnlyOurOwnOrigin) {
  const std::string own = "https://sso.example.org";
  EXPECT_TRUE(IsOwnOrigin(own, "", own));
  EXPECT_TRUE(IsOwnOrigin(own, "same-origin", own));
  EXPECT_TRUE(IsOwnOrigin("", "same-origin", own));
  for (const std::string& origin :
       {std::string("null"), std::string("http://sso.example.org"), own + ":8443", own + "/",
        std::string("https://sso.example.org.evil.example"), std::string("https://example.org")}) {
    EXPECT_FALSE(IsOwnOrigin(origin, "", own)) << origin;
    EXPECT_FALSE(IsOwnOrigin(origin, "same-origin", own)) << origin;
  }
  for (const std::string site : {"", "none", "same-site", "cross-site"}) {
    EXPECT_FALSE(IsOwnOrigin("", site, own)) << site;
  }
}

TEST(CsrfTokenTest, FindsTheOriginOfAUrl) {
  EXPECT_EQ(OriginOf("https://a.example/saml?x"), "https://a.example");
  EXPECT_EQ(OriginOf("https://a.example:443/saml"), "https://a.example");
  EXPECT_EQ(OriginOf("https://a.example:8443"), "https://a.example:8443");
  EXPECT_EQ(OriginOf("http://localhost:7890/redshift"), "http://localhost:7890");
  EXPECT_EQ(OriginOf("a.example"), "");
}

}  // namespace
}  // namespace rolebridge::web
