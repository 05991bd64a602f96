#include "bridge/aws/arn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rolebridge::aws {
namespace {

using testing::HasSubstr;

constexpr char kRole[] = "arn:aws:iam::123412341234:role/Admin";
constexpr char kProvider[] = "arn:aws:iam::123412341234:saml-provider/rolebridge";

TEST(RoleArnTest, ReadsEachField) {
  const auto arn = RoleArn::Parse("arn:aws-cn:iam::123412341234:role/team/ops/Read_Only+=.@-9");
  ASSERT_TRUE(arn) << arn.error().message;
  EXPECT_EQ(arn->partition(), "aws-cn");
  EXPECT_EQ(arn->account(), "123412341234");
  EXPECT_EQ(arn->path(), "/team/ops/");
  EXPECT_EQ(arn->name(), "Read_Only+=.@-9");
}

TEST(RoleArnTest, AcceptsWhatIamAllows) {
  const std::string accepted[] = {
      kRole,
      "arn:aws-us-gov:iam::012345678901:role/a",
      "arn:aws-eusc:iam::123412341234:role/x",
      "arn:aws-iso-f:iam::123412341234:role/x",
      "arn:aws:iam::123412341234:role/" + std::string(64, 'r'),
      "arn:aws:iam::123412341234:role/p:*?!~/name",
      "arn:aws:iam::123412341234:role/" + std::string(510, 'p') + "/name",
  };
  for (const std::string& text : accepted) {
    const auto arn = RoleArn::Parse(text);
    ASSERT_TRUE(arn) << text << ": " << arn.error().message;
    EXPECT_EQ(arn->text(), text);
  }
}

TEST(RoleArnTest, RefusesNearMisses) {
  const std::string refused[] = {
      "",
      "arn:aws:iam::123412341234:role/",
      "arn:aws:iam::123412341234:role",
      "arn:aws:iam::123412341234:Role/Admin",
      "arn:aws:iam::123412341234:user/Admin",
      "arn:aws:iam::12341234123:role/Admin",
      "arn:aws:iam::1234123412345:role/Admin",
      "arn:aws:iam::12341234123x:role/Admin",
      "arn:aws:iam::１２３４12341234:role/Admin",
      "arn:aws:iam:us-east-1:123412341234:role/Admin",
      "arn:aws:sts::123412341234:role/Admin",
      "arn:AWS:iam::123412341234:role/Admin",
      "arn:aws-mars:iam::123412341234:role/Admin",
      "ARN:aws:iam::123412341234:role/Admin",
      " arn:aws:iam::123412341234:role/Admin",
      "arn:aws:iam::123412341234:role/Admin ",
      "arn:aws:iam::123412341234:role/Ad min",
      "arn:aws:iam::123412341234:role/Admin\n",
      std::string("arn:aws:iam::123412341234:role/Ad\0min", 37),
      "arn:aws:iam::123412341234:role//Admin",
      "arn:aws:iam::123412341234:role/a b/Admin",
      "arn:aws:iam::123412341234:role/te,am/Admin",
      "arn:aws:iam::123412341234:role/Ädmin",
      "arn:aws:iam::123412341234:role/*",
      "arn:aws:iam::123412341234:role/Admin:x",
      "arn:aws:iam::123412341234:role/" + std::string(65, 'r'),
      "arn:aws:iam::123412341234:role/" + std::string(511, 'p') + "/name",
  };
  for (const std::string& text : refused) EXPECT_FALSE(RoleArn::Parse(text)) << text;
}

TEST(RoleArnTest, RefusesAComma) {
  const auto arn = RoleArn::Parse("arn:aws:iam::123412341234:role/Ad,min");
  ASSERT_FALSE(arn);
  EXPECT_THAT(arn.error().message, HasSubstr("a comma separates ARNs"));
}

TEST(RoleArnTest, RefusesRolesOfIdentityCenterInAnyCase) {
  for (const char* name : {"AWSReservedSSO_Admin_0123456789abcdef", "awsreservedsso_x"}) {
    const auto arn = RoleArn::Parse("arn:aws:iam::123412341234:role/" + std::string(name));
    ASSERT_FALSE(arn);
    EXPECT_THAT(arn.error().message, HasSubstr("R24"));
  }
}

TEST(RoleArnTest, EscapesHostileTextInItsMessage) {
  const auto arn = RoleArn::Parse("arn:\x1b[31m\n");
  ASSERT_FALSE(arn);
  EXPECT_THAT(arn.error().message, HasSubstr("\\x1b[31m\\x0a"));
}

TEST(SamlProviderArnTest, ReadsEachField) {
  const auto arn = SamlProviderArn::Parse("arn:aws:iam::123412341234:saml-provider/My_IdP.1-x");
  ASSERT_TRUE(arn) << arn.error().message;
  EXPECT_EQ(arn->partition(), "aws");
  EXPECT_EQ(arn->account(), "123412341234");
  EXPECT_EQ(arn->name(), "My_IdP.1-x");
}

TEST(SamlProviderArnTest, RefusesNearMisses) {
  const std::string refused[] = {
      "arn:aws:iam::123412341234:saml-provider/",
      "arn:aws:iam::123412341234:saml-provider/a/b",
      "arn:aws:iam::123412341234:saml-provider/a@b",
      "arn:aws:iam::123412341234:saml-provider/a+b",
      "arn:aws:iam::123412341234:saml-provider/a b",
      "arn:aws:iam::123412341234:oidc-provider/a",
      "arn:aws:iam::123412341234:saml-provider/" + std::string(129, 'p'),
  };
  for (const std::string& text : refused) EXPECT_FALSE(SamlProviderArn::Parse(text)) << text;
  EXPECT_TRUE(
      SamlProviderArn::Parse("arn:aws:iam::123412341234:saml-provider/" + std::string(128, 'p')));
}

TEST(RolePairTest, TakesBothOrdersAndWritesRoleFirst) {
  const std::string role_first = std::string(kRole) + "," + kProvider;
  const std::string provider_first = std::string(kProvider) + "," + kRole;
  for (const std::string& text : {role_first, provider_first}) {
    const auto pair = ParseRolePair(text);
    ASSERT_TRUE(pair) << pair.error().message;
    EXPECT_EQ(pair->Text(), role_first);
  }
}

TEST(RolePairTest, RefusesNearMisses) {
  const std::string role = kRole;
  const std::string provider = kProvider;
  const std::string refused[] = {
      "",
      ",",
      role,
      provider,
      role + provider,
      role + ", " + provider,
      role + " ," + provider,
      role + ",," + provider,
      role + "," + provider + ",",
      role + "," + role,
      provider + "," + provider,
      role + ";" + provider,
      role + "," + provider + "," + role + "," + provider,
      " " + role + "," + provider,
      role + "," + provider + "\n",
      role + ",arn:aws:iam::999999999999:saml-provider/rolebridge",
      role + ",arn:aws-cn:iam::123412341234:saml-provider/rolebridge",
  };
  for (const std::string& text : refused) EXPECT_FALSE(ParseRolePair(text)) << text;
}

TEST(MatchesPatternTest, MatchesWholeNames) {
  struct Case {
    const char* name;
    const char* pattern;
    bool matches;
  };
  const Case cases[] = {
      {"Admin", "*", true},
      {"", "*", true},
      {"", "", true},
      {"Admin", "", false},
      {"Admin", "Admin", true},
      {"Admin", "admin", false},
      {"Admin", "Adm", false},
      {"Admin", "Adm*", true},
      {"Admin", "*min", true},
      {"Admin", "A*i*n", true},
      {"Admin", "A*x*n", false},
      {"Admin", "?????", true},
      {"Admin", "????", false},
      {"Admin", "Admin?", false},
      {"Admin", "Admin*", true},
      {"Admin", "**", true},
      {"a.b", "a?b", true},
      {"a-ReadOnly", "*-ReadOnly", true},
      {"aab", "a*ab", true},
      {"xReadOnly", "*-ReadOnly", false},
      {"a[b]", "a[b]", true},
      {"ab", "a[b]", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(MatchesPattern(c.name, c.pattern), c.matches) << c.name << " " << c.pattern;
  }
}

TEST(MatchesPatternTest, ManyStarsEnd) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(MatchesPattern(std::string(64, 'a') + "b", pattern));
}

}  // namespace
}  // namespace rolebridge::aws
