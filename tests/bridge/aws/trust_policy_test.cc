#include "bridge/aws/trust_policy.h"

#include <gtest/gtest.h>

namespace rolebridge::aws {
namespace {

constexpr char kProvider[] = "arn:aws:iam::123412341234:saml-provider/rolebridge";
constexpr char kAcs[] = "https://signin.aws.amazon.com/saml";
constexpr char kRegionalAcs[] = "https://eu-west-1.signin.aws.amazon.com/saml";
constexpr char kIssuer[] = "https://sso.example.org/saml/aws";

SignIn Plain() {
  return {.provider_arn = kProvider,
          .acs_urls = {kAcs},
          .entity_id = kIssuer,
          .name_id_format = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"};
}

SignIn WithTags() {
  SignIn sign_in = Plain();
  sign_in.sends_tags = true;
  sign_in.sends_source_identity = true;
  return sign_in;
}

// A policy of one statement that lets `Plain` in, with a condition of one's own.
std::string PolicyWith(const std::string& condition,
                       const std::string& action = R"("sts:AssumeRoleWithSAML")") {
  return R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":")" +
         std::string(kProvider) + R"("},"Action":)" + action + R"(,"Condition":)" + condition +
         "}}";
}

// "certain: message" a line.
std::string Told(const std::vector<TrustObjection>& objections) {
  std::string text;
  for (const TrustObjection& objection : objections) {
    text += (text.empty() ? "" : "\n");
    text += (objection.is_certain ? "no: " : "maybe: ") + objection.message;
  }
  return text;
}

TEST(TrustPolicyTest, IsWhatTheReferencePrints) {
  SignIn sign_in = WithTags();
  sign_in.acs_urls = {kAcs, kRegionalAcs};
  // aws-saml.md 5.5, with our values.
  EXPECT_EQ(WriteTrustPolicy(sign_in),
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":)"
            R"("arn:aws:iam::123412341234:saml-provider/rolebridge"},"Action":)"
            R"(["sts:AssumeRoleWithSAML","sts:TagSession","sts:SetSourceIdentity"],"Condition":)"
            R"({"StringEquals":{"SAML:aud":["https://signin.aws.amazon.com/saml",)"
            R"("https://eu-west-1.signin.aws.amazon.com/saml"],)"
            R"("SAML:iss":"https://sso.example.org/saml/aws"}}}]})");
}

TEST(TrustPolicyTest, AllowsNoMoreThanIsSent) {
  EXPECT_EQ(ActionsFor(Plain()), std::vector<std::string>{"sts:AssumeRoleWithSAML"});
  SignIn tags = Plain();
  tags.sends_tags = true;
  EXPECT_EQ(ActionsFor(tags),
            (std::vector<std::string>{"sts:AssumeRoleWithSAML", "sts:TagSession"}));
}

TEST(TrustPolicyTest, LetsInWhatItWasWrittenFor) {
  SignIn sign_in = WithTags();
  sign_in.acs_urls = {kAcs, kRegionalAcs};
  EXPECT_EQ(Told(WhyNotTrusted(WriteTrustPolicy(sign_in), sign_in)), "");
}

TEST(TrustPolicyTest, TakesEveryWayToLetUsIn) {
  for (const std::string condition :
       {R"({"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}})",
        R"({"StringEquals":{"saml:AUD":["https://x","https://signin.aws.amazon.com/saml"]}})",
        R"({"StringLike":{"SAML:aud":"https://*signin.aws.amazon.com/saml*"}})",
        R"({"StringEqualsIgnoreCase":{"SAML:aud":"HTTPS://signin.aws.amazon.com/SAML"}})",
        R"({"StringNotEquals":{"SAML:aud":"https://other"}})",
        R"({"StringNotLike":{"SAML:aud":["http:*","ftp:*"]}})",
        R"({"StringNotEqualsIgnoreCase":{"SAML:iss":"https://other"}})",
        R"({"ForAnyValue:StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}})",
        R"({"ForAllValues:StringLike":{"SAML:aud":"https://*"}})",
        R"({"StringEqualsIfExists":{"SAML:aud":"https://signin.aws.amazon.com/saml"}})",
        R"({"StringEquals":{"SAML:iss":"https://sso.example.org/saml/aws"}})",
        R"({"StringEquals":{"saml:doc":"123412341234/rolebridge"}})",
        R"({"StringEquals":{"SAML:sub_type":["persistent","transient"]}})",
        R"({"Null":{"SAML:aud":"false"}})", R"({"Null":{"SAML:aud":false}})", R"({})"}) {
    EXPECT_EQ(Told(WhyNotTrusted(PolicyWith(condition), Plain())), "") << condition;
  }
  for (const std::string action :
       {R"(["sts:*"])", R"("*")", R"("STS:assumerolewithsaml")", R"(["s3:*","sts:Assume*"])"}) {
    EXPECT_EQ(Told(WhyNotTrusted(PolicyWith("{}", action), Plain())), "") << action;
  }
}

