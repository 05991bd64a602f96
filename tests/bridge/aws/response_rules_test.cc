#include "bridge/aws/response_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "bridge/aws/attributes.h"
#include "bridge/saml/names.h"

namespace rolebridge::aws {
namespace {

using saml::Attribute;
using saml::Response;
using std::chrono::seconds;
using testing::IsEmpty;

constexpr char kPair[] =
    "arn:aws:iam::123412341234:role/Admin,arn:aws:iam::123412341234:saml-provider/rolebridge";
constexpr SysSeconds kNow{seconds(1'769'853'900)};

Response GoodResponse() {
  Response response;
  response.id = "_" + std::string(40, 'a');
  response.issue_instant = kNow;
  response.destination = "https://signin.aws.amazon.com/saml";
  saml::Assertion& assertion = response.assertion;
  assertion.id = "_" + std::string(40, 'b');
  assertion.issue_instant = kNow;
  assertion.entity_id = "https://sso.example.org/saml/aws";
  assertion.name_id = {.format = saml::kNameIdPersistent, .value = "opaque-1"};
  assertion.recipient = response.destination;
  assertion.not_before = kNow - seconds(60);
  assertion.not_on_or_after = kNow + seconds(300);
  assertion.audience = "urn:amazon:webservices";
  assertion.authn_instant = kNow - seconds(30);
  assertion.session_index = "_session";
  assertion.authn_context_class = saml::kPasswordProtectedTransport;
  assertion.attributes = {
      {.name = std::string(kRole), .name_format = {}, .values = {kPair}},
      {.name = std::string(kRoleSessionName), .name_format = {}, .values = {"alice"}}};
  return response;
}

Attribute& Roles(Response& response) { return response.assertion.attributes[0]; }
Attribute& SessionName(Response& response) { return response.assertion.attributes[1]; }

void Add(Response& response, std::string name, std::vector<std::string> values) {
  response.assertion.attributes.push_back(
      {.name = std::move(name), .name_format = {}, .values = std::move(values)});
}

std::string Tag(const std::string& key) { return std::string(kPrincipalTagPrefix) + key; }

std::vector<std::string> RulesBroken(const Response& response) {
  std::vector<std::string> rules;
  for (const Violation& violation : CheckResponse(response)) {
    EXPECT_FALSE(violation.message.empty());
    rules.emplace_back(violation.rule);
  }
  return rules;
}

TEST(CheckResponseTest, AcceptsTheShapeOfTheReference) {
  EXPECT_THAT(RulesBroken(GoodResponse()), IsEmpty());
}

TEST(CheckResponseTest, AcceptsWhatIsOptional) {
  Response response = GoodResponse();
  response.assertion.in_response_to = "8f14e45f-ceea-467f-a9e4-0123456789ab";
  response.assertion.session_not_on_or_after = kNow + seconds(900);
  Roles(response).values.push_back(
      "arn:aws:iam::567856785678:role/x,arn:aws:iam::567856785678:saml-provider/rolebridge");
  Add(response, std::string(kSessionDuration), {"28800"});
  Add(response, std::string(kSourceIdentity), {"alice"});
  Add(response, Tag("Team"), {"Köln"});
  Add(response, Tag("Empty"), {""});
  Add(response, std::string(kTransitiveTagKeys), {"Team", "Empty"});
  Add(response, "urn:oid:2.5.4.3", {"Müller, Ann", "x"});
  EXPECT_THAT(RulesBroken(response), IsEmpty());
}

TEST(CheckResponseTest, AcceptsEveryFormOfEndpoint) {
  struct Case {
    const char* recipient;
    const char* audience;
    const char* partition;
  };
  const Case cases[] = {
      {"https://signin.aws.amazon.com/saml", "urn:amazon:webservices", "aws"},
      {"https://signin.aws.amazon.com/saml", "https://signin.aws.amazon.com/saml", "aws"},
      {"https://eu-west-1.signin.aws.amazon.com/saml", "urn:amazon:webservices", "aws"},
      {"https://ap-southeast-7.signin.aws.amazon.com/saml/acs/SAMLSP0123456789ABCDEF",
       "urn:amazon:webservices", "aws"},
      {"https://signin.amazonaws.cn/saml", "urn:amazon:webservices:cn-north-1", "aws-cn"},
      {"https://cn-northwest-1.signin.amazonaws.cn/saml", "https://signin.amazonaws.cn/saml",
       "aws-cn"},
      {"https://us-gov-east-1.signin.amazonaws-us-gov.com/saml", "urn:amazon:webservices:govcloud",
       "aws-us-gov"},
      {"https://eusc-de-east-1.signin.amazonaws-eusc.eu/saml", "urn:something", "aws-eusc"},
      // R6: the administrator's own, for drivers and stand-ins.
      {"http://localhost:7890/redshift/", "urn:amazon:webservices", "aws"},
      {"https://127.0.0.1:8444/saml", "urn:amazon:webservices", "aws"},
  };
  for (const Case& c : cases) {
    Response response = GoodResponse();
    response.destination = response.assertion.recipient = c.recipient;
    response.assertion.audience = c.audience;
    const std::string start = std::string("arn:") + c.partition + ":iam::123412341234:";
    Roles(response).values = {start + "role/Admin," + start + "saml-provider/rolebridge"};
    EXPECT_THAT(RulesBroken(response), IsEmpty()) << c.recipient;
  }
}

struct BadCase {
  const char* rule;
  std::function<void(Response&)> spoil;
};

// One thing wrong at a time, and the rule that says so.
TEST(CheckResponseTest, FindsEachRuleBroken) {
  const BadCase cases[] = {
      {"R2", [](Response& r) { r.destination = "https://signin.aws.amazon.com/saml/"; }},
      {"R3", [](Response& r) { r.assertion.entity_id = ""; }},
      {"R3", [](Response& r) { r.assertion.entity_id = std::string(1025, 'x'); }},
      {"R4", [](Response& r) { r.assertion.recipient = r.destination = ""; }},
      {"R4", [](Response& r) { r.assertion.not_on_or_after = {}; }},
      {"R7", [](Response& r) { r.assertion.audience = "urn:amazon:webservices:govcloud"; }},
      {"R7", [](Response& r) { r.assertion.audience = ""; }},
      {"R8", [](Response& r) { r.assertion.name_id.value = ""; }},
      {"R8", [](Response& r) { r.assertion.name_id.value = std::string(257, 'n'); }},
      {"R9", [](Response& r) { r.assertion.name_id.format = "persistent"; }},
      {"R9",
       [](Response& r) {
         r.assertion.name_id.format = "urn:oasis:names:tc:SAML:2.0:nameid-format:emailAddress";
       }},
      {"R10", [](Response& r) { r.assertion.not_before = kNow + seconds(1); }},
      {"R10", [](Response& r) { r.assertion.not_on_or_after = kNow; }},
      {"R11", [](Response& r) { r.assertion.not_on_or_after = kNow + seconds(301); }},
      {"R11", [](Response& r) { r.issue_instant = kNow - seconds(1); }},
      {"R18", [](Response& r) { r.assertion.session_not_on_or_after = kNow + seconds(899); }},
      {"R18", [](Response& r) { r.assertion.session_index = ""; }},
      {"R18", [](Response& r) { r.assertion.authn_context_class = ""; }},
      {"R18", [](Response& r) { r.assertion.authn_instant = kNow + seconds(1); }},
      {"R19", [](Response& r) { r.assertion.in_response_to = ""; }},
      {"R19", [](Response& r) { r.assertion.in_response_to = "a b"; }},
      {"R20", [](Response& r) { Add(r, "urn:oid:2.5.4.3", {"Ann "}); }},
      {"R20", [](Response& r) { Add(r, "urn:oid:2.5.4.3", {"a\nb"}); }},
      {"1.3", [](Response& r) { r.id = "_0"; }},
      {"1.3", [](Response& r) { r.assertion.id = r.id; }},
      {"2", [](Response& r) { Add(r, "https://aws.amazon.com/saml/attributes/Role", {kPair}); }},
      {"2.1", [](Response& r) { Add(r, "urn:oid:2.5.4.3", {}); }},
      {"2.1", [](Response& r) { Add(r, std::string(kRole), {kPair}); }},
      {"2.1 Role", [](Response& r) { Roles(r).name = "Role"; }},
      {"2.1 Role", [](Response& r) { Roles(r).values.push_back("Admin"); }},
      {"2.1 Role",
       [](Response& r) {
         Roles(r).values.push_back(
             "arn:aws:iam::123412341234:role/AWSReservedSSO_A_1,arn:aws:iam::123412341234:saml-"
             "provider/rolebridge");
       }},
      {"2.1 RoleSessionName", [](Response& r) { r.assertion.attributes.pop_back(); }},
      {"2.1 RoleSessionName", [](Response& r) { SessionName(r).values = {"a"}; }},
      {"2.1 RoleSessionName", [](Response& r) { SessionName(r).values.push_back("alice2"); }},
      {"2.1 SessionDuration", [](Response& r) { Add(r, std::string(kSessionDuration), {"899"}); }},
      {"2.1 SessionDuration",
       [](Response& r) {
         Add(r, std::string(kSessionDuration), {"900", "901"});
       }},
      {"2.1 PrincipalTag", [](Response& r) { Add(r, Tag("Team"), {"a&b"}); }},
      {"2.1 PrincipalTag",
       [](Response& r) {
         Add(r, Tag("Team"), {"a", "b"});
       }},
      {"2.1 PrincipalTag",
       [](Response& r) {
         Add(r, Tag("Team"), {"a"});
         Add(r, Tag("team"), {"a"});
       }},
      {"2.1 PrincipalTag",
       [](Response& r) {
         for (int i = 0; i < 51; ++i) Add(r, Tag("T" + std::to_string(i)), {"a"});
       }},
      {"2.1 TransitiveTagKeys",
       [](Response& r) { Add(r, std::string(kTransitiveTagKeys), {"Team"}); }},
      {"2.1 SourceIdentity",
       [](Response& r) { Add(r, std::string(kSourceIdentity), {"aws:alice"}); }},
      {"2.2",
       [](Response& r) {
         Roles(r).values = {
             "arn:aws:iam::123412341234:saml-provider/rolebridge,"
             "arn:aws:iam::123412341234:role/Admin"};
       }},
      {"2.2", [](Response& r) { Roles(r).values.push_back(kPair); }},
      {"3.1",
       [](Response& r) {
         Roles(r).values.push_back(
             "arn:aws-cn:iam::123412341234:role/A,arn:aws-cn:iam::123412341234:saml-provider/p");
       }},
  };
  for (const BadCase& c : cases) {
    Response response = GoodResponse();
    c.spoil(response);
    EXPECT_THAT(RulesBroken(response), testing::Contains(c.rule)) << c.rule;
  }
}

TEST(CheckResponseTest, RefusesEndpointsThatAreNearlyAws) {
  const char* refused[] = {
      "https://signin.aws.amazon.com/saml/",
      "https://signin.aws.amazon.com/",
      "https://signin.aws.amazon.com/static/saml",
      "https://signin.aws.amazon.com/saml/SAMLSP0123456789ABCDEF",
      "https://signin.aws.amazon.com/saml/acs/short",
      "https://signin.aws.amazon.com/saml?x=1",
      "https://signin.aws.amazon.com:443/saml",
      "http://signin.aws.amazon.com/saml",
      "https://Signin.aws.amazon.com/saml",
      "https://a.b.signin.aws.amazon.com/saml",
      "https://x@signin.aws.amazon.com/saml",
      "http://sp.example.org/saml",
      "signin.aws.amazon.com/saml",
      "javascript:x",
      "https:///saml",
      "https://sp.example.org/a b",
  };
  for (const char* recipient : refused) {
    Response response = GoodResponse();
    response.destination = response.assertion.recipient = recipient;
    EXPECT_THAT(RulesBroken(response), testing::Contains("R5")) << recipient;
  }
}

TEST(CheckResponseTest, NamesTheAttributeAtFault) {
  Response response = GoodResponse();
  SessionName(response).values = {"alice smith"};
  const std::vector<Violation> violations = CheckResponse(response);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].attribute, kRoleSessionName);
  EXPECT_THAT(violations[0].message, testing::HasSubstr("'alice smith'"));
}

TEST(CheckSizeTest, StopsAboveNinetyFiveThousand) {
  EXPECT_THAT(CheckSize(95'000, 440), IsEmpty());
  const auto violations = CheckSize(95'001, 441);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].rule, "R16");
  EXPECT_THAT(violations[0].message, testing::HasSubstr("441 roles"));
}

}  // namespace
}  // namespace rolebridge::aws
