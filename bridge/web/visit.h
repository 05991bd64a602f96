#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/protocol/protocol.h"
#include "bridge/web/form.h"
#include "bridge/web/http.h"
#include "bridge/web/problem.h"
#include "bridge/web/security_headers.h"
#include "bridge/web/site.h"

namespace rolebridge::web {

// One request and the means to answer it: who comes with which cookies, and how a page, a redirect
// or a problem looks. Lives as long as the request.
class Visit {
 public:
  Visit(const Site& site, const HttpRequest& request);

  const Site& site() const { return site_; }
  const HttpRequest& request() const { return request_; }
  const WebSettings& settings() const { return *settings_; }

  // For a message to the issuer: about this very request.
  protocol::Context Context() const;

  // The values of our two cookies; nothing where there is none, or more than one.
  std::optional<std::string_view> session() const { return session_; }
  std::optional<std::string_view> login_cookie() const { return login_cookie_; }
  std::optional<std::string_view> device() const { return device_; }

  // The fields of a POST. Errors: kInvalidArgument, no form, or a malformed one.
  Result<Form> PostedForm() const;

  // True where the form was one of ours and of this session (or of this browser's login): the
  // origin and the token fit (security.md B4).
  bool IsOwnForm(FormKind kind, const Form& form) const;

  // The value of the login cookie, where this browser has none a new one, which `response` sets.
  std::string LoginCookieFor(HttpResponse& response) const;

  // ---- answers ----

  // What all templates know.
  PageData CommonData(std::string_view title) const;
  // Where somebody is signed in: the token of the forms, and so the one that signs out.
  void AddSession(PageData& data) const;
  HttpResponse Render(Page page, const PageData& data, int status = 200,
                      const PageSecurity& security = {.has_own_forms = true}) const;
  HttpResponse SeeOther(std::string path) const;
  // To the login page and back; the session's cookie, which is worth nothing any more, goes.
  HttpResponse ToLogin(std::string_view next) const;
  // `again`: a page of ours from where it can be tried once more.
  HttpResponse Show(const Problem& problem, std::string_view detail = {},
                    std::string_view again = {}) const;
  // Asks a signed-in person to prove `level`, and says why.
  HttpResponse AskForStepUp(std::string_view level, std::string_view why,
                            std::string_view next) const;
  // For a refusal by the issuer; without a session the way leads to the login and then to `next`,
  // and where a level of assurance is missing, to that.
  HttpResponse Refused(const protocol::Refusal& refusal, std::string_view next) const;
  // For a request that the issuer did not answer. Logged here, once.
  HttpResponse IssuerFailed(const Error& error) const;

 private:
  const Site& site_;
  const HttpRequest& request_;
  std::shared_ptr<const WebSettings> settings_;
  std::optional<std::string_view> session_;
  std::optional<std::string_view> login_cookie_;
  std::optional<std::string_view> device_;
};

}  // namespace rolebridge::web