TEST(TrustPolicyTest, SaysWhichConditionRefusesUs) {
  const std::pair<std::string, std::string> rows[] = {
      {R"({"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml/"}})",
       "no: the condition on 'SAML:aud' wants 'https://signin.aws.amazon.com/saml/', and we send "
       "'https://signin.aws.amazon.com/saml'"},
      {R"({"StringEquals":{"SAML:aud":[]}})",
       "no: the condition on 'SAML:aud' wants nothing, and we send "
       "'https://signin.aws.amazon.com/saml'"},
      // The Audience, which people take for it.
      {R"({"StringEquals":{"SAML:aud":"urn:amazon:webservices"}})",
       "no: the condition on 'SAML:aud' wants 'urn:amazon:webservices', and we send "
       "'https://signin.aws.amazon.com/saml'"},
      {R"({"StringLike":{"SAML:aud":["https://*.signin.aws.amazon.com/saml","https://?"]}})",
       "no: the condition on 'SAML:aud' wants 'https://*.signin.aws.amazon.com/saml', "
       "'https://?', and we send 'https://signin.aws.amazon.com/saml'"},
      // Wildcards are letters for StringEquals.
      {R"({"StringEquals":{"SAML:iss":"https://*"}})",
       "no: the condition on 'SAML:iss' wants 'https://*', and we send "
       "'https://sso.example.org/saml/aws'"},
      {R"({"StringNotEquals":{"SAML:iss":["x","https://sso.example.org/saml/aws"]}})",
       "no: the condition on 'SAML:iss' wants anything but 'x', "
       "'https://sso.example.org/saml/aws', and we send 'https://sso.example.org/saml/aws'"},
      {R"({"ForAnyValue:StringEquals":{"saml:doc":"123412341234/other"}})",
       "no: the condition on 'saml:doc' wants '123412341234/other', and we send "
       "'123412341234/rolebridge'"},
      {R"({"StringEquals":{"SAML:sub_type":"transient"}})",
       "no: the condition on 'SAML:sub_type' wants 'transient', and we send 'persistent'"},
      {R"({"Null":{"SAML:aud":"true"}})",
       "no: the condition wants 'SAML:aud' to be absent, and we send it"},
      // All of a statement's conditions must hold.
      {R"({"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml","SAML:iss":"x"}})",
       "no: the condition on 'SAML:iss' wants 'x', and we send "
       "'https://sso.example.org/saml/aws'"},
  };
  for (const auto& [condition, expected] : rows) {
    EXPECT_EQ(Told(WhyNotTrusted(PolicyWith(condition), Plain())), expected) << condition;
  }
}

TEST(TrustPolicyTest, TakesNothingForGrantedThatItDoesNotKnow) {
  const std::pair<std::string, std::string> rows[] = {
      {R"({"StringMatches":{"SAML:aud":"https://signin.aws.amazon.com/saml"}})",
       "maybe: the condition operator 'StringMatches' is not known here"},
      {R"({"stringequals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}})",
       "maybe: the condition operator 'stringequals' is not known here"},
      {R"({"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}})",
       "maybe: the condition on 'aws:SourceIp' depends on what is not known here"},
      {R"({"StringEquals":{"SAML:sub":"alice"}})",
       "maybe: the condition on 'SAML:sub' depends on what is not known here"},
      {R"({"StringEquals":{"aws:RequestTag/team":"blue"}})",
       "maybe: the condition on 'aws:RequestTag/team' depends on what is not known here"},
      {R"({"StringEquals":{"SAML:aud":"${saml:iss}"}})",
       "maybe: the condition on 'SAML:aud' compares with a variable: '${saml:iss}'"},
      {R"({"StringEquals":{"SAML:aud":[4711]}})",
       "maybe: the condition on 'SAML:aud' compares with no text"},
      {R"({"Null":{"SAML:aud":"no"}})",
       "maybe: the condition Null on 'SAML:aud' is neither true nor false"},
      {R"([])", "maybe: its Condition can't be read"},
      {R"({"StringEquals":"SAML:aud"})", "maybe: its Condition can't be read"},
      // What is certain is told before what is not.
      {R"({"IpAddress":{"aws:SourceIp":"192.0.2.0/24"},"StringEquals":{"SAML:iss":"x"}})",
       "no: the condition on 'SAML:iss' wants 'x', and we send "
       "'https://sso.example.org/saml/aws'"},
  };
  for (const auto& [condition, expected] : rows) {
    EXPECT_EQ(Told(WhyNotTrusted(PolicyWith(condition), Plain())), expected) << condition;
  }
  for (const std::string text : {"", "[]", "{}", "{\"Statement\":7}", "{\"Statement\":[7]}",
                                 "{\"Statement\":[{\"Effect\":1}]}", "null", "{"}) {
    EXPECT_EQ(Told(WhyNotTrusted(text, Plain())), "maybe: it is no policy that can be read")
        << text;
  }
}

