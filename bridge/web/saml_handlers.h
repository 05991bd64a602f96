#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/web/http.h"
#include "bridge/web/sealed_state.h"
#include "bridge/web/site.h"
#include "bridge/web/visit.h"

namespace rolebridge::web {

// What other programs and sites ask of us: our metadata, and AuthnRequests.
class SamlHandlers {
 public:
  explicit SamlHandlers(const Site& site) : site_(site) {}

  // GET /saml/{slug}/metadata.
  HttpResponse Metadata(const HttpRequest& request) const;
  // GET /saml/{slug}/sso, HTTP-Redirect binding. Without a request: the application's page.
  HttpResponse RedirectSso(const HttpRequest& request) const;
  // POST /saml/{slug}/sso, HTTP-POST binding. It may come cross-site and so without our cookies;
  // both bindings seal what they read and lead to our own GET, which has them (security.md B3).
  HttpResponse PostSso(const HttpRequest& request) const;
  // GET /saml/{slug}/continue?request=…: log in where that is due, then choose.
  HttpResponse Continue(const HttpRequest& request) const;

 private:
  const Site& site_;
};

// "/saml/{slug}/continue?request=…".
std::string ContinuePath(std::string_view slug, std::string_view sealed);

// What was sealed for this application; nothing where it is too old or was changed.
std::optional<SignOnRequest> OpenRequest(const Visit& visit, std::string_view slug,
                                         std::string_view sealed);

// True where ForceAuthn asks for a login after the request, and this session is an older one (I6).
bool NeedsFreshLogin(const Visit& visit, const SignOnRequest& request);

// `next` of a login that has made `session`. Where it continues a request with ForceAuthn, that
// request now says that this session is fresh enough.
std::string MarkFreshLogin(const Visit& visit, const std::string& next, std::string_view session,
                           bool is_login);

}  // namespace rolebridge::web
