#include "bridge/aws/attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rolebridge::aws {
namespace {

using testing::HasSubstr;

const RoleRules kRules = {.allowed_accounts = {"123412341234", "567856785678"},
                          .allowed_roles = {"*"}};

TracedText::Piece Literal(std::string text) {
  return {.text = std::move(text), .from_directory = false, .source = ""};
}

TracedText::Piece Directory(std::string text) {
  std::string source = "group 'aws admins': awsRole='" + text + "'";
  return {.text = std::move(text), .from_directory = true, .source = std::move(source)};
}

// arn:aws:iam::123412341234:role/{{ value }},arn:...: the second form of the original.
TracedText RoleNamed(std::string value) {
  return {{Literal("arn:aws:iam::123412341234:role/"), Directory(std::move(value)),
           Literal(",arn:aws:iam::123412341234:saml-provider/rolebridge")}};
}

TEST(CheckRoleTest, TakesALiteralPair) {
  const TracedText text{
      {Literal("arn:aws:iam::123412341234:role/saml_role,arn:aws:iam::123412341234:saml-provider/"
               "rolebridge")}};
  const auto pair = CheckRole(text, kRules, false);
  ASSERT_TRUE(pair) << pair.error().message;
  EXPECT_EQ(pair->role.name(), "saml_role");
}

TEST(CheckRoleTest, TakesARoleNameFromTheDirectory) {
  const auto pair = CheckRole(RoleNamed("Read+Only=.@-1"), kRules, false);
  ASSERT_TRUE(pair) << pair.error().message;
  EXPECT_EQ(pair->role.name(), "Read+Only=.@-1");
}

TEST(CheckRoleTest, TakesAPieceOfAName) {
  const TracedText text{{Literal("arn:aws:iam::123412341234:role/team/app-"), Directory("blue"),
                         Literal("-"), Directory("dev"),
                         Literal(",arn:aws:iam::123412341234:saml-provider/"), Directory("idp")}};
  const auto pair = CheckRole(text, kRules, false);
  ASSERT_TRUE(pair) << pair.error().message;
  EXPECT_EQ(pair->role.name(), "app-blue-dev");
  EXPECT_EQ(pair->provider.name(), "idp");
}

TEST(CheckRoleTest, TakesProviderFirstAndKnowsItsPlaces) {
  const TracedText text{{Literal("arn:aws:iam::"), Directory("567856785678"),
                         Literal(":saml-provider/rolebridge,arn:aws:iam::"),
                         Directory("567856785678"), Literal(":role/"), Directory("Admin")}};
  const auto pair = CheckRole(text, kRules, false);
  ASSERT_TRUE(pair) << pair.error().message;
  EXPECT_EQ(
      pair->Text(),
      "arn:aws:iam::567856785678:role/Admin,arn:aws:iam::567856785678:saml-provider/rolebridge");
}

TEST(CheckRoleTest, RefusesDirectoryValuesThatReachBeyondTheirPlace) {
  const std::string hostile[] = {
      "",
      "Admin,arn:aws:iam::123412341234:saml-provider/other",
      "x,arn:aws:iam::999999999999:role/Admin",
      "x:role/Admin",
      ":role/Admin",
      "team/Admin",
      "../Admin",
      "/Admin",
      "Ad min",
      " Admin",
      "Admin\n",
      "*",
      "Adm?n",
      "Ａdmin",
      "Adm\xc3\xafn",
      std::string("Admin\0", 6),
      "{{ 7*7 }}",
      std::string(65, 'a'),
      "arn:aws:iam::123412341234:role/Admin,arn:aws:iam::123412341234:saml-provider/rolebridge",
  };
  for (const std::string& value : hostile) {
    const auto pair = CheckRole(RoleNamed(value), kRules, false);
    ASSERT_FALSE(pair) << value;
    EXPECT_EQ(pair.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(pair.error().message, HasSubstr("M3")) << value;
    EXPECT_THAT(pair.error().message, HasSubstr("aws admins")) << value;
  }
}

TEST(CheckRoleTest, TakesAnAccountFromTheDirectoryOnlyWholeAndAllowed) {
  const auto with_account = [](std::vector<TracedText::Piece> account) {
    TracedText text{{Literal("arn:aws:iam::")}};
    text.pieces.insert(text.pieces.end(), account.begin(), account.end());
    text.pieces.push_back(Literal(":role/Admin,arn:aws:iam::"));
    text.pieces.insert(text.pieces.end(), account.begin(), account.end());
    text.pieces.push_back(Literal(":saml-provider/rolebridge"));
    return text;
  };
  EXPECT_TRUE(CheckRole(with_account({Directory("567856785678")}), kRules, false));

  const std::vector<TracedText::Piece> refused[] = {
      {Directory("999999999999")},                 // not allowed
      {Literal("1234"), Directory("12341234")},    // a part of it
      {Directory("123412"), Directory("341234")},  // in two parts
      {Directory("１２３４１２３４１２３４")},     // full-width digits
      {Directory("12341234123")},
      {Directory("1234-1234-1234")},
  };
  for (const auto& account : refused) {
    EXPECT_FALSE(CheckRole(with_account(account), kRules, false)) << account[0].text;
  }
}

TEST(CheckRoleTest, RefusesAnotherAccountBesideTheProviders) {
  const TracedText text{
      {Literal("arn:aws:iam::"), Directory("567856785678"),
       Literal(":role/Admin,arn:aws:iam::123412341234:saml-provider/rolebridge")}};
  const auto pair = CheckRole(text, kRules, false);
  ASSERT_FALSE(pair);
  EXPECT_THAT(pair.error().message, HasSubstr("R25"));
}

TEST(CheckRoleTest, RefusesDirectoryTextInEveryOtherField) {
  // Each field of the pair once: the text is a good pair every time.
  const std::vector<std::vector<TracedText::Piece>> texts = {
      {Directory("arn"), Literal(":aws:iam::123412341234:role/Admin,arn:aws:iam::123412341234:"
                                 "saml-provider/rolebridge")},
      {Literal("arn:"), Directory("aws"),
       Literal(":iam::123412341234:role/Admin,arn:aws:iam::"
               "123412341234:saml-provider/rolebridge")},
      {Literal("arn:aws"), Directory("-cn"),
       Literal(":iam::123412341234:role/Admin,arn:aws-cn:iam::"
               "123412341234:saml-provider/rolebridge")},
      {Literal("arn:aws:"), Directory("iam"),
       Literal("::123412341234:role/Admin,arn:aws:iam::"
               "123412341234:saml-provider/rolebridge")},
      {Literal("arn:aws:iam::123412341234:"), Directory("role"),
       Literal("/Admin,arn:aws:iam::123412341234:saml-provider/rolebridge")},
      {Literal("arn:aws:iam::123412341234:role/"), Directory("team"),
       Literal("/Admin,arn:aws:iam::123412341234:saml-provider/rolebridge")},
      {Literal("arn:aws:iam::123412341234:role/Admin,arn:"), Directory("aws"),
       Literal(":iam::123412341234:saml-provider/rolebridge")},
      {Literal("arn:aws:iam::123412341234:role/Admin,arn:aws:iam::123412341234:"),
       Directory("saml-provider"), Literal("/rolebridge")},
  };
  for (const auto& pieces : texts) {
    const TracedText text{pieces};
    ASSERT_TRUE(ParseRolePair(text.Text())) << text.Text();
    const auto pair = CheckRole(text, kRules, false);
    ASSERT_FALSE(pair) << text.Text();
    EXPECT_THAT(pair.error().message, HasSubstr("nowhere else in an ARN (M3)"));
  }
}

TEST(CheckRoleTest, ChecksAccountAndNameOfLiteralsToo) {
  const TracedText text{{Literal(
      "arn:aws:iam::123412341234:role/Admin,arn:aws:iam::123412341234:saml-provider/rolebridge")}};
  EXPECT_FALSE(CheckRole(text, {.allowed_accounts = {}, .allowed_roles = {"*"}}, false));
  EXPECT_FALSE(CheckRole(text, {.allowed_accounts = {"123412341234"}, .allowed_roles = {}}, false));
  EXPECT_FALSE(
      CheckRole(text, {.allowed_accounts = {"123412341234"}, .allowed_roles = {"saml-*"}}, false));
  EXPECT_TRUE(CheckRole(text, {.allowed_accounts = {"123412341234"}, .allowed_roles = {"x", "Ad*"}},
                        false));
}

TEST(CheckRoleTest, TakesAWholeArnFromTheDirectoryOnlyWhereItIsTrusted) {
  const std::string good =
      "arn:aws:iam::123412341234:role/Admin,arn:aws:iam::123412341234:saml-provider/rolebridge";
  const std::string foreign =
      "arn:aws:iam::999999999999:role/Admin,arn:aws:iam::999999999999:saml-provider/rolebridge";
  EXPECT_FALSE(CheckRole({{Directory(good)}}, kRules, false));
  EXPECT_TRUE(CheckRole({{Directory(good)}}, kRules, true));
  EXPECT_TRUE(CheckRole({{Literal(""), Directory(good), Literal("")}}, kRules, true));
  EXPECT_FALSE(CheckRole({{Directory(foreign)}}, kRules, true));
  // Trusted is the whole value, not any value inside a template.
  EXPECT_FALSE(CheckRole(RoleNamed("team/Admin"), kRules, true));
  EXPECT_FALSE(
      CheckRole({{Directory(good.substr(0, 36)), Directory(good.substr(36))}}, kRules, true));
}

TEST(CheckRoleTest, NamesValueSourceAndRule) {
  const auto pair = CheckRole(RoleNamed("Admin,x"), kRules, false);
  ASSERT_FALSE(pair);
  EXPECT_EQ(pair.error().message,
            "'arn:aws:iam::123412341234:role/Admin,x,arn:aws:iam::123412341234:saml-provider/"
            "rolebridge' (from group 'aws admins': awsRole='Admin,x'): the directory's value "
            "'Admin,x' must be 1 to 64 of [A-Za-z0-9_+=.@-] to stand in an ARN: no comma, colon, "
            "slash or space (M3)");
}

struct ValueCase {
  std::string_view name;
  std::string value;
};

const std::string kTeam = std::string(kPrincipalTagPrefix) + "Team";

TEST(CheckValueTest, AcceptsWhatAwsTakes) {
  const ValueCase accepted[] = {
      {kRoleSessionName, "al"},
      {kRoleSessionName, "alice+=,.@-_9"},
      {kRoleSessionName, std::string(64, 'a')},
      {kSourceIdentity, "alice@example.org"},
      {kSessionDuration, "900"},
      {kSessionDuration, "43200"},
      {kTransitiveTagKeys, "Team"},
      {kTeam, ""},
      {kTeam, "Forschung und Entwicklung"},
      {kTeam, "Größe:0/1=_.@-+"},
      {kTeam, "Köln 漢字 ٣"},
      {std::string_view(kTeam), std::string(256, 'v')},
      {"urn:oid:2.5.4.3", "Müller, Ödön & Söhne <x> ]]>"},
      {"https://redshift.amazon.com/SAML/Attributes/DbUser", "alice"},
      {"https://aws.amazon.com/SAML/Attributes/SomethingNew", "x"},
      {"mail", std::string(4096, 'm')},
  };
  for (const ValueCase& c : accepted) {
    const auto value = CheckValue(c.name, {{Literal(c.value)}});
    ASSERT_TRUE(value) << c.name << " " << value.error().message;
    EXPECT_EQ(*value, c.value);
  }
}

TEST(CheckValueTest, RefusesNearMisses) {
  const ValueCase refused[] = {
      {kRole, "arn:aws:iam::123412341234:role/A,arn:aws:iam::123412341234:saml-provider/p"},
      {kRoleSessionName, ""},
      {kRoleSessionName, "a"},
      {kRoleSessionName, std::string(65, 'a')},
      {kRoleSessionName, "alice smith"},
      {kRoleSessionName, "alice/x"},
      {kRoleSessionName, "älice"},
      {kRoleSessionName, "alice\n"},
      {kSourceIdentity, "aws:alice"},
      {kSourceIdentity, "a"},
      {kSessionDuration, ""},
      {kSessionDuration, "899"},
      {kSessionDuration, "43201"},
      {kSessionDuration, "0900"},
      {kSessionDuration, "+900"},
      {kSessionDuration, "-900"},
      {kSessionDuration, " 900"},
      {kSessionDuration, "900s"},
      {kSessionDuration, "1e4"},
      {kSessionDuration, "4294968196"},
      {kTransitiveTagKeys, ""},
      {kTransitiveTagKeys, "aws:x"},
      {kTransitiveTagKeys, std::string(129, 'k')},
      {kTeam, "R&D"},
      {kTeam, "a,b"},
      {kTeam, "aws:x"},
      {kTeam, "AWS:x"},
      {kTeam, " x"},
      {kTeam, "x\ty"},
      {kTeam, "x\xffy"},
      {kTeam, "x€"},
      {kTeam, std::string(257, 'v')},
      {"https://aws.amazon.com/SAML/Attributes/PrincipalTag:", "x"},
      {"https://aws.amazon.com/SAML/Attributes/PrincipalTag:a&b", "x"},
      {"https://aws.amazon.com/SAML/Attributes/PrincipalTag:aws:x", "x"},
      {"https://aws.amazon.com/SAML/Attributes/principaltag:Team", "x"},
      {"https://aws.amazon.com/SAML/Attributes/role", "x"},
      {"https://aws.amazon.com/saml/attributes/RoleSessionName", "alice"},
      {"mail", ""},
      {"mail", "a\nb"},
      {"mail", "a\rb"},
      {"mail", "a\tb"},
      {"mail",
       "a\x01"
       "b"},
      {"mail", "a\xff"},
      {"mail", "a\xc0\xbc"},
      {"mail", "a\xed\xa0\x80"},
      {"mail", "a\xef\xbf\xbe"},
      {"mail", " a"},
      {"mail", "a "},
      {"mail", std::string(4097, 'm')},
      {"mail", std::string("a\0b", 3)},
  };
  for (const ValueCase& c : refused) {
    EXPECT_FALSE(CheckValue(c.name, {{Literal(c.value)}})) << c.name << " '" << c.value << "'";
  }
}

TEST(CheckValueTest, NamesValueSourceAndRule) {
  const auto value = CheckValue(kRoleSessionName, {{Directory("alice smith")}});
  ASSERT_FALSE(value);
  EXPECT_THAT(value.error().message, HasSubstr("'alice smith' (from group 'aws admins'"));
  EXPECT_THAT(value.error().message, HasSubstr("2.1 RoleSessionName"));
}

TEST(IsSingleValuedTest, KnowsTheListedNames) {
  EXPECT_TRUE(IsSingleValued(kRoleSessionName));
  EXPECT_TRUE(IsSingleValued(kSessionDuration));
  EXPECT_TRUE(IsSingleValued(kSourceIdentity));
  EXPECT_TRUE(IsSingleValued(kTeam));
  EXPECT_FALSE(IsSingleValued(kRole));
  EXPECT_FALSE(IsSingleValued(kTransitiveTagKeys));
  EXPECT_FALSE(IsSingleValued("urn:oid:2.5.4.3"));
}

}  // namespace
}  // namespace rolebridge::aws
