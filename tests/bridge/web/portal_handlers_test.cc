#include "bridge/web/portal_handlers.h"

#include <string>
#include <vector>

#include "bridge/web/problem.h"
#include "tests/bridge/web/browser.h"

namespace rolebridge::web {
namespace {

using protocol::DescribeReply;
using protocol::FakeIssuer;
using protocol::IssueReply;
using protocol::Reason;
using protocol::Refusal;

class PortalHandlersTest : public Browser {
 protected:
  void SetUp() override { jar["__Host-rb"] = FakeIssuer::kSession; }
  std::string Token() { return settings.Get()->csrf.Make(FormKind::kSession, jar["__Host-rb"]); }
};

TEST_F(PortalHandlersTest, ShowsWhatAStepUpWouldOpen) {
  LogIn();
  protocol::DescribeReply description = FakeIssuer::DefaultDescription();
  description.applications[0].roles[0].level = "mfa";
  description.applications[1].level = "hardware";
  description.applications[1].withheld = "The wiki wants a key.";
  issuer.describe = [&](const auto&) -> protocol::Answer<protocol::DescribeReply> {
    return description;
  };
  const HttpResponse portal = Get("/");
  EXPECT_TRUE(Has(portal, "<span class=\"needs-level\">asks for mfa</span>"));
  EXPECT_TRUE(Has(portal, "The wiki wants a key."));
  EXPECT_TRUE(Has(portal, "action=\"/step-up?level=hardware&amp;next=%2F\""));
  EXPECT_TRUE(Has(portal, "Continue with hardware"));
  EXPECT_FALSE(Has(portal, "Take all roles along")) << "one alone is open";
  const HttpResponse choice = Get("/apps/wiki");
  EXPECT_TRUE(Has(choice, "action=\"/step-up?level=hardware&amp;next=%2Fapps%2Fwiki\""));
}

TEST_F(PortalHandlersTest, LeadsStrangersToTheLoginAndBack) {
  jar.clear();
  EXPECT_EQ(Location(Get("/")), "/login");
  EXPECT_EQ(Location(Get("/apps/aws?relay_state=https%3A%2F%2Fconsole.aws.amazon.com%2Fs3%2F")),
            "/login?next=%2Fapps%2Faws%3Frelay_state%3Dhttps%253A%252F%252Fconsole.aws.amazon.com"
            "%252Fs3%252F");
  EXPECT_TRUE(issuer.asked.empty());
}

TEST_F(PortalHandlersTest, ForgetsACookieThatTheIssuerDoesNotKnow) {
  jar["__Host-rb"] = std::string(64, 'd');
  const HttpResponse response = Get("/");
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(Location(response), "/login");
  EXPECT_FALSE(jar.contains("__Host-rb"));
}

TEST_F(PortalHandlersTest, ShowsRolesByAccountName) {
  const HttpResponse page = Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(Has(page, "Alice Example"));
  EXPECT_TRUE(Has(page, "another 7 hours 42 minutes"));
  EXPECT_TRUE(Has(page, "<bdi>Production</bdi>"));
  EXPECT_TRUE(Has(page, "Account 111122223333 · 1 role<"));
  EXPECT_TRUE(Has(page, "<bdi>444455556666</bdi>"));  // without a name the number is the name
  EXPECT_TRUE(Has(page, "name=\"role\" value=\"arn:aws:iam::111122223333:role/Admin\""));
  EXPECT_TRUE(Has(page, "Take all roles along"));
  EXPECT_TRUE(Has(page, "Sign in to Wiki"));
  EXPECT_TRUE(Has(page, "<form method=\"post\" action=\"/apps/wiki\">"));
}

TEST_F(PortalHandlersTest, OffersAllRolesOnlyWhereThereAreSeveral) {
  issuer.describe = [](const auto&) -> protocol::Answer<DescribeReply> {
    DescribeReply reply = FakeIssuer::DefaultDescription();
    reply.applications[0].roles.pop_back();
    return reply;
  };
  EXPECT_FALSE(Has(Get("/apps/aws"), "value=\"all\""));
}

TEST_F(PortalHandlersTest, FoldsAccountsWhereThereAreManyRolesAndPagesThem) {
  issuer.describe = [](const auto&) -> protocol::Answer<DescribeReply> {
    DescribeReply reply = FakeIssuer::DefaultDescription();
    for (int i = 0; i < 300; ++i) {
      const std::string account = std::to_string(200'000'000'000 + i / 3);
      reply.applications[0].roles.push_back(
          {"arn:aws:iam::" + account + ":role/R" + std::to_string(i), account, "", "R"});
    }
    reply.next_role = 302;
    return reply;
  };
  const HttpResponse page = Get("/?first=7");
  EXPECT_EQ(issuer.last_first_role, 7u);
  EXPECT_EQ(Count(page.body, "class=\"role\""), 302u);
  EXPECT_EQ(Count(page.body, "<details class=\"account\" >"), 102u);
  EXPECT_TRUE(Has(page, "href=\"/?first=302\""));
  EXPECT_TRUE(Has(page, "Back to the first roles"));
  EXPECT_LT(page.body.size(), 200'000u);
  for (const std::string nonsense : {"-1", "1x", "100001", ""}) {
    Get("/?first=" + nonsense);
    EXPECT_EQ(issuer.last_first_role, 0u) << nonsense;
  }
}

TEST_F(PortalHandlersTest, NeverIssuesForALink) {
  for (const std::string target : {"/apps/aws?role=all", "/apps/wiki",
                                   "/apps/aws?role=arn%3Aaws%3Aiam%3A%3A1%3Arole%2FAdmin"}) {
    EXPECT_EQ(Get(target).status, 200) << target;
  }
  // What stands in the query of a POST is no field of the form.
  EXPECT_EQ(Post("/apps/aws?role=all&csrf=" + Token(), {}).status, 403);
  EXPECT_EQ(Post("/apps/aws?role=all", {{"csrf", Token()}}).status, 400);
  EXPECT_FALSE(issuer.WasAsked("issue"));
}

TEST_F(PortalHandlersTest, HandsTheChosenRoleOver) {
  const HttpResponse page =
      Get("/apps/aws?relay_state=https%3A%2F%2Fconsole.aws.amazon.com%2Fs3%2F");
  EXPECT_EQ(Value(page.body, "relay_state"), "https://console.aws.amazon.com/s3/");
  const HttpResponse response =
      Post("/apps/aws", {{"csrf", Token()},
                         {"role", std::string(FakeIssuer::kAdmin)},
                         {"relay_state", Value(page.body, "relay_state")}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(issuer.last_role, FakeIssuer::kAdmin);
  EXPECT_FALSE(issuer.last_facts.present);
  EXPECT_TRUE(Has(response, "<form method=\"post\" action=\"https://signin.aws.amazon.com/saml\""));
  EXPECT_TRUE(Has(response, "name=\"SAMLResponse\" value=\"PHNhbWwycDpSZXNwb25zZS8+\"/>"));
  EXPECT_TRUE(Has(response, "name=\"RelayState\" value=\"https://console.aws.amazon.com/s3/\"/>"));
  EXPECT_TRUE(Has(response, "<button"));
  EXPECT_EQ(Count(response.body, "<form"), 1u);
  EXPECT_FALSE(Has(response, "input-error"));
  EXPECT_EQ(Header(response, "Content-Security-Policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            "base-uri 'none'; frame-ancestors 'none'; form-action https://signin.aws.amazon.com "
            "https://console.aws.amazon.com https://*.console.aws.amazon.com");
  EXPECT_EQ(Header(response, "Cache-Control"), "no-store");
  EXPECT_EQ(Header(response, "Referrer-Policy"), "no-referrer");
}

TEST_F(PortalHandlersTest, LeavesALongResponseOnOneLine) {
  const std::string base64(95'000, '+');
  issuer.issue = [&](const auto&) -> protocol::Answer<IssueReply> {
    IssueReply reply;
    reply.acs_url = "https://signin.aws.amazon.com/saml";
    reply.saml_response = SecretString(base64);
    return reply;
  };
  const HttpResponse response = Post("/apps/aws", {{"csrf", Token()}, {"role", "all"}});
  EXPECT_TRUE(Has(response, "value=\"" + base64 + "\""));
  EXPECT_FALSE(Has(response, "RelayState"));
}

TEST_F(PortalHandlersTest, ReturnsARelayStateByteForByte) {
  const std::string odd = "ss:mem:\"<&'\xe2\x80\xae\xc3\xa4";
  issuer.issue = [&](const auto&) -> protocol::Answer<IssueReply> {
    IssueReply reply;
    reply.acs_url = "https://signin.aws.amazon.com/saml";
    reply.saml_response = SecretString("QQ==");
    reply.relay_state = odd;
    return reply;
  };
  EXPECT_TRUE(
      Has(Post("/apps/aws", {{"csrf", Token()}, {"role", "all"}}),
          "name=\"RelayState\" value=\"ss:mem:&quot;&lt;&amp;&#39;\xe2\x80\xae\xc3\xa4\"/>"));
}

TEST_F(PortalHandlersTest, IssuesOnlyForAFormOfThisSession) {
  const auto attempt = [&](const std::string& csrf) {
    return Post("/apps/aws", {{"csrf", csrf}, {"role", "all"}}).status;
  };
  const CsrfTokens& tokens = settings.Get()->csrf;
  for (const std::string& csrf :
       {std::string(), std::string(64, '0'), tokens.Make(FormKind::kSession, std::string(64, 'e')),
        tokens.Make(FormKind::kLogin, jar["__Host-rb"])}) {
    EXPECT_EQ(attempt(csrf), 403) << csrf;
  }
  for (const std::string foreign :
       {"null", "https://evil.example", "https://sso.example.org:444"}) {
    origin = foreign;
    EXPECT_EQ(attempt(Token()), 403) << foreign;
  }
  origin.reset();
  EXPECT_EQ(attempt(Token()), 403);
  fetch_site = "cross-site";
  EXPECT_EQ(attempt(Token()), 403);
  EXPECT_FALSE(issuer.WasAsked("issue"));
  fetch_site = "same-origin";
  EXPECT_EQ(attempt(Token()), 200);
}

TEST_F(PortalHandlersTest, AsksForTheLoginWhereTheSessionEndedMeanwhile) {
  const std::string token = Token();
  issuer.issue = [](const auto&) -> protocol::Answer<IssueReply> {
    return Refusal{Reason::kNoSession, ""};
  };
  EXPECT_EQ(Location(Post("/apps/aws", {{"csrf", token}, {"role", "all"}})),
            "/login?next=%2Fapps%2Faws");
  EXPECT_FALSE(jar.contains("__Host-rb"));
  EXPECT_EQ(Location(Post("/apps/aws", {{"csrf", token}, {"role", "all"}})),
            "/login?next=%2Fapps%2Faws");
}

TEST_F(PortalHandlersTest, RefusesNonsense) {
  EXPECT_EQ(Get("/apps/absent").status, 404);
  EXPECT_EQ(Post("/apps/absent", {{"csrf", Token()}, {"role", "all"}}).status, 404);
  EXPECT_EQ(Get("/apps/aws?relay_state=a%0Ab").status, 400);
  EXPECT_EQ(Get("/apps/aws?relay_state=" + std::string(1025, 'a')).status, 400);
  EXPECT_EQ(Get("/apps/aws?a=1&a=2").status, 400);
  EXPECT_EQ(Post("/apps/aws", {{"csrf", Token()}, {"role", std::string(1025, 'a')}}).status, 400);
  EXPECT_FALSE(issuer.WasAsked("issue"));
}

TEST_F(PortalHandlersTest, IssuesNothingWhereThePolicyCouldNotBeSaid) {
  protocol::SettingsReply broken = FakeIssuer::DefaultSettings();
  broken.applications[0].form_origins = {"https://a.example\r\nX: y"};
  settings.Replace(std::move(broken));
  const HttpResponse response = Post("/apps/aws", {{"csrf", Token()}, {"role", "all"}});
  EXPECT_EQ(response.status, 500);
  EXPECT_FALSE(Has(response, "SAMLResponse"));
}

TEST_F(PortalHandlersTest, SaysWhomToAskWhereNothingIsOpen) {
  const auto check = [&](const HttpResponse& page) {
    EXPECT_EQ(page.status, 403);
    EXPECT_TRUE(Has(page, "Whom to ask: help desk, telephone 4711"));
    EXPECT_TRUE(Has(page, "Request number: <strong>0123456789abcdef</strong>"));
    EXPECT_TRUE(Has(page, "action=\"/logout\""));
  };
  issuer.describe = [](const auto&) -> protocol::Answer<DescribeReply> {
    return Refusal{Reason::kNotEntitled, ""};
  };
  check(Get("/"));
  check(Get("/apps/aws"));
  issuer.describe = [](const auto&) -> protocol::Answer<DescribeReply> {
    DescribeReply reply = FakeIssuer::DefaultDescription();
    reply.applications.clear();
    return reply;
  };
  check(Get("/"));
  check(Get("/apps/aws"));
}

// security.md B10: whatever comes from PAM, the directory, a policy or the configuration is text.
TEST_F(PortalHandlersTest, ShowsForeignTextAsText) {
  const std::string evil = "<img src=x onerror=alert(1)>\xe2\x80\xae\"'";
  const std::string harmless = "&lt;img src=x onerror=alert(1)&gt;[U+202E]&quot;&#39;";
  const auto check = [&](const HttpResponse& page, size_t times, const char* what) {
    EXPECT_FALSE(Has(page, "<img src=x")) << what;
    EXPECT_FALSE(Has(page, "\xe2\x80\xae")) << what;
    EXPECT_GE(Count(page.body, harmless), times) << what;
  };
  protocol::SettingsReply hostile = FakeIssuer::DefaultSettings();
  hostile.site_name = evil;
  hostile.help_contact = evil;
  hostile.banners = {evil};
  hostile.applications[0].name = evil;
  hostile.applications[0].sign_out_url = evil;
  settings.Replace(std::move(hostile));
  issuer.describe = [&](const auto&) -> protocol::Answer<DescribeReply> {
    DescribeReply reply = FakeIssuer::DefaultDescription();
    reply.display_name = evil;
    reply.username = evil;
    reply.applications[0].name = evil;
    reply.applications[0].roles = {{evil, evil, evil, evil}, {evil, evil, evil, evil}};
    return reply;
  };
  check(Get("/"), 12, "portal");
  check(Get("/apps/aws"), 12, "choice");
  check(Get("/login"), 5, "login");

  for (int reason = 0; reason <= static_cast<int>(Reason::kLast); ++reason) {
    issuer.issue = [&](const auto&) -> protocol::Answer<IssueReply> {
      return Refusal{static_cast<Reason>(reason), evil};
    };
    jar["__Host-rb"] = FakeIssuer::kSession;
    const HttpResponse page = Post("/apps/aws", {{"csrf", Token()}, {"role", evil}});
    if (static_cast<Reason>(reason) != Reason::kNoSession) check(page, 3, "refusal");
  }

  issuer.begin_login = [&](const auto&) -> protocol::Answer<protocol::LoginReply> {
    protocol::LoginReply reply;
    reply.state = protocol::LoginState::kPrompts;
    reply.conversation = FakeIssuer::kConversation;
    for (const auto style : {protocol::PromptStyle::kEchoOff, protocol::PromptStyle::kEchoOn,
                             protocol::PromptStyle::kInfo, protocol::PromptStyle::kError}) {
      reply.prompts.push_back({style, evil});
    }
    return reply;
  };
  const HttpResponse login = Get("/login");
  check(
      Post("/login", {{"csrf", Value(login.body, "csrf")}, {"username", evil}, {"password", "x"}}),
      8, "prompts");
  check(Post("/logout", {{"csrf", Token()}}), 5, "signed out");
}

TEST_F(PortalHandlersTest, EveryRefusalHasAPageThatSaysWhatToDo) {
  for (int reason = 0; reason <= static_cast<int>(Reason::kLast); ++reason) {
    // Those two lead on: to the login, and to a step-up.
    if (static_cast<Reason>(reason) == Reason::kNoSession) continue;
    if (static_cast<Reason>(reason) == Reason::kNeedsLevel) continue;
    issuer.issue = [&](const auto&) -> protocol::Answer<IssueReply> {
      return Refusal{static_cast<Reason>(reason), "mapping aws-role, line 41"};
    };
    const Problem& problem = ProblemOf(static_cast<Reason>(reason));
    const HttpResponse page = Post("/apps/aws", {{"csrf", Token()}, {"role", "all"}});
    EXPECT_EQ(page.status, problem.status);
    EXPECT_TRUE(Has(page, "<h1>" + std::string(problem.title) + "</h1>")) << problem.title;
    EXPECT_TRUE(Has(page, problem.advice)) << problem.title;
    EXPECT_TRUE(Has(page, "0123456789abcdef")) << problem.title;
    EXPECT_EQ(Has(page, "mapping aws-role, line 41"), problem.shows_detail) << problem.title;
    EXPECT_EQ(Has(page, "Whom to ask: help desk"), problem.asks_help) << problem.title;
    EXPECT_EQ(Header(page, "Retry-After").has_value(), problem.passes) << problem.title;
    EXPECT_FALSE(Has(page, "http-equiv=\"refresh\"")) << "a POST is not repeated";
  }
}

TEST_F(PortalHandlersTest, RecoversByItselfFromAnIssuerThatIsAway) {
  issuer.gone = true;
  const HttpResponse page = Get("/apps/aws?relay_state=https%3A%2F%2Fa.example%2F");
  EXPECT_EQ(page.status, 503);
  const std::string again = "/apps/aws?relay_state=https%3A%2F%2Fa.example%2F";
  EXPECT_TRUE(Has(page, "<meta http-equiv=\"refresh\" content=\"10;url=" + again + "\">"));
  EXPECT_TRUE(Has(page, "href=\"" + again + "\""));
  EXPECT_EQ(Header(page, "Retry-After"), "10");
  EXPECT_TRUE(jar.contains("__Host-rb"));
  issuer.gone = false;
  EXPECT_EQ(Get("/apps/aws").status, 200);
}

}  // namespace
}  // namespace rolebridge::web
