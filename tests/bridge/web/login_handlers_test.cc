#include "bridge/web/login_handlers.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "bridge/web/cookie.h"
#include "bridge/web/csrf_token.h"
#include "tests/bridge/web/browser.h"

namespace rolebridge::web {
namespace {

using protocol::FakeIssuer;
using protocol::LoginReply;
using protocol::LoginState;
using protocol::Prompt;
using protocol::PromptStyle;
using protocol::Reason;
using protocol::Refusal;

class LoginHandlersTest : public Browser {
 protected:
  HttpResponse TryPassword(const std::string& password) {
    const HttpResponse page = Get("/login");
    return Post(
        "/login",
        {{"csrf", Value(page.body, "csrf")}, {"username", "alice"}, {"password", password}});
  }

  void AnswerLogin(LoginState state, std::vector<Prompt> prompts = {}) {
    issuer.begin_login = [state, prompts](const auto&) -> protocol::Answer<LoginReply> {
      LoginReply reply;
      reply.state = state;
      reply.conversation = FakeIssuer::kConversation;
      reply.prompts = prompts;
      reply.hold_milliseconds = 1987;
      return reply;
    };
  }
};

bool SetsCookie(const HttpResponse& response, const std::string& value) {
  return std::any_of(response.headers.begin(), response.headers.end(), [&](const auto& header) {
    return header.first == "Set-Cookie" && header.second == value;
  });
}

TEST_F(LoginHandlersTest, SignsInAndLeadsToThePortal) {
  const HttpResponse response = LogIn();
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(Location(response), "/");
  EXPECT_TRUE(SetsCookie(response, "__Host-rb=" + std::string(FakeIssuer::kSession) +
                                       "; Secure; HttpOnly; SameSite=Lax; Path=/"));
  EXPECT_EQ(issuer.last_username, "alice");
  EXPECT_EQ(issuer.last_context.client_address, "192.0.2.7");
  EXPECT_EQ(issuer.last_context.request_id, "0123456789abcdef");
}

// security.md T3.
TEST_F(LoginHandlersTest, KeepsTheDeviceTokenForTheNextLogin) {
  const HttpResponse response = LogIn();
  EXPECT_TRUE(SetsCookie(response, "__Host-rb-device=" + std::string(FakeIssuer::kDevice) +
                                       "; Secure; HttpOnly; SameSite=Lax; Path=/; "
                                       "Max-Age=7776000"));
  EXPECT_EQ(issuer.last_device, "");
  LogIn();
  EXPECT_EQ(issuer.last_device, FakeIssuer::kDevice);
}

TEST_F(LoginHandlersTest, SaysHowLongToWaitAfterTooManyFailures) {
  for (const auto& [seconds, words] :
       {std::pair{30U, "Try again in 30 seconds."}, std::pair{60U, "Try again in 60 seconds."},
        std::pair{61U, "Try again in 2 minutes."}, std::pair{900U, "Try again in 15 minutes."}}) {
    issuer.begin_login = [wait = seconds](const auto&) -> protocol::Answer<LoginReply> {
      LoginReply reply;
      reply.state = LoginState::kThrottled;
      reply.wait_seconds = wait;
      reply.hold_milliseconds = 1987;
      return reply;
    };
    const HttpResponse response = TryPassword("x");
    EXPECT_EQ(response.status, 429);
    EXPECT_EQ(response.hold, std::chrono::milliseconds(1987));
    EXPECT_TRUE(Has(response, words)) << seconds;
  }
}

TEST_F(LoginHandlersTest, GivesTheLoginCookieOnceAndKeepsItAfterTheLogin) {
  const HttpResponse first = Get("/login");
  const std::string cookie = jar.at("__Host-rb-login");
  EXPECT_EQ(Header(first, "Set-Cookie"), SetCookie(kLoginCookie, cookie));
  EXPECT_FALSE(Header(Get("/login"), "Set-Cookie").has_value());
  LogIn();
  EXPECT_EQ(jar.at("__Host-rb-login"), cookie);
}

TEST_F(LoginHandlersTest, SecondTabThatWasOpenedBeforeTheLoginStillSignsIn) {
  const HttpResponse other_tab = Get("/login");
  LogIn();
  const HttpResponse response = Post(
      "/login",
      {{"csrf", Value(other_tab.body, "csrf")}, {"username", "alice"}, {"password", "correct"}});
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(Location(response), "/");
}

TEST_F(LoginHandlersTest, EndsTheSessionThatWasThereBefore) {
  jar["__Host-rb"] = std::string(64, 'd');
  LogIn();
  EXPECT_EQ(issuer.last_ended_session, std::string(64, 'd'));
  EXPECT_EQ(jar.at("__Host-rb"), FakeIssuer::kSession);
}

TEST_F(LoginHandlersTest, NeverTakesASessionFromUrlOrBody) {
  const std::string planted(64, 'd');
  const HttpResponse page = Get("/login?session=" + planted + "&__Host-rb=" + planted);
  const HttpResponse response =
      Post("/login?__Host-rb=" + planted, {{"csrf", Value(page.body, "csrf")},
                                           {"__Host-rb", planted},
                                           {"session", planted},
                                           {"username", "alice"},
                                           {"password", "correct"}});
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(jar.at("__Host-rb"), FakeIssuer::kSession);
}

TEST_F(LoginHandlersTest, LeadsToAllowedPagesOnlyAfterTheLogin) {
  EXPECT_EQ(Location(LogIn("/login?next=%2Fapps%2Faws%3Frelay_state%3Dhttps%253A%252F%252Fa")),
            "/apps/aws?relay_state=https%3A%2F%2Fa");
  for (const std::string next :
       {"https%3A%2F%2Fevil.example%2F", "%2F%2Fevil.example", "%2F%5Cevil.example",
        "%2Fapps%2Faws%0D%0AX%3A%20y", "%252F%252Fevil.example", "%2Flogout"}) {
    EXPECT_EQ(Location(LogIn("/login?next=" + next)), "/") << next;
  }
}

// aws-saml.md 8.4: the client posts to the action as it is written, takes the last form of the
// page, and tries again for ever unless it finds the error.
TEST_F(LoginHandlersTest, LoginPageIsWhatAKeyCloakClientExpects) {
  const HttpResponse page = Get("/login?next=%2Fapps%2Faws");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(Count(page.body, "<form"), 1u);
  EXPECT_TRUE(Has(page, "action=\"https://sso.example.org/login?next=%2Fapps%2Faws\""));
  EXPECT_TRUE(Has(page, "name=\"username\""));
  EXPECT_TRUE(Has(page, "name=\"password\""));
  EXPECT_FALSE(Has(page, "input-error"));
  EXPECT_FALSE(Has(page, "tryanotherway"));
  EXPECT_FALSE(Has(page, "type=\"checkbox\""));
}

TEST_F(LoginHandlersTest, EveryAnswerThatIsNoSuccessTellsAKeyCloakClientToStop) {
  const auto stops = [](const HttpResponse& response) {
    const size_t at = response.body.find("<span id=\"input-error\"");
    return Count(response.body, "id=\"input-error\"") == 1 &&
           response.body.find("Invalid username or password.", at) != std::string::npos;
  };
  for (const LoginState state :
       {LoginState::kFailed, LoginState::kPasswordExpired, LoginState::kPasswordKept,
        LoginState::kUnavailable, LoginState::kPrompts, LoginState::kWorking}) {
    AnswerLogin(state);
    EXPECT_TRUE(stops(TryPassword("x"))) << static_cast<int>(state);
  }
  for (int reason = 0; reason <= static_cast<int>(Reason::kLast); ++reason) {
    issuer.begin_login = [reason](const auto&) -> protocol::Answer<LoginReply> {
      return Refusal{static_cast<Reason>(reason), "detail"};
    };
    EXPECT_TRUE(stops(TryPassword("x"))) << reason;
  }
  issuer.gone = true;
  EXPECT_TRUE(stops(TryPassword("x")));
  issuer.gone = false;
  EXPECT_TRUE(stops(TryPassword("")));
  EXPECT_TRUE(stops(TryPassword(std::string(512, 'x'))));
  EXPECT_TRUE(stops(Post("/login", {{"username", "alice"}, {"password", "correct"}})));

  // Signed in, and nothing to post to AWS: the portal, a role choice, and "nothing is open to you".
  LogIn();
  jar["__Host-rb"] = FakeIssuer::kSession;
  EXPECT_TRUE(stops(Get("/")));
  EXPECT_TRUE(stops(Get("/apps/aws")));
  issuer.describe = [](const auto&) -> protocol::Answer<protocol::DescribeReply> {
    return Refusal{Reason::kNotEntitled, ""};
  };
  EXPECT_TRUE(stops(Get("/")));
}

TEST_F(LoginHandlersTest, FailedLoginIsTheSamePageAtTheTimeThatTheIssuerSays) {
  const HttpResponse page = Get("/login");
  const Fields wrong = {
      {"csrf", Value(page.body, "csrf")}, {"username", "alice"}, {"password", "wrong"}};
  const Fields unknown = {
      {"csrf", Value(page.body, "csrf")}, {"username", "nobody"}, {"password", "wrong"}};
  const HttpResponse first = Post("/login", wrong);
  const HttpResponse second = Post("/login", unknown);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.hold, std::chrono::milliseconds(1987));
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(first.headers, second.headers);
  EXPECT_FALSE(Header(first, "Set-Cookie").has_value());
  EXPECT_FALSE(Has(first, "alice"));
}

TEST_F(LoginHandlersTest, AnswersThatNoPamModuleTakesAreFailedLoginsOfTheSameTime) {
  const HttpResponse response = TryPassword(std::string(512, 'x'));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.hold, std::chrono::milliseconds(2000));
  EXPECT_FALSE(issuer.WasAsked("begin_login"));
}

