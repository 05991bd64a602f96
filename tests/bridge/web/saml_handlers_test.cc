#include "bridge/web/saml_handlers.h"

#include <chrono>
#include <string>

#include "bridge/base/base64.h"
#include "tests/bridge/web/browser.h"

namespace rolebridge::web {
namespace {

using protocol::FakeIssuer;

// What Python's zlib makes of a request for AWS with ID _redirect1, issued at the fixed clock's
// now.
constexpr const char* kDeflated =
    "fVBNS8RADP0rZe62YxEPoS0UvSysl1314EXGMewOdDI1ybjir3e6RVgvQiAk7yOPdLOLiNMOY9Ug7/Mgo";

constexpr const char* kRedirectRequest =
    "fVBNS8RADP0rZe62YxEPoS0UvSysl1314EXGMewOdDI1ybjir3e6RVgvQiAk7yOPdOLiNMOY9Ug7/Mgo"
    "Wn3FiQTOQG8yEyQnQYBcRAH1sB8fttDWFmZOmnyazIXkf4UTQdaQyFSb+968Mr4HRq/XpnpGlgL0pvAK"
    "KpJxQ6KOtKxse3tl21KPtoUbC9a+mGr8NbtLJDki75E/g8en3bY3R9VZoGkkHChQ7U5Su+i+E9U+xWZJ"
    "aoZuaXA+xcMSe2XACd9ktZKuueSs0993DT8=";

class SamlHandlersTest : public Browser {
 protected:
  static std::string Request(const std::string& attributes,
                             const std::string& instant = "2026-02-02T02:40:00Z") {
    return EncodeBase64(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" "
        "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_r1\" Version=\"2.0\" "
        "IssueInstant=\"" +
        instant + "\" " + attributes +
        "><saml:Issuer>urn:amazon:webservices</saml:Issuer></samlp:AuthnRequest>");
  }