TEST(TrustPolicyTest, SaysWhichActionIsMissing) {
  EXPECT_EQ(Told(WhyNotTrusted(PolicyWith("{}"), WithTags())),
            "no: its Action lacks 'sts:TagSession', which a role needs once tags are sent\n"
            "no: its Action lacks 'sts:SetSourceIdentity', which a role needs once SourceIdentity "
            "is sent");
  EXPECT_EQ(Told(WhyNotTrusted(PolicyWith("{}", R"("sts:AssumeRole")"), WithTags())),
            "no: its Action lacks 'sts:AssumeRoleWithSAML'");
  const std::string not_action = PolicyWith("{}", R"("sts:TagSession")");
  std::string policy = not_action;
  policy.replace(policy.find("\"Action\""), 8, "\"NotAction\"");
  EXPECT_EQ(Told(WhyNotTrusted(policy, Plain())), "");
}

TEST(TrustPolicyTest, TakesActionsFromSeveralStatements) {
  const std::string principal = R"("Principal":{"Federated":")" + std::string(kProvider) + R"("})";
  const std::string policy = R"({"Statement":[
      {"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},
      {"Effect":"Allow",)" + principal +
                             R"(,"Action":"sts:AssumeRoleWithSAML"},
      {"Effect":"Allow",)" + principal +
                             R"(,"Action":["sts:TagSession","sts:SetSourceIdentity"]}]})";
  EXPECT_EQ(Told(WhyNotTrusted(policy, WithTags())), "");
}

TEST(TrustPolicyTest, SaysWhoseProviderItIs) {
  const std::pair<std::string, std::string> rows[] = {
      {R"({"Federated":"arn:aws:iam::123412341234:saml-provider/other"})",
       "no: its Principal is 'arn:aws:iam::123412341234:saml-provider/other', and ours is "
       "'arn:aws:iam::123412341234:saml-provider/rolebridge'"},
      // Case counts in a provider's name.
      {R"({"Federated":["arn:aws:iam::123412341234:saml-provider/Rolebridge"]})",
       "no: its Principal is 'arn:aws:iam::123412341234:saml-provider/Rolebridge', and ours is "
       "'arn:aws:iam::123412341234:saml-provider/rolebridge'"},
      {R"({"Service":"ec2.amazonaws.com"})",
       "no: its Principal is no SAML provider; ours is "
       "'arn:aws:iam::123412341234:saml-provider/rolebridge'"},
      {R"({"Federated":"*"})", "maybe: its Principal is any provider"},
      {R"("*")", "maybe: its Principal is \"*\""},
      {R"({"Federated":7})", "maybe: its Principal can't be read"},
  };
  for (const auto& [principal, expected] : rows) {
    const std::string policy = R"({"Statement":[{"Effect":"Allow","Principal":)" + principal +
                               R"(,"Action":"sts:AssumeRoleWithSAML"}]})";
    EXPECT_EQ(Told(WhyNotTrusted(policy, Plain())), expected) << principal;
  }
}

TEST(TrustPolicyTest, LetsDenyWin) {
  const std::string allow = WriteTrustPolicy(Plain());
  const auto with = [&](const std::string& statement) {
    return allow.substr(0, allow.size() - 2) + "," + statement + "]}";
  };
  const std::string start = R"({"Effect":"Deny","Principal":{"Federated":")" +
                            std::string(kProvider) + R"("},"Action":"sts:*")";
  EXPECT_EQ(Told(WhyNotTrusted(with(start + "}"), Plain())),
            "no: a statement with Deny holds for us");
  EXPECT_EQ(Told(WhyNotTrusted(
                with(start + R"(,"Condition":{"StringNotEquals":{"SAML:sub_type":"persistent"}}})"),
                Plain())),
            "");
  EXPECT_EQ(
      Told(WhyNotTrusted(
          with(start + R"(,"Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.1"}}})"), Plain())),
      "maybe: a statement with Deny may hold for us: the condition on 'aws:SourceIp' depends "
      "on what is not known here");
}

TEST(TrustPolicyTest, JudgesEveryAcsUrl) {
  SignIn sign_in = Plain();
  sign_in.acs_urls = {kAcs, kRegionalAcs};
  EXPECT_EQ(Told(WhyNotTrusted(WriteTrustPolicy(Plain()), sign_in)),
            "no: the condition on 'SAML:aud' wants 'https://signin.aws.amazon.com/saml', and we "
            "send 'https://eu-west-1.signin.aws.amazon.com/saml'");
}

TEST(TrustPolicyTest, LivesThroughDeepNesting) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(Told(WhyNotTrusted(PolicyWith(deep), Plain())),
            "maybe: it is no policy that can be read");
}

TEST(TrustPolicyTest, PrintsNothingThatATerminalObeys) {
  const auto objections =
      WhyNotTrusted(PolicyWith("{\"StringEquals\":{\"SAML:aud\":\"\\u001b[2J\\u009b\"}}"), Plain());
  ASSERT_EQ(objections.size(), 1U);
  for (const char c : objections[0].message) EXPECT_TRUE(c >= ' ' && c < 0x7F);
}

}  // namespace
}  // namespace rolebridge::aws
