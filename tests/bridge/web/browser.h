#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/web/form.h"
#include "bridge/web/http.h"
#include "bridge/web/pages.h"
#include "bridge/web/routes.h"
#include "bridge/web/site.h"
#include "bridge/web/static_files.h"
#include "tests/support/fake_issuer.h"

namespace rolebridge::web {

class FixedClock final : public Clock {
 public:
  SysSeconds Now() const override { return now; }
  BootTime SinceBoot() const override { return BootTime(0); }
  bool IsSynchronised() const override { return true; }
  SysSeconds now{std::chrono::seconds(1'770'000'000)};
};

// The handlers behind their routes, the shipped pages, a fake issuer, and a browser of few
// features: it keeps cookies, sends Origin with forms, and finds fields in a page.
class Browser : public testing::Test {
 protected:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  static constexpr std::string_view kOrigin = "https://sso.example.org";

  HttpResponse Get(const std::string& target) { return Ask(Request("GET", target)); }

  HttpResponse Post(const std::string& target, const Fields& fields) {
    HttpRequest request = Request("POST", target);
    request.fields.emplace_back("content-type", "application/x-www-form-urlencoded");
    if (origin) request.fields.emplace_back("origin", *origin);
    if (fetch_site) request.fields.emplace_back("sec-fetch-site", *fetch_site);
    for (const auto& [name, value] : fields) {
      if (!request.body.empty()) request.body += '&';
      request.body += EncodeQueryValue(name) + "=" + EncodeQueryValue(value);
    }
    return Ask(std::move(request));
  }

  // Through the login page to the portal.
  HttpResponse LogIn(const std::string& path = "/login") {
    const HttpResponse page = Get(path);
    return Post(
        FormAction(page.body),
        {{"csrf", Value(page.body, "csrf")}, {"username", "alice"}, {"password", "correct"}});
  }

  HttpRequest Request(const std::string& method, const std::string& target) const {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.client_address = "192.0.2.7";
    request.request_id = "0123456789abcdef";
    request.fields = {{"host", "sso.example.org"}, {"user-agent", "test/1.0"}};
    std::string cookies;
    for (const auto& [name, value] : jar) {
      cookies += (cookies.empty() ? "" : "; ") + name + "=" + value;
    }
    if (!cookies.empty()) request.fields.emplace_back("cookie", cookies);
    return request;
  }

  HttpResponse Ask(HttpRequest request) {
    const DispatcherSettings public_routes = PublicRoutes(site);
    for (const Route& route : public_routes.routes) {
      std::vector<std::string> slugs;
      if (route.method != request.method || !Matches(route.path, request.path, slugs)) continue;
      request.slugs = slugs;
      HttpResponse response = route.handler(request);
      Keep(response);
      return response;
    }
    return public_routes.error_page(404, request);
  }

  static std::optional<std::string> Header(const HttpResponse& response, std::string_view name) {
    std::optional<std::string> found;
    for (const auto& [key, value] : response.headers) {
      if (key != name) continue;
      EXPECT_FALSE(found) << name << " is there twice";
      found = value;
    }
    return found;
  }
  static std::string Location(const HttpResponse& response) {
    return Header(response, "Location").value_or("");
  }
  // The value of the first field of that name, unescaped as far as our pages escape.
  static std::string Value(const std::string& page, const std::string& name) {
    const size_t at = page.find("name=\"" + name + "\" value=\"");
    if (at == std::string::npos) return "";
    const size_t start = at + name.size() + 15;
    return page.substr(start, page.find('"', start) - start);
  }
  // The path of the form of the main part (the one in the header signs out).
  static std::string FormAction(const std::string& page) {
    const size_t form = page.find("<form", page.find("<main"));
    const size_t start = page.find("action=\"", form) + 8;
    std::string action = page.substr(start, page.find('"', start) - start);
    if (action.starts_with(kOrigin)) action.erase(0, kOrigin.size());
    for (size_t at = action.find("&amp;"); at != std::string::npos; at = action.find("&amp;")) {
      action.replace(at, 5, "&");
    }
    return action;
  }
  static bool Has(const HttpResponse& response, std::string_view text) {
    return response.body.find(text) != std::string::npos;
  }
  static size_t Count(std::string_view text, std::string_view part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
      ++count;
    }
    return count;
  }

  protocol::FakeIssuer issuer;
  FixedClock clock;
  SystemRandom random;
  CurrentSettings settings{protocol::FakeIssuer::DefaultSettings()};
  Result<std::vector<StaticFile>> static_files =
      LoadStaticFiles(ROLEBRIDGE_SOURCE_DIR "/bridge/web/static");
  Result<Pages> pages = Pages::Load(ROLEBRIDGE_SOURCE_DIR "/bridge/web/pages", *static_files);
  TlsEnd tls_end{clock};
  Site site{issuer, settings, *pages, *static_files, clock, random, tls_end};

  std::map<std::string, std::string> jar;  // cookies
  std::optional<std::string> origin{std::string(kOrigin)};
  std::optional<std::string> fetch_site;

 private:
  static bool Matches(std::string_view route, std::string_view path,
                      std::vector<std::string>& slugs) {
    constexpr std::string_view kSlug = "{slug}";
    const size_t at = route.find(kSlug);
    if (at == std::string_view::npos) return route == path;
    const std::string_view after = route.substr(at + kSlug.size());
    if (path.size() < at + after.size() || !path.starts_with(route.substr(0, at))) return false;
    const std::string_view slug = path.substr(at, path.size() - at - after.size());
    if (path.substr(at + slug.size()) != after || slug.empty()) return false;
    if (slug.find('/') != std::string_view::npos) return false;
    slugs = {std::string(slug)};
    return true;
  }

  void Keep(const HttpResponse& response) {
    for (const auto& [name, value] : response.headers) {
      if (name != "Set-Cookie") continue;
      const std::string cookie = value.substr(0, value.find(';'));
      const std::string key = cookie.substr(0, cookie.find('='));
      if (value.find("Max-Age=0") != std::string::npos) {
        jar.erase(key);
      } else {
        jar[key] = cookie.substr(key.size() + 1);
      }
    }
  }
};

}  // namespace rolebridge::web
