#include "bridge/aws/setup.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rolebridge::aws {
namespace {

using nlohmann::json;

SetupRole Role(const std::string& name, std::chrono::seconds duration = std::chrono::hours(1)) {
  return {*RoleArn::Parse("arn:aws:iam::123412341234:role" + name), duration};
}

AccountSetup AwsSide(std::vector<SetupRole> roles) {
  const SamlProviderArn arn =
      *SamlProviderArn::Parse("arn:aws:iam::123412341234:saml-provider/Zoo.1_x");
  return {.account = "123412341234",
          .label = "production",
          .application = "aws",
          .metadata = "<a b=\"c\">'${d}%{e}\\\n$$%</a>",
          .providers = {{arn,
                         {.provider_arn = arn.text(),
                          .acs_urls = {"https://signin.aws.amazon.com/saml"},
                          .entity_id = "urn:${it}'s"},
                         std::move(roles)}}};
}

TEST(SetupTest, CloudFormationNamesEachRoleInLettersAndDigits) {
  const json resources =
      json::parse(WriteCloudFormation(AwsSide({Role("/A-B"), Role("/A.B"), Role("/AZ2dB"),
                                               Role("/team/Read", std::chrono::hours(2))})),
                  nullptr, false)["Resources"];
  ASSERT_EQ(resources.size(), 5U);
  EXPECT_EQ(resources["RoleAZ2dB"]["Properties"]["RoleName"], "A-B");
  EXPECT_EQ(resources["RoleAZ2eB"]["Properties"]["RoleName"], "A.B");
  EXPECT_EQ(resources["RoleAZ5a2dB"]["Properties"]["RoleName"], "AZ2dB");
  EXPECT_EQ(resources["RoleRead"]["Properties"]["Path"], "/team/");
  EXPECT_EQ(resources["RoleRead"]["Properties"]["MaxSessionDuration"], 7200);
  const json& provider = resources["SamlProviderZ5aooZ2e1Z5fx"];
  EXPECT_EQ(provider["Properties"]["SamlMetadataDocument"], "<a b=\"c\">'${d}%{e}\\\n$$%</a>");
  const json& statement =
      resources["RoleRead"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0];
  EXPECT_EQ(statement["Principal"]["Federated"]["Ref"], "SamlProviderZ5aooZ2e1Z5fx");
}

TEST(SetupTest, TerraformTextIsNoTemplate) {
  const std::string text = WriteTerraform(AwsSide({Role("/Read")}));
  EXPECT_NE(text.find(R"("<a b=\"c\">'$${d}%%{e}\\\n$$%</a>")"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("urn:$${it}'s")"), std::string::npos) << text;
  EXPECT_NE(text.find("resource \"aws_iam_saml_provider\" \"rolebridge_Zoo_2e1_5fx\" {"),
            std::string::npos);
}

TEST(SetupTest, ScriptQuotesEveryValue) {
  const std::string text = WriteCliScript(AwsSide({Role("/-x"), Role("/team/Read")}));
  EXPECT_NE(text.find("metadata='<a b=\"c\">'\\''${d}%{e}\\\n$$%</a>'\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("make_role '-x' '/' 3600\nmake_role 'Read' '/team/' 3600\n"),
            std::string::npos);
  EXPECT_NE(text.find("\"SAML:iss\":\"urn:${it}'\\''s\""), std::string::npos) << text;
}

TEST(SetupTest, ALabelStaysInItsComment) {
  AccountSetup setup = AwsSide({Role("/Read")});
  setup.label = "x\nrm -rf /\r\xC2\x85 \xE2\x80\xA8y";
  for (const std::string& text : {WriteTerraform(setup), WriteCliScript(setup)}) {
    EXPECT_EQ(text.find("\nrm"), std::string::npos);
    EXPECT_NE(text.find("(x\\x0arm -rf /\\x0d\\xc2\\x85 \\xe2\\x80\\xa8y)"), std::string::npos)
        << text.substr(0, 200);
  }
}

}  // namespace
}  // namespace rolebridge::aws
