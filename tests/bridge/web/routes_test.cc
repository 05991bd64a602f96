#include "bridge/web/routes.h"

#include <algorithm>
#include <string>
#include <vector>

#include "bridge/web/dispatcher.h"
#include "bridge/web/security_headers.h"
#include "tests/bridge/web/browser.h"

namespace rolebridge::web {
namespace {

using protocol::FakeIssuer;

class RoutesTest : public Browser {
 protected:
  // security.md B5 to B8, on `response`.
  void ExpectHeaders(const HttpResponse& response, const std::string& what) {
    const std::vector<HttpField> expected = {
        {"X-Frame-Options", "DENY"},
        {"X-Content-Type-Options", "nosniff"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Strict-Transport-Security", "max-age=31536000"},
    };
    for (const auto& [name, value] : expected) EXPECT_EQ(Header(response, name), value) << what;
    const std::string policy = Header(response, "Content-Security-Policy").value_or("");
    EXPECT_TRUE(policy.starts_with(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action "))
        << what;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << what;
    const std::string referrer = Header(response, "Referrer-Policy").value_or("");
    EXPECT_TRUE(referrer == "no-referrer" || referrer == "same-origin") << what;
    if (what.find("/static/") == std::string::npos) {
      EXPECT_EQ(Header(response, "Cache-Control"), "no-store") << what;
    }
    // Neither inline script nor inline style, which the policy would stop anyway.
    EXPECT_EQ(response.body.find("style="), std::string::npos) << what;
    EXPECT_EQ(response.body.find("<style"), std::string::npos) << what;
    EXPECT_EQ(response.body.find("<script>"), std::string::npos) << what;
  }
};

TEST_F(RoutesTest, EveryAnswerCarriesTheSecurityHeaders) {
  for (const bool signed_in : {false, true}) {
    for (const bool gone : {false, true}) {
      issuer.gone = gone;
      for (const Route& route : PublicRoutes(site).routes) {
        if (signed_in) {
          jar["__Host-rb"] = FakeIssuer::kSession;
        } else {
          jar.clear();
        }
        std::string path = route.path;
        if (const size_t at = path.find("{slug}"); at != std::string::npos) {
          path.replace(at, 6, "aws");
        }
        ExpectHeaders(route.method == "GET" ? Get(path) : Post(path, {{"csrf", "x"}}),
                      route.method + " " + path);
      }
    }
  }
}

TEST_F(RoutesTest, EveryErrorHasAPageWithTheSecurityHeaders) {
  const DispatcherSettings public_routes = PublicRoutes(site);
  for (const int status : {400, 404, 405, 421, 500}) {
    const HttpResponse response = public_routes.error_page(status, Request("GET", "/nowhere"));
    EXPECT_EQ(response.status, status);
    ExpectHeaders(response, std::to_string(status));
    EXPECT_TRUE(Has(response, "0123456789abcdef"));
    EXPECT_TRUE(Has(response, "<h1>"));
  }
}

TEST_F(RoutesTest, StaticFilesMayBeKeptForEver) {
  ASSERT_FALSE(static_files->empty());
  for (const StaticFile& file : *static_files) {
    const HttpResponse response = Get(file.path);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(Header(response, "Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(response.body, file.bytes);
  }
  const HttpResponse page = Get("/login");
  for (const std::string name : {"rolebridge.css", "rolebridge.js", "logo.svg"}) {
    const auto file = std::find_if(static_files->begin(), static_files->end(),
                                   [&](const StaticFile& one) { return one.name == name; });
    ASSERT_NE(file, static_files->end());
    EXPECT_TRUE(Has(page, "\"" + file->path + "\"")) << name;
  }
}

TEST_F(RoutesTest, EveryFormOfOurOwnIsOnAPageThatSendsItsOrigin) {
  // Under no-referrer browsers send "Origin: null" with a form, which B4 refuses.
  jar["__Host-rb"] = FakeIssuer::kSession;
  for (const std::string path : {"/", "/login", "/apps/aws", "/apps/wiki"}) {
    EXPECT_EQ(Header(Get(path), "Referrer-Policy"), "same-origin") << path;
  }
}

TEST_F(RoutesTest, FitTheDispatcher) {
  const auto pages_dispatcher = Dispatcher::Create(PublicRoutes(site));
  ASSERT_TRUE(pages_dispatcher.has_value()) << pages_dispatcher.error().message;
  HttpRequest login = Request("GET", "/login");
  const std::string bytes = (*pages_dispatcher)->Dispatch(login, false).bytes;
  EXPECT_TRUE(bytes.starts_with("HTTP/1.1 200")) << bytes.substr(0, 300);
  EXPECT_NE(bytes.find("<h1>Sign in</h1>"), std::string::npos);
  HttpRequest sign_out = Request("GET", "/logout");
  EXPECT_TRUE((*pages_dispatcher)->Dispatch(sign_out, false).bytes.starts_with("HTTP/1.1 405"));

  const auto status_dispatcher = Dispatcher::Create(StatusRoutes(site));
  ASSERT_TRUE(status_dispatcher.has_value()) << status_dispatcher.error().message;
  HttpRequest ready = Request("GET", "/readyz");
  EXPECT_TRUE((*status_dispatcher)->Dispatch(ready, false).bytes.starts_with("HTTP/1.1 200"));
}

}  // namespace
}  // namespace rolebridge::web
