#include "bridge/web/sealed_state.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rolebridge::web {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::vector<SecretString> Keys(const std::string& letters) {
  std::vector<SecretString> keys;
  for (const char letter : letters) keys.emplace_back(std::string(32, letter));
  return keys;
}

constexpr SysSeconds kNow{seconds(1'770'000'000)};

SignOnRequest Request() {
  SignOnRequest request;
  request.slug = "aws";
  request.facts.present = true;
  request.facts.id = "_id";
  request.facts.issuer = "urn:amazon:webservices";
  request.facts.force_authn = true;
  request.relay_state = std::string("a\nb\xff&\"", 6);
  request.expires = kNow + SignOnRequest::kLifetime;
  return request;
}

TEST(SealedStateTest, BringsARequestBackAsItWas) {
  SystemRandom random;
  const std::string sealed = SealSignOnRequest(Keys("k"), Request(), random);
  const auto opened = OpenSignOnRequest(Keys("nk"), sealed, "aws", kNow);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->facts.id, "_id");
  EXPECT_TRUE(opened->facts.force_authn);
  EXPECT_EQ(opened->relay_state, Request().relay_state);
  EXPECT_EQ(
      sealed.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
      std::string::npos);
}

TEST(SealedStateTest, OpensForItsApplicationInTimeAndUnchanged) {
  SystemRandom random;
  const std::string sealed = SealSignOnRequest(Keys("k"), Request(), random);
  EXPECT_FALSE(OpenSignOnRequest(Keys("k"), sealed, "wiki", kNow).has_value());
  EXPECT_FALSE(OpenSignOnRequest(Keys("k"), sealed, "aws", kNow + minutes(10)).has_value());
  EXPECT_TRUE(
      OpenSignOnRequest(Keys("k"), sealed, "aws", kNow + minutes(10) - seconds(1)).has_value());
  EXPECT_FALSE(OpenSignOnRequest(Keys("xy"), sealed, "aws", kNow).has_value());
  for (size_t at = 0; at < sealed.size(); at += 7) {
    std::string changed = sealed;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(OpenSignOnRequest(Keys("k"), changed, "aws", kNow).has_value()) << at;
  }
  EXPECT_FALSE(OpenSignOnRequest(Keys("k"), "", "aws", kNow).has_value());
  EXPECT_FALSE(OpenSignOnRequest(Keys("k"), sealed + "=", "aws", kNow).has_value());
}

TEST(SealedStateTest, KeepsAConversationInItsBrowser) {
  SystemRandom random;
  const std::string sealed =
      SealConversation(Keys("k"), {"c0ffee", "alice", "/apps/aws"}, "browser one", random);
  const auto opened = OpenConversation(Keys("k"), sealed, "browser one");
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->conversation, "c0ffee");
  EXPECT_EQ(opened->next, "/apps/aws");
  EXPECT_FALSE(OpenConversation(Keys("k"), sealed, "browser two").has_value());
}

TEST(SealedStateTest, KeepsItsPurposesApart) {
  SystemRandom random;
  const std::string request = SealSignOnRequest(Keys("k"), Request(), random);
  EXPECT_FALSE(OpenConversation(Keys("k"), request, "").has_value());
  const std::string state = SealConversation(Keys("k"), {"c", "a", "/"}, "", random);
  EXPECT_FALSE(OpenSignOnRequest(Keys("k"), state, "aws", kNow).has_value());
}

}  // namespace
}  // namespace rolebridge::web
