#include "bridge/web/saml_handlers.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "bridge/base/random.h"
#include "bridge/crypto/crypto.h"
#include "bridge/saml/authn_request.h"
#include "bridge/web/choice_page.h"
#include "bridge/web/next_path.h"

namespace rolebridge::web {
namespace {

using protocol::ApplicationSettings;
using protocol::MetadataReply;
using protocol::Refusal;

constexpr std::chrono::minutes kMaxAge{5};  // of an IssueInstant, in both directions (I5)
constexpr size_t kMaxRelayState = 1024;

std::string SsoPath(std::string_view slug) { return "/saml/" + std::string(slug) + "/sso"; }

std::string HashOf(std::string_view session) {
  const std::string digest = crypto::Sha256(session);
  return ToHex(digest);
}

// Why this request is not served, in words without any of the sender's text; empty: it is. Who may
// ask for what is the issuer's to judge; this is what has to be right before anybody logs in.
std::string_view WhyNot(const Visit& visit, const ApplicationSettings& application,
                        const saml::AuthnRequest& request) {
  const std::string own_url = visit.settings().reply.url + SsoPath(application.slug);
  const SysSeconds now = visit.site().clock.Now();
  if (!request.destination.empty() && request.destination != own_url) {
    return "It is addressed to another Destination.";
  }
  if (request.issue_instant > now + kMaxAge || request.issue_instant < now - kMaxAge) {
    return "Its IssueInstant is more than five minutes away from this service's clock.";
  }
  if (request.has_acs_index) return "It names its assertion consumer service by index.";
  const auto& known = application.acs_urls;
  // Never an answer to an address that is not configured (security.md I5).
  if (!request.acs_url.empty() &&
      std::find(known.begin(), known.end(), request.acs_url) == known.end()) {
    return "Its AssertionConsumerServiceURL is not configured for this application.";
  }
  if (request.is_passive) return "It asks for a sign-in without any page (IsPassive).";
  return {};
}

// One of the four words of the schema, or none.
protocol::Comparison ComparisonOf(std::string_view word) {
  if (word == "minimum") return protocol::Comparison::kMinimum;
  if (word == "maximum") return protocol::Comparison::kMaximum;
  if (word == "better") return protocol::Comparison::kBetter;
  return protocol::Comparison::kExact;
}

HttpResponse Accept(const Visit& visit, const ApplicationSettings& application,
                    const Result<saml::AuthnRequest>& request, std::string_view relay_state) {
  if (!request) return visit.Show(kBadAuthnRequest, request.error().message);
  if (relay_state.size() > kMaxRelayState) {
    return visit.Show(kBadAuthnRequest, "Its RelayState is longer than 1024 bytes.");
  }
  const std::string_view why_not = WhyNot(visit, application, *request);
  if (!why_not.empty()) return visit.Show(kBadAuthnRequest, why_not);
  const SignOnRequest asked{.slug = application.slug,
                            .facts = {.present = true,
                                      .id = request->id,
                                      .issuer = request->issuer,
                                      .acs_url = request->acs_url,
                                      .force_authn = request->force_authn,
                                      .is_passive = false,
                                      .contexts = request->requested_contexts,
                                      .comparison = ComparisonOf(request->context_comparison)},
                            .relay_state = std::string(relay_state),
                            .expires = visit.site().clock.Now() + SignOnRequest::kLifetime};
  const std::string sealed =
      SealSignOnRequest(visit.settings().reply.sealing_keys, asked, visit.site().random);
  if (sealed.empty()) return visit.Show(kBadAuthnRequest, "One of its values is too long.");
  return visit.SeeOther(ContinuePath(application.slug, sealed));
}

}  // namespace

HttpResponse SamlHandlers::Metadata(const HttpRequest& request) const {
  const Visit visit(site_, request);
  const auto* application = visit.settings().FindApplication(request.slugs.at(0));
  if (application == nullptr) {
    return visit.Show(ProblemOf(protocol::Reason::kUnknownApplication));
  }
  protocol::MetadataRequest ask{.context = visit.Context(), .application = application->slug};
  auto answer = site_.issuer.Metadata(ask);
  if (!answer) return visit.IssuerFailed(answer.error());
  if (const auto* refusal = std::get_if<Refusal>(&*answer)) return visit.Refused(*refusal, "/");
  HttpResponse response;
  response.headers = SecurityHeaders();
  response.headers.emplace_back("Content-Type", "application/samlmetadata+xml; charset=utf-8");
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"rolebridge-" +
                                                           application->slug + "-metadata.xml\"");
  response.body = std::move(std::get<MetadataReply>(*answer).document);
  return response;
}

