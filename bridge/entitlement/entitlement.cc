#include "bridge/entitlement/entitlement.h"

#include <algorithm>
#include <set>

#include "bridge/aws/attributes.h"
#include "bridge/base/ascii.h"
#include "bridge/entitlement/given_facts.h"
#include "bridge/mapping/suggestion.h"
#include "bridge/saml/names.h"

namespace rolebridge::entitlement {
namespace {

using mapping::Mapping;
using mapping::Policy;

constexpr std::string_view kNameId = "NameID";
constexpr size_t kLongestNameId = 256;

// Where in the directory the parts of `text` came from: "group 'ops': aws_account, aws_role; user
// 'alice': email". Owners and attributes stand once, in the order of the text. Where none of it is
// from there, `given_by` says who was looked at.
std::string SourceOf(const TracedText& text, const std::string& given_by) {
  std::vector<std::pair<std::string, std::vector<std::string>>> owners;
  for (const TracedText::Piece& piece : text.pieces) {
    if (piece.source.empty()) continue;
    const size_t colon = piece.source.rfind(": ");
    const std::string owner = piece.source.substr(0, colon);
    const std::string attribute = colon == std::string::npos ? "" : piece.source.substr(colon + 2);
    auto found = std::find_if(owners.begin(), owners.end(),
                              [&](const auto& entry) { return entry.first == owner; });
    if (found == owners.end()) found = owners.insert(owners.end(), {owner, {}});
    std::vector<std::string>& attributes = found->second;
    if (std::find(attributes.begin(), attributes.end(), attribute) == attributes.end()) {
      attributes.push_back(attribute);
    }
  }
  std::string source = owners.empty() ? given_by : "";
  for (const auto& [owner, attributes] : owners) {
    source += (source.empty() ? "" : "; ") + owner;
    for (size_t i = 0; i < attributes.size(); ++i) {
      if (!attributes[i].empty()) source += (i == 0 ? ": " : ", ") + attributes[i];
    }
  }
  return source;
}

// Whether a rule about these roles and accounts (none: all) is about `role`. Ignoring case: to IAM
// another spelling is the same role, and must not be a way around the rule.
bool IsAbout(const std::vector<std::string>& roles, const std::vector<std::string>& accounts,
             const aws::RoleArn& role) {
  const bool account_fits = accounts.empty() || std::find(accounts.begin(), accounts.end(),
                                                          role.account()) != accounts.end();
  if (!account_fits || roles.empty()) return account_fits;
  const std::string name = LowerAscii(role.name());
  return std::any_of(roles.begin(), roles.end(), [&](const std::string& pattern) {
    return aws::MatchesPattern(name, LowerAscii(pattern));
  });
}

class Evaluation {
 public:
  Evaluation(const config::Application& application, size_t max_roles)
      : application_(application),
        rules_{application.allowed_accounts, application.allowed_roles},
        max_roles_(max_roles) {}

  void AddEnded(const mapping::EndedValue& ended) {
    result_.dropped.push_back({"",
                               "",
                               {},
                               ended.owner + ": " + ended.attribute + ": " +
                                   mapping::Quote(ended.value) + " " + ended.reason,
                               false});
  }
  // False where a limit is reached.
  bool Add(const Mapping& mapping, const mapping::Facts& facts);
  void SetNameId(const Mapping& mapping, const mapping::Facts& facts);
  void SetEmailNameId(const mapping::User& user);
  void Judge(const mapping::Facts& facts);
  Entitlement Finish();

 private:
  mapping::Outcome Run(const Mapping& mapping, const mapping::Facts& facts);
  bool AddRole(const Mapping& mapping, mapping::Value& value);
  bool AddValue(const Mapping& mapping, mapping::Value& value);
  bool Drop(const Mapping& mapping, const Position& position, std::string reason);
  saml::Attribute* FindAttribute(std::string_view name);
  std::optional<std::chrono::seconds> DurationFor(const aws::RoleArn& role) const;