TEST_F(LoginHandlersTest, BeginsNoConversationWithoutThePassword) {
  EXPECT_EQ(TryPassword("").status, 200);
  EXPECT_FALSE(issuer.WasAsked("begin_login"));
}

TEST_F(LoginHandlersTest, SaysPlainlyWhatIsToBeDone) {
  AnswerLogin(LoginState::kPasswordExpired);
  EXPECT_TRUE(Has(TryPassword("x"), "Your password has expired."));
  AnswerLogin(LoginState::kPasswordKept);
  EXPECT_TRUE(Has(TryPassword("x"), "Your password has expired and was not changed."));
  AnswerLogin(LoginState::kUnavailable);
  const HttpResponse response = TryPassword("x");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.hold, std::chrono::milliseconds(1987));
  EXPECT_TRUE(Has(response, "Signing in does not work at the moment."));
}

TEST_F(LoginHandlersTest, RefusesAFormThatIsNotItsOwn) {
  const std::string token = Value(Get("/login").body, "csrf");
  const auto attempt = [&](const std::string& csrf) {
    return Post("/login", {{"csrf", csrf}, {"username", "alice"}, {"password", "correct"}});
  };
  const std::string cookie = jar.at("__Host-rb-login");
  const std::string session_token = settings.Get()->csrf.Make(FormKind::kSession, cookie);
  for (const std::string& csrf : {std::string(), std::string("x"), session_token,
                                  settings.Get()->csrf.Make(FormKind::kLogin, "another")}) {
    EXPECT_EQ(attempt(csrf).status, 403) << csrf;
  }
  for (const std::string foreign : {"null", "https://evil.example", "http://sso.example.org"}) {
    origin = foreign;
    EXPECT_EQ(attempt(token).status, 403) << foreign;
  }
  origin.reset();
  for (const std::string fetched : {"cross-site", "same-site", "none"}) {
    fetch_site = fetched;
    EXPECT_EQ(attempt(token).status, 403) << fetched;
  }
  fetch_site.reset();
  EXPECT_EQ(attempt(token).status, 403);
  jar.erase("__Host-rb-login");
  fetch_site = "same-origin";
  EXPECT_EQ(attempt(token).status, 403);
  EXPECT_FALSE(issuer.WasAsked("begin_login"));

  jar["__Host-rb-login"] = cookie;
  EXPECT_EQ(attempt(token).status, 303);
}

