#include "bridge/web/cookie.h"

#include <gtest/gtest.h>

#include <string>

namespace rolebridge::web {
namespace {

const std::string kValue(64, 'a');

TEST(CookieTest, FindsOurCookieAmongOthers) {
  EXPECT_EQ(FindCookie("x=1; __Host-rb=" + kValue + "; y=2", kSessionCookie), kValue);
  EXPECT_EQ(FindCookie("__Host-rb=" + kValue, kSessionCookie), kValue);
  EXPECT_EQ(
      FindCookie("__Host-rb-login=" + kValue + ";__Host-rb=" + std::string(64, 'b'), kLoginCookie),
      kValue);
}

TEST(CookieTest, RefusesEveryOtherShape) {
  const std::string other(64, 'b');
  for (const std::string& cookies :
       {std::string(), "__Host-rb=" + kValue + "; __Host-rb=" + other,
        "__Host-rb=" + kValue + "; __Host-rb=" + kValue, std::string("__Host-rb="),
        "__Host-rb=" + std::string(63, 'a'), "__Host-rb=" + std::string(65, 'a'),
        "__Host-rb=" + std::string(64, 'A'), "__Host-rb=\"" + std::string(62, 'a') + "\"",
        "__host-rb=" + kValue, "x__Host-rb=" + kValue,
        "__Host-rb=" + std::string(61, 'a') + "%61"}) {
    EXPECT_FALSE(FindCookie(cookies, kSessionCookie).has_value()) << cookies;
  }
}

TEST(CookieTest, SetsOnlyCookiesThatStayWithThisHost) {
  EXPECT_EQ(SetCookie(kSessionCookie, kValue),
            "__Host-rb=" + kValue + "; Secure; HttpOnly; SameSite=Lax; Path=/");
  EXPECT_EQ(ClearCookie(kLoginCookie),
            "__Host-rb-login=; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
}

}  // namespace
}  // namespace rolebridge::web
