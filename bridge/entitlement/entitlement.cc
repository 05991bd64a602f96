#include "bridge/entitlement/entitlement.h"

#include <algorithm>
#include <set>

#include "bridge/aws/attributes.h"

namespace rolebridge::entitlement {
namespace {

// Where in the directory the parts of `text` came from, each place once.
std::string SourceOf(const TracedText& text) {
  std::string source;
  for (const TracedText::Piece& piece : text.pieces) {
    if (piece.source.empty() || source.find(piece.source) != std::string::npos) continue;
    if (!source.empty()) source += ", ";
    source += piece.source;
  }
  return source;
}

class Evaluation {
 public:
  Evaluation(const config::Application& application, size_t max_roles)
      : rules_{application.allowed_accounts, application.allowed_roles},
        duration_(application.aws_session_duration),
        max_roles_(max_roles) {}

  void Add(const mapping::Mapping& mapping, const mapping::Facts& facts) {
    mapping::Outcome outcome = mapping.Evaluate(facts);
    if (outcome.exhausted) result_.exhausted = true;
    for (mapping::Dropped& dropped : outcome.dropped) {
      result_.dropped.push_back({mapping.name(), mapping.saml_name(), dropped.position,
                                 std::move(dropped.reason), false});
    }
    size_t kept = 0;
    for (const mapping::Value& value : outcome.values) {
      if (mapping.saml_name() == aws::kRole ? AddRole(mapping, value) : AddValue(mapping, value)) {
        ++kept;
      }
    }
    if (mapping.required() && kept == 0) result_.missing.push_back(mapping.name());
  }

  Entitlement Finish() {
    if (duration_ && FindAttribute(aws::kSessionDuration) == nullptr) {
      result_.attributes.push_back({.name = std::string(aws::kSessionDuration),
                                    .values = {std::to_string(duration_->count())}});
    }
    std::sort(result_.roles.begin(), result_.roles.end(), [](const Role& a, const Role& b) {
      return std::pair(a.pair.role.account(), a.pair.Text()) <
             std::pair(b.pair.role.account(), b.pair.Text());
    });
    return std::move(result_);
  }

 private:
  bool AddRole(const mapping::Mapping& mapping, const mapping::Value& value) {
    Result<aws::RolePair> pair = aws::CheckRole(value.text, rules_, mapping.trust_arn());
    if (!pair) return Drop(mapping, value.position, pair.error().message);
    if (!seen_.insert(pair->Text()).second) return true;
    if (result_.roles.size() >= max_roles_) {
      result_.exhausted = true;
      return Drop(mapping, value.position,
                  "more than " + std::to_string(max_roles_) +
                      " roles; narrow the mapping or raise "
                      "limits.roles_per_person");
    }
    result_.roles.push_back(
        {*std::move(pair), mapping.name(), value.position, SourceOf(value.text)});
    return true;
  }

  bool AddValue(const mapping::Mapping& mapping, const mapping::Value& value) {
    Result<std::string> text = aws::CheckValue(mapping.saml_name(), value.text);
    if (!text) return Drop(mapping, value.position, text.error().message);
    saml::Attribute* attribute = FindAttribute(mapping.saml_name());
    if (attribute == nullptr) {
      result_.attributes.push_back({.name = mapping.saml_name()});
      attribute = &result_.attributes.back();
    }
    const auto& values = attribute->values;
    if (std::find(values.begin(), values.end(), *text) != values.end()) return true;
    if (aws::IsSingleValued(mapping.saml_name()) && !values.empty()) {
      return Drop(mapping, value.position,
                  "'" + *text + "' would be a second value where '" + values.front() +
                      "' stands already; the attribute takes one");
    }
    attribute->values.push_back(*std::move(text));
    return true;
  }

  bool Drop(const mapping::Mapping& mapping, const Position& position, std::string reason) {
    result_.dropped.push_back(
        {mapping.name(), mapping.saml_name(), position, std::move(reason), true});
    return false;
  }

  saml::Attribute* FindAttribute(std::string_view name) {
    const auto found =
        std::find_if(result_.attributes.begin(), result_.attributes.end(),
                     [&](const saml::Attribute& attribute) { return attribute.name == name; });
    return found == result_.attributes.end() ? nullptr : &*found;
  }

  const aws::RoleRules rules_;
  const std::optional<config::seconds> duration_;
  const size_t max_roles_;
  std::set<std::string> seen_;
  Entitlement result_;
};

}  // namespace

Entitlement Evaluate(const config::Application& application, const mapping::Facts& facts,
                     size_t max_roles) {
  Evaluation evaluation(application, max_roles);
  for (const mapping::Mapping& mapping : application.mappings) evaluation.Add(mapping, facts);
  Entitlement entitlement = evaluation.Finish();
  for (const mapping::Policy& policy : application.policies) {
    if (policy.Allows(facts)) continue;
    entitlement.refused_by = &policy;
    break;
  }
  return entitlement;
}

}  // namespace rolebridge::entitlement