TEST_F(LoginHandlersTest, RefusesWhatIsNoForm) {
  HttpRequest request = Request("POST", "/login");
  request.fields.emplace_back("content-type", "application/json");
  request.body = "{}";
  EXPECT_EQ(Ask(request).status, 400);
  EXPECT_EQ(Post("/login?next=%zz", {}).status, 400);
}

TEST_F(LoginHandlersTest, RelaysSeveralPromptsAndTheirAnswers) {
  AnswerLogin(LoginState::kPrompts, {{PromptStyle::kInfo, "Code sent to your phone"},
                                     {PromptStyle::kError, "The last code was too old"},
                                     {PromptStyle::kEchoOff, "One-time code: "},
                                     {PromptStyle::kEchoOn, "Favourite colour"}});
  issuer.answer_prompts = [](const auto&) -> protocol::Answer<LoginReply> {
    LoginReply reply;
    reply.state = LoginState::kLoggedIn;
    reply.session = SecretString(FakeIssuer::kSession);
    return reply;
  };
  const HttpResponse login = Get("/login?next=%2Fapps%2Fwiki");
  const HttpResponse page =
      Post(FormAction(login.body),
           {{"csrf", Value(login.body, "csrf")}, {"username", "alice"}, {"password", "correct"}});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.hold, std::chrono::milliseconds(1987));
  EXPECT_TRUE(Has(page, "Code sent to your phone"));
  EXPECT_TRUE(Has(page, "The last code was too old"));
  EXPECT_TRUE(Has(page, "<label for=\"answer0\">One-time code</label>"));
  EXPECT_TRUE(Has(page, "name=\"answer0\" type=\"password\""));
  EXPECT_TRUE(Has(page, "autocomplete=\"one-time-code\""));
  EXPECT_TRUE(Has(page, "name=\"answer1\" type=\"text\""));
  EXPECT_FALSE(Has(page, FakeIssuer::kConversation));

  const HttpResponse done =
      Post(FormAction(page.body),
           {{"csrf", Value(page.body, "csrf")}, {"answer0", "123456"}, {"answer1", "teal"}});
  EXPECT_EQ(issuer.last_conversation, FakeIssuer::kConversation);
  EXPECT_EQ(issuer.last_answers, (std::vector<std::string>{"123456", "teal"}));
  EXPECT_EQ(done.status, 303);
  EXPECT_EQ(Location(done), "/apps/wiki");
}

