#include "bridge/web/routes.h"

#include <memory>

#include "bridge/web/login_handlers.h"
#include "bridge/web/ops_handlers.h"
#include "bridge/web/portal_handlers.h"
#include "bridge/web/problem.h"
#include "bridge/web/saml_handlers.h"
#include "bridge/web/security_headers.h"
#include "bridge/web/visit.h"

namespace rolebridge::web {
namespace {

// The answers of the front itself, where no request is there to answer.
std::vector<HttpField> FixedHeaders() { return SecurityHeaders(); }

// Its name changes with its bytes, so it may be kept for ever (security.md B8).
HttpResponse Serve(const StaticFile& file) {
  HttpResponse response;
  response.headers = SecurityHeaders();
  for (HttpField& field : response.headers) {
    if (field.first == "Cache-Control") field.second = "public, max-age=31536000, immutable";
  }
  response.headers.emplace_back("Content-Type", file.content_type);
  response.body = file.bytes;
  return response;
}

template <typename Handlers>
Handler Call(const std::shared_ptr<const Handlers>& handlers,
             HttpResponse (Handlers::*member)(const HttpRequest&) const) {
  return [handlers, member](const HttpRequest& request) { return ((*handlers).*member)(request); };
}

}  // namespace

DispatcherSettings PublicRoutes(const Site& site) {
  const auto login = std::make_shared<const LoginHandlers>(site);
  const auto portal = std::make_shared<const PortalHandlers>(site);
  const auto saml = std::make_shared<const SamlHandlers>(site);
  DispatcherSettings settings;
  settings.routes = {
      {"GET", "/", Call(portal, &PortalHandlers::ShowPortal)},
      {"GET", "/why", Call(portal, &PortalHandlers::ShowReasons)},
      {"GET", "/login", Call(login, &LoginHandlers::ShowLogin)},
      {"POST", "/login", Call(login, &LoginHandlers::SubmitLogin)},
      {"GET", "/step-up", Call(login, &LoginHandlers::ShowStepUp)},
      {"POST", "/step-up", Call(login, &LoginHandlers::BeginStepUp)},
      {"POST", "/logout", Call(login, &LoginHandlers::SignOut)},
      {"GET", "/apps/{slug}", Call(portal, &PortalHandlers::ShowApplication)},
      {"POST", "/apps/{slug}", Call(portal, &PortalHandlers::SignOn)},
      {"GET", "/saml/{slug}/metadata", Call(saml, &SamlHandlers::Metadata)},
      {"GET", "/saml/{slug}/sso", Call(saml, &SamlHandlers::RedirectSso)},
      {"POST", "/saml/{slug}/sso", Call(saml, &SamlHandlers::PostSso)},
      {"GET", "/saml/{slug}/continue", Call(saml, &SamlHandlers::Continue)},
  };
  for (const StaticFile& file : site.static_files) {
    settings.routes.push_back(
        {"GET", file.path, [&file](const HttpRequest&) { return Serve(file); }});
  }
  settings.required_headers = RequiredHeaders();
  settings.fixed_headers = FixedHeaders();
  settings.error_page = [&site](int status, const HttpRequest& request) {
    HttpResponse response = Visit(site, request).Show(ProblemOf(status));
    response.status = status;
    return response;
  };
  return settings;
}

DispatcherSettings StatusRoutes(const Site& site) {
  const auto ops = std::make_shared<const OpsHandlers>(site.issuer, site.tls_end);
  DispatcherSettings settings;
  settings.routes = {
      {"GET", "/healthz", Call(ops, &OpsHandlers::Health)},
      {"GET", "/readyz", Call(ops, &OpsHandlers::Readiness)},
      {"GET", "/metrics", Call(ops, &OpsHandlers::Metrics)},
  };
  settings.required_headers = RequiredHeaders();
  settings.fixed_headers = FixedHeaders();
  return settings;
}

}  // namespace rolebridge::web