HttpResponse SamlHandlers::RedirectSso(const HttpRequest& request) const {
  const Visit visit(site_, request);
  const auto* application = visit.settings().FindApplication(request.slugs.at(0));
  if (application == nullptr) {
    return visit.Show(ProblemOf(protocol::Reason::kUnknownApplication));
  }
  const Result<Form> query = Form::Parse(request.query);
  if (!query) return visit.Show(ProblemOf(400));
  const auto message = query->Find("SAMLRequest");
  if (!message) return visit.SeeOther("/apps/" + application->slug);
  return Accept(visit, *application, saml::ReadRedirectRequest(*message), query->Get("RelayState"));
}

HttpResponse SamlHandlers::PostSso(const HttpRequest& request) const {
  const Visit visit(site_, request);
  const auto* application = visit.settings().FindApplication(request.slugs.at(0));
  if (application == nullptr) {
    return visit.Show(ProblemOf(protocol::Reason::kUnknownApplication));
  }
  const Result<Form> form = visit.PostedForm();
  if (!form) return visit.Show(ProblemOf(400));
  return Accept(visit, *application, saml::ReadPostRequest(form->Get("SAMLRequest")),
                form->Get("RelayState"));
}

HttpResponse SamlHandlers::Continue(const HttpRequest& request) const {
  const Visit visit(site_, request);
  const auto* application = visit.settings().FindApplication(request.slugs.at(0));
  if (application == nullptr) {
    return visit.Show(ProblemOf(protocol::Reason::kUnknownApplication));
  }
  const Result<Form> query = Form::Parse(request.query);
  if (!query) return visit.Show(ProblemOf(400));
  const std::string sealed(query->Get("request"));
  const std::optional<SignOnRequest> asked = OpenRequest(visit, application->slug, sealed);
  if (!asked) return visit.Show(kSignOnTooOld);
  const std::string path = ContinuePath(application->slug, sealed);
  if (NeedsFreshLogin(visit, *asked)) return visit.SeeOther(LoginPath(path));
  return ChoicePage(visit, *application, {.request = sealed}, path, FirstRole(*query));
}

std::string ContinuePath(std::string_view slug, std::string_view sealed) {
  return "/saml/" + std::string(slug) + "/continue?request=" + std::string(sealed);
}

std::optional<SignOnRequest> OpenRequest(const Visit& visit, std::string_view slug,
                                         std::string_view sealed) {
  return OpenSignOnRequest(visit.settings().reply.sealing_keys, sealed, slug,
                           visit.site().clock.Now());
}

bool NeedsFreshLogin(const Visit& visit, const SignOnRequest& request) {
  if (!request.facts.force_authn || !visit.session()) return false;
  return request.fresh_session != HashOf(*visit.session());
}

std::string MarkFreshLogin(const Visit& visit, const std::string& next, std::string_view session,
                           bool is_login) {
  constexpr std::string_view kStart = "/saml/";
  const size_t question = next.find('?');
  if (!next.starts_with(kStart) || question == std::string::npos) return next;
  const std::string slug =
      next.substr(kStart.size(), next.find('/', kStart.size()) - kStart.size());
  const Result<Form> query = Form::Parse(std::string_view(next).substr(question + 1));
  if (!query) return next;
  std::optional<SignOnRequest> asked = OpenRequest(visit, slug, query->Get("request"));
  if (!asked || !asked->facts.force_authn) return next;
  // A step-up leaves the login as old as it was.
  if (!is_login && NeedsFreshLogin(visit, *asked)) return next;
  asked->fresh_session = HashOf(session);
  return ContinuePath(
      slug, SealSignOnRequest(visit.settings().reply.sealing_keys, *asked, visit.site().random));
}

}  // namespace rolebridge::web
