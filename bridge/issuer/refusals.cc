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
                        const std::vector<entitlement::Dropped>& dropped) {
  // A person may be in thousands of groups without the attribute; the record stays readable.
  constexpr size_t kMaxTexts = 100;
  std::vector<std::string> texts;
  for (const ldap::DroppedValue& value : values) {
    texts.push_back(value.entry + ": " + value.attribute + ": " + value.reason);
  }
  for (const entitlement::Dropped& drop : dropped) {
    texts.push_back("mappings." + drop.mapping + " (" + ToString(drop.position) +
                    "): " + drop.reason);
  }
  if (texts.size() > kMaxTexts) {
    const std::string more = "and " + std::to_string(texts.size() - kMaxTexts) + " more";
    texts.resize(kMaxTexts);
    texts.push_back(more);
  }
  return Join(texts);
}

protocol::Refusal RecordRefusal(Audit& audit, const protocol::Context& context,
                                std::string_view user, std::string_view application,
                                const Refused& refused) {
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

std::optional<Refused> ObjectionOf(const entitlement::Entitlement& entitlement,
                                   const config::Application& application,
                                   const PersonView& person) {
  const auto refuse = [&](Reason reason, std::string detail, const std::string& why) {
    std::string text = why;
    const std::string dropped = DroppedText(person.dropped, entitlement.dropped);
    if (!dropped.empty()) text += "; left out: " + dropped;
    return Refused{{reason, std::move(detail)}, text, GroupNames(person.facts)};
  };
  if (entitlement.exhausted) {
    return refuse(Reason::kNotEntitled, "", "the mappings came to more than a limit allows");
  }
  if (entitlement.refused_by != nullptr) {
    return refuse(Reason::kPolicy, entitlement.refused_by->message(),
                  "policy '" + entitlement.refused_by->name() + "' (" +
                      ToString(entitlement.refused_by->position()) + ") is not met");
  }
  if (!entitlement.missing.empty()) {
    return refuse(Reason::kNotEntitled, "",
                  "required mappings came to nothing: " + Join(entitlement.missing));
  }
  if (SendsRoles(application) && entitlement.roles.empty()) {
    return refuse(Reason::kNotEntitled, "", "no group gives a role");
  }
  return std::nullopt;
}

}  // namespace rolebridge::issuer
