#include "bridge/issuer/refusals.h"

#include <algorithm>

#include "bridge/issuer/applications.h"

namespace rolebridge::issuer {

using protocol::Reason;

std::string_view NameOf(Reason reason) {
  switch (reason) {
    case Reason::kMalformed:
      return "malformed";
    case Reason::kNoSession:
      return "no_session";
    case Reason::kUnknownConversation:
      return "unknown_conversation";
    case Reason::kTooManyLogins:
      return "too_many_logins";
    case Reason::kUnknownApplication:
      return "unknown_application";
    case Reason::kNotEntitled:
      return "not_entitled";
    case Reason::kRoleNotYours:
      return "role_not_yours";
    case Reason::kPolicy:
      return "policy";
    case Reason::kNeedsLevel:
      return "needs_level";
    case Reason::kAccountState:
      return "account_state";
    case Reason::kDirectoryUnavailable:
      return "directory_unavailable";
    case Reason::kClock:
      return "clock";
    case Reason::kAwsRules:
      return "aws_rules";
    case Reason::kTooManyResponses:
      return "too_many_responses";
    case Reason::kUnavailable:
      return "unavailable";
  }
  return "unavailable";
}

std::string Join(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) {
    if (!joined.empty()) joined += "; ";
    joined += text;
  }
  return joined;
}

std::vector<std::string> GroupNames(const mapping::Facts& facts) {
  std::vector<std::string> names;
  for (const mapping::Group& group : facts.groups) names.push_back(group.name);
  // The order in which a server answers never matters, not in the record either.
  std::sort(names.begin(), names.end());
  return names;
}

std::string DroppedText(const std::vector<ldap::DroppedValue>& values,
                        const entitlement::Entitlement& entitlement) {
  // A person may be in thousands of groups without the attribute; the record stays readable.
  constexpr size_t kMaxTexts = 100;
  std::vector<std::string> texts;
  const std::vector<entitlement::Dropped>& dropped = entitlement.dropped;
  const size_t count = values.size() + dropped.size() + entitlement.more_dropped;
  for (const ldap::DroppedValue& value : values) {
    if (texts.size() == kMaxTexts) break;
    texts.push_back(value.entry + ": " + value.attribute + ": " + value.reason);
  }
  for (const entitlement::Dropped& drop : dropped) {
    if (texts.size() == kMaxTexts) break;
    const std::string place =
        drop.mapping.empty() ? ""
                             : "mappings." + drop.mapping + " (" + ToString(drop.position) + "): ";
    texts.push_back(place + drop.reason);
  }
  if (count > texts.size()) {
    texts.push_back("and " + std::to_string(count - texts.size()) + " more");
  }
  return Join(texts);
}

protocol::Refusal RecordRefusal(Audit& audit, Metrics& metrics, const protocol::Context& context,
                                std::string_view user, std::string_view application,
                                const Refused& refused) {
  metrics.CountRefusal(NameOf(refused.refusal.reason));
  LogFields fields = {{"request", context.request_id},
                      {"user", std::string(user)},
                      {"rhost", context.client_address},
                      {"application", std::string(application)},
                      {"reason", std::string(NameOf(refused.refusal.reason))},
                      {"why", refused.why}};
  if (!refused.groups.empty()) fields.emplace_back("groups", Join(refused.groups));
  const bool is_ours = refused.refusal.reason == Reason::kDirectoryUnavailable ||
                       refused.refusal.reason == Reason::kClock ||
                       refused.refusal.reason == Reason::kAwsRules ||
                       refused.refusal.reason == Reason::kUnavailable;
  const Result<void> recorded =
      audit.Write({"response_refused", is_ours ? LogPriority::kError : LogPriority::kNotice,
                   std::move(fields)});
  // Nothing left that could be refused more strictly; the page says that we are out of order.
  if (!recorded) return {Reason::kUnavailable, ""};
  return refused.refusal;
}

Refused RefusedBy(const mapping::Policy& policy, const mapping::Verdict& verdict) {
  const bool is_level = verdict.needs_assurance.has_value();
  return {{is_level ? Reason::kNeedsLevel : Reason::kPolicy, policy.message(),
           is_level ? policy.assurance() : ""},
          "policy '" + policy.name() + "' (" + ToString(policy.position()) +
              ") is not met: " + verdict.reason,
          {}};
}

std::optional<Refused> ObjectionOf(const entitlement::Entitlement& entitlement,
                                   const config::Application& application,
                                   const PersonView& person) {
  const auto complete = [&](Refused refused) {
    const std::string dropped = DroppedText(person.dropped, entitlement);
    if (!dropped.empty()) refused.why += "; left out: " + dropped;
    refused.groups = GroupNames(person.facts);
    return refused;
  };
  const auto refuse = [&](const std::string& why) {
    return complete({{Reason::kNotEntitled, ""}, why, {}});
  };
  if (entitlement.exhausted) {
    return refuse("the mappings came to more than a limit allows");
  }
  if (const entitlement::PolicyVerdict* refused_by = entitlement.refused_by()) {
    return complete(RefusedBy(*refused_by->policy, refused_by->verdict));
  }
  if (!entitlement.missing.empty()) {
    return refuse("required mappings came to nothing: " + Join(entitlement.missing));
  }
  if (!SendsRoles(application) || !entitlement.roles.empty()) return std::nullopt;
  if (!entitlement.withheld.empty()) {
    const entitlement::WithheldRole& first = entitlement.withheld.front();
    return complete(RefusedBy(*first.policy, first.verdict));
  }
  return refuse("no group gives a role");
}

}  // namespace rolebridge::issuer
