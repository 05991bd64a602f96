#include "bridge/web/next_path.h"

#include <gtest/gtest.h>

#include <string>

namespace rolebridge::web {
namespace {

TEST(NextPathTest, LeadsToOurOwnPages) {
  for (const std::string next :
       {"/", "/?first=200", "/apps/aws", "/apps/aws?relay_state=https%3A%2F%2Fa.example%2F",
        "/saml/aws/continue?request=AbC-_1", "/apps/a-1"}) {
    EXPECT_EQ(AllowedNext(next), next);
  }
}

TEST(NextPathTest, LeadsNowhereElse) {
  const std::string long_slug(33, 'a');
  for (const std::string& next : {std::string(),
                                  std::string("//evil.example"),
                                  std::string("/\\evil.example"),
                                  std::string("https://evil.example/"),
                                  std::string("/%2Fevil.example"),
                                  std::string("/apps//evil.example"),
                                  std::string("/apps/aws/../../x"),
                                  std::string("/apps/AWS"),
                                  std::string("/apps/"),
                                  "/apps/" + long_slug,
                                  std::string("/apps/aws\r\nSet-Cookie: a=b"),
                                  std::string("/apps/aws\t"),
                                  std::string(" /"),
                                  std::string("/apps/aws?\x01"),
                                  std::string("/apps/aws#x"),
                                  std::string("/apps/aws?x=\\"),
                                  std::string("/logout"),
                                  std::string("/login"),
                                  std::string("/saml/aws/sso"),
                                  std::string("/saml/continue"),
                                  std::string("/saml//continue"),
                                  std::string("/saml/aws/metadata"),
                                  std::string("/static/x.css"),
                                  std::string("javascript:alert(1)"),
                                  std::string("/apps/\xd0\xb0ws"),
                                  "/?" + std::string(kMaxNextPath, 'a')}) {
    EXPECT_EQ(AllowedNext(next), "/") << next;
  }
}

TEST(NextPathTest, StandsInAQuery) {
  EXPECT_EQ(LoginPath("/"), "/login");
  EXPECT_EQ(LoginPath("/apps/aws?relay_state=a%20b"),
            "/login?next=%2Fapps%2Faws%3Frelay_state%3Da%2520b");
}

}  // namespace
}  // namespace rolebridge::web
