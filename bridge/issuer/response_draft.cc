#include "bridge/issuer/response_draft.h"

#include <utility>

#include "bridge/aws/attributes.h"
#include "bridge/aws/response_rules.h"
#include "bridge/issuer/applications.h"
#include "bridge/issuer/refusals.h"

namespace rolebridge::issuer {
namespace {

using protocol::Reason;

// AWS takes a response for five minutes; a clock of ours that is a little ahead must not make it
// "not yet valid" (aws-saml.md R12).
constexpr std::chrono::seconds kClockSkew{60};

std::vector<saml::Attribute> AttributesOf(const entitlement::Entitlement& entitlement) {
  std::vector<saml::Attribute> attributes;
  if (!entitlement.roles.empty()) {
    saml::Attribute roles{.name = std::string(aws::kRole)};
    for (const entitlement::Role& role : entitlement.roles) {
      roles.values.push_back(role.pair.Text());
    }
    attributes.push_back(std::move(roles));
  }
  attributes.insert(attributes.end(), entitlement.attributes.begin(), entitlement.attributes.end());
  if (const auto duration = entitlement::DurationOf(entitlement.roles)) {
    attributes.push_back({.name = std::string(aws::kSessionDuration),
                          .values = {std::to_string(duration->count())}});
  }
  return attributes;
}

// "mappings.aws-session-name (rolebridge.yaml:41:12)": the line to look at for an attribute.
std::string PlaceOf(const config::Application& application, std::string_view saml_name) {
  for (const mapping::Mapping& mapping : application.mappings) {
    if (mapping.saml_name() == saml_name) {
      return "mappings." + mapping.name() + " (" + ToString(mapping.position()) + ")";
    }
  }
  return "applications." + application.slug + " (" + ToString(application.position) + ")";
}

}  // namespace

saml::Response ComposeResponse(const config::Config& config, const config::Application& application,
                               const entitlement::Entitlement& entitlement,
                               const ResponseFrame& frame) {
  saml::Response response{
      .id = frame.response_id,
      .issue_instant = frame.now,
      .destination = frame.acs_url,
      .assertion = {.id = frame.assertion_id,
                    .issue_instant = frame.now,
                    .entity_id = application.entity_id,
                    .name_id = frame.name_id,
                    .recipient = frame.acs_url,
                    .in_response_to = frame.in_response_to,
                    .not_before = frame.now - kClockSkew,
                    .not_on_or_after = frame.now + application.assertion_lifetime,
                    .audience = application.audience,
                    .authn_instant = frame.authn_instant,
                    .session_index = frame.session_index,
                    .authn_context_class = config.assurance[frame.assurance].context_class,
                    .attributes = AttributesOf(entitlement)}};
  if (application.session_not_on_or_after) {
    response.assertion.session_not_on_or_after = frame.now + *application.session_not_on_or_after;
  }
  return response;
}

std::optional<Refused> AwsObjectionTo(const config::Application& application,
                                      const saml::Response& response) {
  if (PartitionOf(application) == nullptr && !SendsRoles(application)) return std::nullopt;
  const std::vector<aws::Violation> violations = aws::CheckResponse(response);
  if (violations.empty()) return std::nullopt;
  const aws::Violation& first = violations.front();
  const std::string rule(first.rule);
  return Refused{{Reason::kAwsRules, "rule " + rule + ", " + PlaceOf(application, first.attribute)},
                 rule + ": " + first.message,
                 {}};
}

std::optional<Refused> ObjectionBeforehand(const config::Config& config,
                                           const config::Application& application,
                                           const entitlement::Entitlement& entitlement,
                                           const PersonView& person) {
  if (auto objection = ObjectionOf(entitlement, application, person)) return objection;
  const std::string id = "_" + std::string(40, '0');
  const std::string other_id = "_" + std::string(40, '1');
  const SysSeconds now = person.facts.instant;
  return AwsObjectionTo(application, ComposeResponse(config, application, entitlement,
                                                     {.response_id = id,
                                                      .assertion_id = other_id,
                                                      .acs_url = application.acs_urls.front(),
                                                      .name_id = {application.name_id_format, "_"},
                                                      .now = now,
                                                      .authn_instant = now,
                                                      .session_index = id,
                                                      .assurance = person.facts.assurance}));
}

}  // namespace rolebridge::issuer