  // As another site's form sends it: without our cookies, with its own origin.
  HttpResponse PostFromElsewhere(const std::string& request, const std::string& relay_state = "") {
    origin = "https://sp.example";
    fetch_site = "cross-site";
    auto cookies = std::exchange(jar, {});
    HttpResponse response =
        Post("/saml/aws/sso", {{"SAMLRequest", request}, {"RelayState", relay_state}});
    jar = std::move(cookies);
    origin = kOrigin;
    fetch_site.reset();
    return response;
  }
};

TEST_F(SamlHandlersTest, OffersMetadataAsAFile) {
  const HttpResponse response = Get("/saml/aws/metadata");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "<md:EntityDescriptor/>");
  EXPECT_EQ(Header(response, "Content-Type"), "application/samlmetadata+xml; charset=utf-8");
  EXPECT_EQ(Header(response, "Content-Disposition"),
            "attachment; filename=\"rolebridge-aws-metadata.xml\"");
  EXPECT_EQ(Get("/saml/absent/metadata").status, 404);
}

TEST_F(SamlHandlersTest, LeadsFromABareSsoAddressToTheApplication) {
  EXPECT_EQ(Location(Get("/saml/aws/sso")), "/apps/aws");
  EXPECT_EQ(Get("/saml/absent/sso").status, 404);
}

TEST_F(SamlHandlersTest, CarriesARequestThroughTheLoginToTheIssuer) {
  const HttpResponse sso = PostFromElsewhere(
      Request("AssertionConsumerServiceURL=\"https://signin.aws.amazon.com/saml\" "
              "Destination=\"https://sso.example.org/saml/aws/sso\""),
      "ss:mem:\"0123\"");
  ASSERT_EQ(sso.status, 303) << sso.body;
  const std::string own = Location(sso);
  EXPECT_TRUE(own.starts_with("/saml/aws/continue?request="));

  const HttpResponse to_login = Get(own);
  ASSERT_EQ(to_login.status, 303);
  const HttpResponse logged_in = LogIn(Location(to_login));
  EXPECT_EQ(Location(logged_in), own);

  const HttpResponse choice = Get(own);
  EXPECT_EQ(choice.status, 200);
  EXPECT_FALSE(issuer.WasAsked("issue"));
  const HttpResponse handed_over = Post("/apps/aws", {{"csrf", Value(choice.body, "csrf")},
                                                      {"request", Value(choice.body, "request")},
                                                      {"role", std::string(FakeIssuer::kReader)}});
  EXPECT_EQ(handed_over.status, 200);
  EXPECT_TRUE(issuer.last_facts.present);
  EXPECT_EQ(issuer.last_facts.id, "_r1");
  EXPECT_EQ(issuer.last_facts.issuer, "urn:amazon:webservices");
  EXPECT_EQ(issuer.last_facts.acs_url, "https://signin.aws.amazon.com/saml");
  EXPECT_EQ(issuer.last_relay_state, "ss:mem:\"0123\"");
  EXPECT_TRUE(Has(handed_over, "value=\"ss:mem:&quot;0123&quot;\"/>"));
}

TEST_F(SamlHandlersTest, ReadsTheRedirectBinding) {
  jar["__Host-rb"] = FakeIssuer::kSession;
  const HttpResponse sso =
      Get("/saml/aws/sso?SAMLRequest=" + EncodeQueryValue(kRedirectRequest) + "&RelayState=abc");
  ASSERT_EQ(sso.status, 303) << sso.body;
  const HttpResponse choice = Get(Location(sso));
  Post("/apps/aws", {{"csrf", Value(choice.body, "csrf")},
                     {"request", Value(choice.body, "request")},
                     {"role", "all"}});
  EXPECT_EQ(issuer.last_facts.id, "_redirect1");
  EXPECT_EQ(issuer.last_relay_state, "abc");
}

TEST_F(SamlHandlersTest, RefusesARequestThatIsNotForHereAndNow) {
  using std::chrono::seconds;
  const auto status = [&](const std::string& attributes, const std::string& instant) {
    return PostFromElsewhere(Request(attributes, instant)).status;
  };
  const std::string now = "2026-02-02T02:40:00Z";
  EXPECT_EQ(status("", now), 303);
  EXPECT_EQ(status("", "2026-02-02T02:45:00Z"), 303);
  EXPECT_EQ(status("", "2026-02-02T02:35:00Z"), 303);
  EXPECT_EQ(status("", "2026-02-02T02:45:01Z"), 400);
  EXPECT_EQ(status("", "2026-02-02T02:34:59Z"), 400);
  for (const std::string attributes :
       {"Destination=\"https://evil.example/saml/aws/sso\"",
        "Destination=\"https://sso.example.org/saml/wiki/sso\"",
        "Destination=\"https://sso.example.org/saml/aws/sso/\"",
        "AssertionConsumerServiceURL=\"https://evil.example/acs\"",
        "AssertionConsumerServiceURL=\"https://wiki.example.org/acs\"",
        "AssertionConsumerServiceURL=\"https://signin.aws.amazon.com/saml/\"",
        "AssertionConsumerServiceIndex=\"1\"", "IsPassive=\"true\""}) {
    const HttpResponse response = PostFromElsewhere(Request(attributes));
    EXPECT_EQ(response.status, 400) << attributes;
    EXPECT_FALSE(Has(response, "evil.example")) << "nothing of the sender's is repeated";
    EXPECT_TRUE(Location(response).empty());
  }
  EXPECT_EQ(PostFromElsewhere("no base64!").status, 400);
  EXPECT_EQ(PostFromElsewhere("").status, 400);
  EXPECT_EQ(PostFromElsewhere(Request(""), std::string(1025, 'r')).status, 400);
  EXPECT_EQ(Get("/saml/aws/sso?SAMLRequest=a&SAMLRequest=b").status, 400);
  EXPECT_EQ(Get("/saml/aws/sso?SAMLRequest=" + EncodeQueryValue(kDeflated)).status, 400);
}

TEST_F(SamlHandlersTest, ContinuesOnlyWhatItHasSealedItself) {
  jar["__Host-rb"] = FakeIssuer::kSession;
  const std::string own = Location(PostFromElsewhere(Request("")));
  EXPECT_EQ(Get(own).status, 200);
  EXPECT_EQ(Get("/saml/aws/continue").status, 400);
  EXPECT_EQ(Get("/saml/aws/continue?request=AAAA").status, 400);
  std::string elsewhere = own;
  elsewhere.replace(elsewhere.find("aws"), 3, "wiki");
  EXPECT_EQ(Get(elsewhere).status, 400);

  const HttpResponse choice = Get(own);
  const Fields fields = {{"csrf", Value(choice.body, "csrf")},
                         {"request", Value(choice.body, "request")},
                         {"role", "all"}};
  EXPECT_EQ(Post("/apps/wiki", fields).status, 400);
  clock.now += std::chrono::minutes(10);
  EXPECT_EQ(Get(own).status, 400);
  EXPECT_EQ(Post("/apps/aws", fields).status, 400);
  EXPECT_FALSE(issuer.WasAsked("issue"));
}

// security.md I6: a flag ignored is a promise broken.
TEST_F(SamlHandlersTest, ForceAuthnAsksForANewLoginOnceAndBelievesNoOlderSession) {
  LogIn();
  const std::string own = Location(PostFromElsewhere(Request("ForceAuthn=\"true\"")));
  const HttpResponse to_login = Get(own);
  ASSERT_EQ(to_login.status, 303);
  EXPECT_TRUE(Location(to_login).starts_with("/login?next=%2Fsaml%2Faws%2Fcontinue"));
  // The form with the request, posted by hand past the login.
  const std::string token = settings.Get()->csrf.Make(FormKind::kSession, jar.at("__Host-rb"));
  const std::string sealed = own.substr(own.find('=') + 1);
  EXPECT_EQ(Post("/apps/aws", {{"csrf", token}, {"request", sealed}, {"role", "all"}}).status, 303);
  EXPECT_FALSE(issuer.WasAsked("issue"));

  const std::string other_session(64, 'e');
  issuer.begin_login = [&](const auto&) -> protocol::Answer<protocol::LoginReply> {
    protocol::LoginReply reply;
    reply.state = protocol::LoginState::kLoggedIn;
    reply.session = SecretString(other_session);
    return reply;
  };
  issuer.describe = [](const auto&) -> protocol::Answer<protocol::DescribeReply> {
    return FakeIssuer::DefaultDescription();
  };
  issuer.issue = [](const auto&) -> protocol::Answer<protocol::IssueReply> {
    protocol::IssueReply reply;
    reply.acs_url = "https://signin.aws.amazon.com/saml";
    reply.saml_response = SecretString("QQ==");
    return reply;
  };
  const std::string fresh = Location(LogIn(Location(to_login)));
  const HttpResponse choice = Get(fresh);
  EXPECT_EQ(choice.status, 200);
  EXPECT_EQ(Post("/apps/aws", {{"csrf", Value(choice.body, "csrf")},
                               {"request", Value(choice.body, "request")},
                               {"role", "all"}})
                .status,
            200);
  EXPECT_TRUE(issuer.last_facts.force_authn);

  jar["__Host-rb"] = std::string(64, 'f');
  EXPECT_EQ(Get(fresh).status, 303) << "fresh for that session and for no other";
}

}  // namespace
}  // namespace rolebridge::web