TEST_F(LoginHandlersTest, AsksForAStepUpWhereALevelIsMissingAndComesBack) {
  LogIn();
  issuer.issue = [](const auto&) -> protocol::Answer<protocol::IssueReply> {
    return Refusal{protocol::Reason::kNeedsLevel, "Admins type a code.", "mfa"};
  };
  const HttpResponse portal = Get("/");
  const HttpResponse asked =
      Post("/apps/aws", {{"csrf", Value(portal.body, "csrf")}, {"role", "x"}});
  EXPECT_EQ(asked.status, 200);
  EXPECT_TRUE(Has(asked, "Admins type a code."));
  EXPECT_TRUE(Has(asked, "<b>mfa</b>"));

  AnswerLogin(LoginState::kPrompts, {{PromptStyle::kEchoOff, "One-time code: "}});
  const HttpResponse prompts =
      Post("/step-up?level=mfa&next=%2Fapps%2Faws", {{"csrf", Value(asked.body, "csrf")}});
  EXPECT_EQ(issuer.last_level, "mfa");
  EXPECT_EQ(issuer.last_session, FakeIssuer::kSession);
  EXPECT_EQ(issuer.last_username, "");
  EXPECT_TRUE(Has(prompts, "One-time code"));
  EXPECT_TRUE(Has(prompts, "At the level <b>mfa</b>"));
  EXPECT_TRUE(Has(prompts, "/step-up?level=mfa&amp;next=%2Fapps%2Faws")) << "to start over";

  const std::string raised(64, 'b');
  issuer.answer_prompts = [&](const auto&) -> protocol::Answer<LoginReply> {
    LoginReply reply;
    reply.state = LoginState::kLoggedIn;
    reply.session = SecretString(raised);
    return reply;
  };
  const HttpResponse done = Post(FormAction(prompts.body),
                                 {{"csrf", Value(prompts.body, "csrf")}, {"answer0", "123456"}});
  EXPECT_EQ(Location(done), "/apps/aws");
  EXPECT_EQ(jar["__Host-rb"], raised);
}

TEST_F(LoginHandlersTest, AStepUpThatFailsLeavesThePersonSignedIn) {
  LogIn();
  const std::string token = Value(Get("/").body, "csrf");
  for (const auto& [state, status, said] :
       {std::tuple{LoginState::kFailed, 403, "That was not right"},
        std::tuple{LoginState::kThrottled, 429, "Too many tries have failed"},
        std::tuple{LoginState::kUnavailable, 503, "does not work at the moment"}}) {
    AnswerLogin(state, {});
    const HttpResponse response = Post("/step-up?level=mfa&next=%2F", {{"csrf", token}});
    EXPECT_EQ(response.status, status);
    EXPECT_TRUE(Has(response, said)) << response.body;
    EXPECT_TRUE(Has(response, "href=\"/step-up?level=mfa&amp;next=%2F\"")) << "try again";
    EXPECT_EQ(response.hold, std::chrono::milliseconds(1987));
    EXPECT_EQ(jar["__Host-rb"], FakeIssuer::kSession);
  }
}