  const config::Application& application_;
  const aws::RoleRules rules_;
  const size_t max_roles_;
  std::set<std::string> seen_;
  Entitlement result_;
};

mapping::Outcome Evaluation::Run(const Mapping& mapping, const mapping::Facts& facts) {
  mapping::Outcome outcome = mapping.Evaluate(facts);
  if (outcome.exhausted) result_.exhausted = true;
  for (mapping::Dropped& dropped : outcome.dropped) {
    result_.dropped.push_back(
        {mapping.name(), mapping.saml_name(), dropped.position, std::move(dropped.reason), false});
  }
  return outcome;
}

bool Evaluation::Add(const Mapping& mapping, const mapping::Facts& facts) {
  mapping::Outcome outcome = Run(mapping, facts);
  size_t kept = 0;
  for (mapping::Value& value : outcome.values) {
    if (mapping.saml_name() == aws::kRole ? AddRole(mapping, value) : AddValue(mapping, value)) {
      ++kept;
    }
  }
  if (mapping.required() && kept == 0) result_.missing.push_back(mapping.name());
  return !result_.exhausted;
}

void Evaluation::SetNameId(const Mapping& mapping, const mapping::Facts& facts) {
  const mapping::Outcome outcome = Run(mapping, facts);
  if (outcome.values.size() == 1) {
    const mapping::Value& value = outcome.values.front();
    Result<std::string> text = aws::CheckValue(kNameId, value.text);
    if (text && text->size() > kLongestNameId) {
      text = Error{ErrorCode::kInvalidArgument, "a NameID has at most 256 bytes (SAML Core 8.3.7)"};
    }
    if (text) {
      result_.provenance.push_back({std::string(kNameId), *text, mapping.name(), value.position,
                                    SourceOf(value.text, value.given_by), value.text.pieces});
      result_.name_id = *std::move(text);
      return;
    }
    Drop(mapping, value.position, text.error().message);
  }
  result_.missing.push_back(mapping.name());
}

// The one address of the person, as the attribute `email` has it.
void Evaluation::SetEmailNameId(const mapping::User& user) {
  const auto email = user.attributes.find("email");
  if (email != user.attributes.end() && email->second.size() == 1) {
    const TracedText text{{{email->second.front(), true, "user '" + user.username + "': email"}}};
    Result<std::string> value = aws::CheckValue(kNameId, text);
    if (value && value->size() <= kLongestNameId) {
      result_.provenance.push_back(
          {std::string(kNameId), *value, "name_id_format", {}, SourceOf(text, ""), text.pieces});
      result_.name_id = *std::move(value);
      return;
    }
  }
  result_.missing.emplace_back("name_id_format (one value of user.email)");
}

bool Evaluation::AddRole(const Mapping& mapping, mapping::Value& value) {
  Result<aws::RolePair> pair = aws::CheckRole(value.text, rules_, mapping.trust_arn());
  if (!pair) return Drop(mapping, value.position, pair.error().message);
  if (!seen_.insert(pair->Text()).second) return true;
  if (result_.roles.size() >= max_roles_) {
    result_.exhausted = true;
    return Drop(mapping, value.position,
                "more than " + std::to_string(max_roles_) +
                    " roles; narrow the mapping or raise limits.roles_per_person");
  }
  const std::optional<std::chrono::seconds> duration = DurationFor(pair->role);
  result_.roles.push_back({*std::move(pair), mapping.name(), value.position,
                           SourceOf(value.text, value.given_by), duration,
                           std::move(value.text.pieces)});
  return true;
}

bool Evaluation::AddValue(const Mapping& mapping, mapping::Value& value) {
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
  result_.provenance.push_back({mapping.saml_name(), *text, mapping.name(), value.position,
                                SourceOf(value.text, value.given_by),
                                std::move(value.text.pieces)});
  attribute->values.push_back(*std::move(text));
  return true;
}

bool Evaluation::Drop(const Mapping& mapping, const Position& position, std::string reason) {
  result_.dropped.push_back(
      {mapping.name(), mapping.saml_name(), position, std::move(reason), true});
  return false;
}

saml::Attribute* Evaluation::FindAttribute(std::string_view name) {
  const auto found =
      std::find_if(result_.attributes.begin(), result_.attributes.end(),
                   [&](const saml::Attribute& attribute) { return attribute.name == name; });
  return found == result_.attributes.end() ? nullptr : &*found;
}

std::optional<std::chrono::seconds> Evaluation::DurationFor(const aws::RoleArn& role) const {
  for (const config::RoleSettings& settings : application_.role_settings) {
    if (IsAbout(settings.roles, settings.accounts, role)) return settings.aws_session_duration;
  }
  return application_.aws_session_duration;
}

// Each role is held against all policies that are about it; the first that fails withholds it.
void Evaluation::Judge(const mapping::Facts& facts) {
  std::vector<PolicyVerdict> about_roles;
  for (const Policy& policy : application_.policies) {
    PolicyVerdict judged{&policy, policy.Judge(facts)};
    (policy.IsAboutRoles() ? about_roles : result_.policies).push_back(std::move(judged));
  }
  std::erase_if(about_roles, [](const PolicyVerdict& judged) { return judged.verdict.holds; });
  std::vector<Role> open;
  for (Role& role : result_.roles) {
    const auto objection =
        std::find_if(about_roles.begin(), about_roles.end(), [&](const PolicyVerdict& judged) {
          return IsAbout(judged.policy->roles(), judged.policy->accounts(), role.pair.role);
        });
    if (objection == about_roles.end()) {
      open.push_back(std::move(role));
    } else {
      result_.withheld.push_back({std::move(role), objection->policy, objection->verdict});
    }
  }
  result_.roles = std::move(open);
}

Entitlement Evaluation::Finish() {
  const auto before = [](const Role& a, const Role& b) {
    return std::pair(a.pair.role.account(), a.pair.Text()) <
           std::pair(b.pair.role.account(), b.pair.Text());
  };
  std::sort(result_.roles.begin(), result_.roles.end(), before);
  std::sort(result_.withheld.begin(), result_.withheld.end(),
            [&](const WithheldRole& a, const WithheldRole& b) { return before(a.role, b.role); });
  return std::move(result_);
}

}  // namespace

const PolicyVerdict* Entitlement::refused_by() const {
  const auto found = std::find_if(policies.begin(), policies.end(),
                                  [](const auto& judged) { return !judged.verdict.holds; });
  return found == policies.end() ? nullptr : &*found;
}

Entitlement Evaluate(const config::Config& config, const config::Application& application,
                     const mapping::Facts& facts) {
  Evaluation evaluation(application, config.limits.roles_per_person);
  const GivenFacts given(config, application, facts);
  for (const mapping::EndedValue& ended : given.ended()) evaluation.AddEnded(ended);
  for (const Mapping& mapping : application.mappings) {
    // Where a limit is reached nothing is issued, so there is nothing more to find out.
    if (!evaluation.Add(mapping, given.facts())) return evaluation.Finish();
  }
  if (application.name_id) {
    evaluation.SetNameId(*application.name_id, given.facts());
  } else if (application.name_id_format == saml::kNameIdEmail) {
    evaluation.SetEmailNameId(given.facts().user);
  }
  evaluation.Judge(given.facts());
  return evaluation.Finish();
}

std::optional<std::chrono::seconds> DurationOf(const std::vector<Role>& roles) {
  std::optional<std::chrono::seconds> shortest;
  for (const Role& role : roles) {
    if (role.duration && (!shortest || *role.duration < *shortest)) shortest = role.duration;
  }
  return shortest;
}

}  // namespace rolebridge::entitlement
