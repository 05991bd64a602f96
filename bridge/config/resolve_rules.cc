#include "bridge/config/resolve_rules.h"

#include <algorithm>
#include <set>
#include <utility>

#include "bridge/mapping/suggestion.h"

namespace rolebridge::config {
namespace {

using mapping::DidYouMean;
using mapping::Mapping;
using mapping::Mistake;
using mapping::Names;
using mapping::OneOf;
using mapping::Policy;
using mapping::PolicySource;
using mapping::Quote;

class Rules {
 public:
  Rules(const Names& names, bool complete, Reports& reports, Application& application)
      : names_(names), complete_(complete), reports_(reports), application_(application) {}

  void AddPolicies(const std::string& path, const std::vector<PolicyDraft>& drafts);
  void AddRoleSettings(const std::string& path, const std::vector<RoleSettingsDraft>& drafts);
  void SetNameId(const std::string& path, const mapping::SourceText& value);

 private:
  void AddPolicy(const std::string& path, const PolicyDraft& draft);
  bool TakeConditions(const std::string& path, const PolicyDraft& draft, PolicySource& source);
  bool TakeAssurance(const std::string& path, const PolicyDraft& draft, PolicySource& source);

  void Refuse(const Position& position, const std::string& path, const std::string& message) {
    reports_.mistakes.push_back({position, path + ": " + message});
  }
  void Report(const std::string& path, const std::vector<Mistake>& mistakes) {
    for (const Mistake& mistake : mistakes) {
      reports_.mistakes.push_back({mistake.position, path + "." + mistake.message});
    }
  }

  const Names& names_;
  const bool complete_;
  Reports& reports_;
  Application& application_;
};

bool Rules::TakeConditions(const std::string& path, const PolicyDraft& draft,
                           PolicySource& source) {
  const int given = (draft.require ? 1 : 0) + (draft.all ? 1 : 0) + (draft.any ? 1 : 0);
  if (given > 1) {
    Refuse(draft.position, path, "'require', 'all' and 'any' exclude each other; keep one");
    return false;
  }
  if (given == 0 && !draft.assurance) {
    if (!complete_) return false;
    Refuse(draft.position, path,
           "says nothing; give it one of 'require', 'all' and 'any', or 'assurance'");
    return false;
  }
  if (draft.require) source.conditions = {*draft.require};
  if (draft.all) source.conditions = *draft.all;
  if (draft.any) source.conditions = *draft.any;
  source.key = draft.all ? "all" : draft.any ? "any" : "require";
  return true;
}

bool Rules::TakeAssurance(const std::string& path, const PolicyDraft& draft, PolicySource& source) {
  if (!draft.assurance) return true;
  const std::vector<std::string>& levels = names_.assurance_levels;
  const auto found = std::find(levels.begin(), levels.end(), draft.assurance->value);
  if (found != levels.end()) {
    source.assurance = static_cast<size_t>(found - levels.begin());
    return true;
  }
  const std::vector<std::string_view> known(levels.begin(), levels.end());
  Refuse(draft.assurance->position, path + ".assurance",
         "unknown assurance level " + Quote(draft.assurance->value) + "; there is " + OneOf(known) +
             DidYouMean(draft.assurance->value, known));
  return false;
}

void Rules::AddPolicy(const std::string& path, const PolicyDraft& draft) {
  PolicySource source{.name = draft.name,
                      .position = draft.position,
                      .roles = draft.roles,
                      .accounts = draft.accounts,
                      .message = draft.message};
  if (!TakeConditions(path, draft, source) || !TakeAssurance(path, draft, source)) return;
  std::vector<Mistake> mistakes;
  std::optional<Policy> policy = Policy::Parse(source, names_, mistakes);
  Report(path, mistakes);
  if (policy) application_.policies.push_back(*std::move(policy));
}

void Rules::AddPolicies(const std::string& path, const std::vector<PolicyDraft>& drafts) {
  std::set<std::string> seen;
  for (size_t i = 0; i < drafts.size(); ++i) {
    const PolicyDraft& draft = drafts[i];
    const std::string item = path + ".policies[" + std::to_string(i) + "]";
    if (!draft.name.empty() && !seen.insert(draft.name).second) {
      Refuse(draft.position, item, "the name " + Quote(draft.name) + " is taken by one before");
    }
    AddPolicy(item, draft);
  }
}

void Rules::AddRoleSettings(const std::string& path, const std::vector<RoleSettingsDraft>& drafts) {
  for (size_t i = 0; i < drafts.size(); ++i) {
    const RoleSettingsDraft& draft = drafts[i];
    if (complete_ && draft.roles.empty() && draft.accounts.empty()) {
      Refuse(draft.position, path + ".role_settings[" + std::to_string(i) + "]",
             "is about every role; use the application's aws_session_duration for that");
    }
    application_.role_settings.push_back({draft.roles, draft.accounts, draft.aws_session_duration});
  }
}

void Rules::SetNameId(const std::string& path, const mapping::SourceText& value) {
  std::vector<Mistake> mistakes;
  application_.name_id = Mapping::Parse({.name = "name_id_value",
                                         .position = value.position,
                                         .saml_name = {"NameID", value.position, false},
                                         .values = {value},
                                         .required = true},
                                        names_, mistakes);
  // There it is the only value of its key.
  for (Mistake& mistake : mistakes) mistake.message.replace(0, 5, "name_id_value");
  Report(path, mistakes);
}

}  // namespace

void ResolveRules(const std::string& path, const ApplicationDraft& draft, const Names& names,
                  bool complete, Reports& reports, Application& application) {
  Rules rules(names, complete, reports, application);
  rules.AddPolicies(path, draft.policies);
  rules.AddRoleSettings(path, draft.role_settings);
  if (draft.name_id_value) rules.SetNameId(path, *draft.name_id_value);
}

}  // namespace rolebridge::config
