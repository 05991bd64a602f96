#include "bridge/issuer/issue_service.h"

#include <algorithm>
#include <utility>

#include "bridge/aws/attributes.h"
#include "bridge/aws/partition.h"
#include "bridge/aws/response_rules.h"
#include "bridge/base/base64.h"
#include "bridge/base/version.h"
#include "bridge/crypto/crypto.h"
#include "bridge/entitlement/given_facts.h"
#include "bridge/issuer/applications.h"
#include "bridge/issuer/refusals.h"
#include "bridge/issuer/requested_level.h"
#include "bridge/issuer/response_draft.h"
#include "bridge/saml/names.h"

namespace rolebridge::issuer {
namespace {

using protocol::Reason;
using protocol::Refusal;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kAllRoles = "all";
constexpr auto kForcedLoginAge = minutes(5);
constexpr uint64_t kReparseEvery = 64;  // security.md O6

Refused Refuse(Reason reason, std::string why, std::string detail = {}) {
  return {{reason, std::move(detail)}, std::move(why), {}};
}

const std::string* ValueOf(const saml::Response& response, std::string_view name) {
  for (const saml::Attribute& attribute : response.assertion.attributes) {
    if (attribute.name == name && !attribute.values.empty()) return &attribute.values.front();
  }
  return nullptr;
}

// All but the roles, which have a field of their own: "PrincipalTag:team=ops, dev; mail=a@b".
std::string OtherAttributes(const saml::Assertion& assertion) {
  std::vector<std::string> texts;
  for (const saml::Attribute& attribute : assertion.attributes) {
    if (attribute.name == aws::kRole) continue;
    std::string text = attribute.name + "=";
    for (size_t i = 0; i < attribute.values.size(); ++i) {
      text += (i == 0 ? "" : ", ") + attribute.values[i];
    }
    texts.push_back(std::move(text));
  }
  return Join(texts);
}

}  // namespace

struct IssueService::Draft {
  const config::Application* application = nullptr;
  std::string acs_url;
  PersonView person;
  size_t level = 0;                      // index of the level of assurance that is stated
  SysSeconds authn_instant{};            // when that was proved
  entitlement::Entitlement entitlement;  // its roles: those that are sent
};

IssueService::IssueService(const config::Config& config, const PersonReader& people,
                           const saml::Signer& signer, store::SessionStore& sessions,
                           store::SeenRequests& seen_requests, Audit& audit,
                           ClockGuard& clock_guard, ResponseRate& rate, Metrics& metrics,
                           const Clock& clock, Random& random, const SecretString& name_id_key)
    : config_(config),
      people_(people),
      signer_(signer),
      sessions_(sessions),
      seen_requests_(seen_requests),
      audit_(audit),
      clock_guard_(clock_guard),
      rate_(rate),
      metrics_(metrics),
      clock_(clock),
      random_(random),
      name_id_key_(name_id_key) {}

IssueService::Reply IssueService::Issue(protocol::IssueRequest& request) {
  const std::optional<store::Session> session = sessions_.Use(request.session.Reveal());
  if (!session) return Refusal{Reason::kNoSession, ""};
  const auto refuse = [&](const Refused& refused) {
    return RecordRefusal(audit_, metrics_, request.context, session->username, request.application,
                         refused);
  };
  auto prepared = Prepare(request, *session);
  if (const Refused* refused = std::get_if<Refused>(&prepared)) return refuse(*refused);
  const Draft& draft = std::get<Draft>(prepared);
  auto composed = Compose(draft, request, *session);
  if (const Refused* refused = std::get_if<Refused>(&composed)) return refuse(*refused);
  return Release(draft, std::get<saml::Response>(composed), request, *session);
}

std::variant<IssueService::Draft, Refused> IssueService::Prepare(protocol::IssueRequest& request,
                                                                 const store::Session& session) {
  Draft draft;
  draft.application = FindApplication(config_, request.application);
  if (draft.application == nullptr) {
    return Refuse(Reason::kUnknownApplication, "no such application");
  }
  const config::Application& application = *draft.application;
  if (std::optional<Refused> refused = CheckRequest(application, request, session)) {
    return *std::move(refused);
  }
  draft.acs_url =
      request.request.acs_url.empty() ? application.acs_urls.front() : request.request.acs_url;
  if (std::optional<std::string> objection =
          clock_guard_.Objection(config_.require_synchronised_clock)) {
    return Refuse(Reason::kClock, *std::move(objection));
  }
  if (std::optional<Refused> refused = CheckRates(request.session.Reveal())) {
    return *std::move(refused);
  }
  auto read = [&] {
    const Timed timed(metrics_, Metrics::Step::kDirectory);
    return people_.Read(request.session.Reveal(), session, request.context);
  }();
  if (Refused* refused = std::get_if<Refused>(&read)) return std::move(*refused);
  draft.person = std::get<PersonView>(std::move(read));
  if (std::optional<Refused> refused = CheckLevel(draft, request.request)) {
    return *std::move(refused);
  }
  draft.authn_instant = ProofOf(config_, session, draft.level).value_or(draft.person.authn_instant);
  draft.person.facts.application = entitlement::ApplicationFacts(application);
  {
    const Timed timed(metrics_, Metrics::Step::kMapping);
    draft.entitlement = entitlement::Evaluate(config_, application, draft.person.facts);
  }
  if (std::optional<Refused> objection =
          ObjectionOf(draft.entitlement, application, draft.person)) {
    return *std::move(objection);
  }
  if (request.role == kAllRoles) return draft;
  if (std::optional<Refused> refused = ChooseRole(draft, request.role)) return *std::move(refused);
  return draft;
}

// Exactly the pair that was chosen, and it must be one that the directory gives at this moment.
std::optional<Refused> IssueService::ChooseRole(Draft& draft, const std::string& arn) {
  std::vector<entitlement::Role>& roles = draft.entitlement.roles;
  const auto chosen = std::find_if(roles.begin(), roles.end(), [&](const entitlement::Role& role) {
    return role.pair.role.text() == arn;
  });
  if (chosen != roles.end()) {
    roles = {std::move(*chosen)};
    return std::nullopt;
  }
  Refused refused = Refuse(Reason::kRoleNotYours, "asked for '" + arn + "'");
  for (const entitlement::WithheldRole& withheld : draft.entitlement.withheld) {
    if (withheld.role.pair.role.text() != arn) continue;
    refused = RefusedBy(*withheld.policy, withheld.verdict);
    refused.why += "; asked for '" + arn + "'";
  }
  refused.groups = GroupNames(draft.person.facts);
  return refused;
}

std::optional<Refused> IssueService::CheckRequest(const config::Application& application,
                                                  const protocol::IssueRequest& request,
                                                  const store::Session& session) {
  const protocol::RequestFacts& facts = request.request;
  const auto login_age = clock_.Now() - session.authn_instant;
  if (login_age < std::chrono::minutes(-1)) {
    return Refuse(Reason::kNoSession, "the login is of a time that is yet to come");
  }
  if (application.max_login_age && login_age > *application.max_login_age) {
    return Refuse(Reason::kNoSession, "the login is older than max_login_age");
  }
  if (!facts.present) return std::nullopt;
  if (facts.issuer != application.audience) {
    return Refuse(Reason::kUnknownApplication,
                  "the request is by '" + facts.issuer + "', not by this application");
  }
  const auto& acs_urls = application.acs_urls;
  if (!facts.acs_url.empty() &&
      std::find(acs_urls.begin(), acs_urls.end(), facts.acs_url) == acs_urls.end()) {
    return Refuse(Reason::kUnknownApplication,
                  "the request wants the answer at '" + facts.acs_url + "', which is not listed");
  }
  if (facts.force_authn && login_age > kForcedLoginAge) {
    return Refuse(Reason::kNoSession, "the request wants a fresh login");
  }
  return std::nullopt;
}

std::optional<Refused> IssueService::CheckLevel(Draft& draft,
                                                const protocol::RequestFacts& request) const {
  const size_t current = draft.person.facts.assurance;
  draft.level = current;
  // Command-line clients ask in AWS's name, for whatever they were written with (aws-saml.md 3.4).
  if (!request.present || PartitionOf(*draft.application) != nullptr) return std::nullopt;
  const std::optional<size_t> asked = RequestedLevel(config_, request, current);
  if (!asked) {
    return Refused{{Reason::kPolicy,
                    "The application asks for a way of signing in that is not "
                    "offered here."},
                   "no level of assurance meets the request's RequestedAuthnContext: " +
                       Join(request.contexts),
                   {}};
  }
  draft.level = *asked;
  if (*asked <= current) return std::nullopt;
  const std::string& name = config_.assurance[*asked].name;
  return Refused{{Reason::kNeedsLevel, "The application asks for it.", name},
                 "the request asks for level '" + name + "'",
                 {}};
}

std::optional<Refused> IssueService::CheckRates(std::string_view session_identifier) {
  if (!sessions_.CountResponse(session_identifier,
                               config_.limits.responses_per_session_and_minute)) {
    return Refuse(Reason::kTooManyResponses, "limits.responses_per_session_and_minute is reached");
  }
  if (!rate_.Take(config_.limits.responses_per_minute)) {
    return Refuse(Reason::kTooManyResponses, "limits.responses_per_minute is reached");
  }
  return std::nullopt;
}

std::variant<saml::Response, Refused> IssueService::Compose(const Draft& draft,
                                                            const protocol::IssueRequest& request,
                                                            const store::Session& session) {
  const config::Application& application = *draft.application;
  ResponseFrame frame{.response_id = "_" + RandomHex(random_, 20),
                      .assertion_id = "_" + RandomHex(random_, 20),
                      .acs_url = draft.acs_url,
                      .name_id = NameIdFor(draft),
                      .now = clock_.Now(),
                      .authn_instant = draft.authn_instant,
                      .session_index = session.session_index,
                      .assurance = draft.level};
  if (request.request.present) frame.in_response_to = request.request.id;
  saml::Response response = ComposeResponse(config_, application, draft.entitlement, frame);
  if (std::optional<Refused> objection = AwsObjectionTo(application, response)) {
    objection->why += "; left out: " + DroppedText(draft.person.dropped, draft.entitlement);
    return *std::move(objection);
  }
  return response;
}

saml::NameId IssueService::NameIdFor(const Draft& draft) {
  const config::Application& application = *draft.application;
  const mapping::User& user = draft.person.facts.user;
  const std::string& format = application.name_id_format;
  if (draft.entitlement.name_id) return saml::NameId{format, *draft.entitlement.name_id};
  if (format == saml::kNameIdTransient) return saml::NameId{format, "_" + RandomHex(random_, 20)};
  if (format == saml::kNameIdUnspecified) return saml::NameId{format, user.username};
  // Persistent (SAML Core 8.3.7): stable for the pair of person and relying party, opaque, and by
  // the entry's own identifier, so that a name given to a new person is a new NameID.
  const std::string& unique_id = draft.person.unique_id;
  const std::string& subject = unique_id.empty() ? user.username : unique_id;
  const std::string text = application.entity_id + '\0' + application.audience + '\0' + subject;
  return saml::NameId{saml::kNameIdPersistent,
                      ToHex(crypto::HmacSha256(name_id_key_, text)).substr(0, 40)};
}

IssueService::Reply IssueService::Release(const Draft& draft, const saml::Response& response,
                                          protocol::IssueRequest& request,
                                          const store::Session& session) {
  const auto refuse = [&](const Refused& refused) {
    return RecordRefusal(audit_, metrics_, request.context, session.username, request.application,
                         refused);
  };
  Result<std::string> document = [&] {
    const Timed timed(metrics_, Metrics::Step::kSigning);
    return signer_.Sign(response, signed_++ % kReparseEvery == 0);
  }();
  if (!document) return refuse(Refuse(Reason::kUnavailable, document.error().message));
  std::string encoded = EncodeBase64(*document);
  const std::vector<aws::Violation> violations =
      aws::CheckSize(encoded.size(), draft.entitlement.roles.size());
  if (!violations.empty()) {
    return refuse(
        Refuse(Reason::kAwsRules, violations.front().message,
               "rule " + std::string(violations.front().rule) + ": " + violations.front().message));
  }
  // Only an answer uses up a request: one refused while the directory was away may be asked again.
  std::vector<store::Change> changes;
  if (request.request.present) {
    std::optional<store::Change> taken =
        seen_requests_.Take(request.application, request.request.id);
    if (!taken) {
      WipeString(encoded);
      return refuse(Refuse(Reason::kUnknownApplication, "the request was answered before"));
    }
    changes.push_back(*std::move(taken));
  }
  std::string relay_state = request.relay_state;
  const bool is_echo = request.request.present && PartitionOf(*draft.application) == nullptr;
  if (!relay_state.empty() && !is_echo &&
      !aws::IsAllowedRelayState(relay_state, RelayStateHosts(*draft.application))) {
    relay_state.clear();
  }

  std::vector<std::string> roles;
  for (const entitlement::Role& role : draft.entitlement.roles) {
    roles.push_back(role.pair.role.text() + (role.source.empty() ? "" : " (" + role.source + ")"));
  }
  const std::string* const session_name = ValueOf(response, aws::kRoleSessionName);
  const std::string* const duration = ValueOf(response, aws::kSessionDuration);
  const saml::Assertion& assertion = response.assertion;
  const AuditEvent event = {
      "response_issued",
      LogPriority::kInfo,
      {{"request", request.context.request_id},
       {"user", session.username},
       {"rhost", request.context.client_address},
       {"user_agent", request.context.user_agent},
       {"session", session.session_index},
       {"dn", draft.person.facts.user.dn},
       {"unique_id", draft.person.unique_id},
       {"groups", Join(GroupNames(draft.person.facts))},
       {"assurance", config_.assurance[draft.level].name},
       {"application", draft.application->slug},
       {"acs", response.destination},
       {"in_response_to", assertion.in_response_to.value_or("")},
       {"roles", Join(roles)},
       {"role_session_name", session_name == nullptr ? "" : *session_name},
       {"session_duration", duration == nullptr ? "" : *duration},
       {"name_id", assertion.name_id.value},
       {"attributes", OtherAttributes(assertion)},
       {"dropped", DroppedText(draft.person.dropped, draft.entitlement)},
       {"relay_state", relay_state == request.relay_state ? relay_state : "refused"},
       {"assertion_id", assertion.id},
       {"sha256", ToHex(crypto::Sha256(*document))},
       {"not_on_or_after", FormatUtc(assertion.not_on_or_after)},
       {"key", signer_.key().fingerprint()},
       {"version", std::string(kVersion)}}};
  const Result<void> recorded = [&] {
    const Timed timed(metrics_, Metrics::Step::kStore);
    return audit_.Write(event, std::move(changes));
  }();
  WipeString(*document);
  if (!recorded) {
    WipeString(encoded);
    if (request.request.present) {
      seen_requests_.GiveBack(request.application, request.request.id);
    }
    return Refusal{Reason::kUnavailable, ""};
  }
  metrics_.CountResponse(draft.application->slug);
  protocol::IssueReply reply{.acs_url = response.destination};
  reply.saml_response = SecretString(encoded);
  WipeString(encoded);
  reply.relay_state = std::move(relay_state);
  return reply;
}

}  // namespace rolebridge::issuer