TEST_F(LoginHandlersTest, NobodyElseStartsAStepUp) {
  EXPECT_EQ(Get("/step-up?level=mfa").status, 303) << "to the login";
  LogIn();
  issuer.asked.clear();
  const std::string token = Value(Get("/step-up?level=mfa").body, "csrf");
  EXPECT_EQ(Post("/step-up?level=mfa", {{"csrf", std::string(64, '0')}}).status, 403);
  origin = "https://evil.example";
  EXPECT_EQ(Post("/step-up?level=mfa", {{"csrf", token}}).status, 403);
  origin = std::string(kOrigin);
  for (const char* const level : {"", "a%20b", "%3Cb%3E"}) {
    EXPECT_EQ(Get(std::string("/step-up?level=") + level).status, 400) << level;
    EXPECT_EQ(Post(std::string("/step-up?level=") + level, {{"csrf", token}}).status, 400) << level;
  }
  EXPECT_FALSE(issuer.WasAsked("begin_login"));
}

TEST_F(LoginHandlersTest, AnswersOnlyFromTheBrowserThatBegan) {
  AnswerLogin(LoginState::kPrompts, {{PromptStyle::kEchoOff, "Code"}});
  const HttpResponse page = TryPassword("x");
  const std::string action = FormAction(page.body);
  jar.clear();
  const HttpResponse own = Get("/login");
  EXPECT_TRUE(Has(Post(action, {{"csrf", Value(own.body, "csrf")}, {"answer0", "1"}}),
                  "That sign-in took too long."));
  EXPECT_TRUE(Has(Get(action), "That sign-in took too long."));
  EXPECT_FALSE(issuer.WasAsked("answer"));
}

TEST_F(LoginHandlersTest, WaitsForPamByAPageThatAsksAgain) {
  AnswerLogin(LoginState::kWorking, {{PromptStyle::kInfo, "Confirm on your phone"}});
  bool done = false;
  issuer.answer_prompts = [&done](const auto&) -> protocol::Answer<LoginReply> {
    LoginReply reply;
    reply.state = done ? LoginState::kLoggedIn : LoginState::kWorking;
    reply.conversation = FakeIssuer::kConversation;
    if (done) reply.session = SecretString(FakeIssuer::kSession);
    return reply;
  };
  HttpResponse page = TryPassword("x");
  EXPECT_TRUE(Has(page, "Confirm on your phone"));
  const std::string refresh = "<meta http-equiv=\"refresh\" content=\"2;url=";
  const auto next_look = [&] {
    const size_t at = page.body.find(refresh) + refresh.size();
    return page.body.substr(at, page.body.find('"', at) - at);
  };
  page = Get(next_look());
  EXPECT_TRUE(Has(page, refresh));
  EXPECT_TRUE(issuer.last_answers.empty());
  done = true;
  page = Get(next_look());
  EXPECT_EQ(page.status, 303);
  EXPECT_EQ(jar.at("__Host-rb"), FakeIssuer::kSession);
}

TEST_F(LoginHandlersTest, StartsAgainAfterAConversationThatIsGone) {
  AnswerLogin(LoginState::kPrompts, {{PromptStyle::kEchoOff, "Code"}});
  const HttpResponse page = TryPassword("x");
  const HttpResponse response =
      Post(FormAction(page.body), {{"csrf", Value(page.body, "csrf")}, {"answer0", "1"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(Has(response, "That sign-in took too long."));
  EXPECT_TRUE(Has(response, "name=\"password\""));
}

TEST_F(LoginHandlersTest, SignsOutAndSaysWhatGoesOn) {
  LogIn();
  const HttpResponse portal = Get("/");
  const HttpResponse response = Post("/logout", {{"csrf", Value(portal.body, "csrf")}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(issuer.last_ended_session, FakeIssuer::kSession);
  EXPECT_EQ(Header(response, "Set-Cookie"), ClearCookie(kSessionCookie));
  EXPECT_TRUE(Has(response, "href=\"https://signin.aws.amazon.com/oauth?Action=logout\""));
  EXPECT_TRUE(Has(response, "have not ended"));
  EXPECT_FALSE(Has(response, "Wiki"));
}

TEST_F(LoginHandlersTest, SignsNobodyOutForAnotherSite) {
  LogIn();
  const std::string token = Value(Get("/").body, "csrf");
  EXPECT_EQ(Post("/logout", {}).status, 403);
  EXPECT_EQ(Post("/logout", {{"csrf", std::string(64, '0')}}).status, 403);
  origin = "null";
  EXPECT_EQ(Post("/logout", {{"csrf", token}}).status, 403);
  EXPECT_FALSE(issuer.WasAsked("end_session"));
  EXPECT_EQ(Get("/logout").status, 404);  // in the dispatcher: 405
}

}  // namespace
}  // namespace rolebridge::web
