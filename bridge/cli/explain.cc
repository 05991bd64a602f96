#include "bridge/cli/explain.h"

#include <algorithm>
#include <utility>

#include "bridge/aws/arn.h"
#include "bridge/base/visible_text.h"
#include "bridge/cli/configured.h"
#include "bridge/issuer/person_reader.h"
#include "bridge/issuer/response_draft.h"
#include "bridge/issuer/username.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::cli {
namespace {

using entitlement::Entitlement;
using mapping::Quote;

// More groups than anybody reads; the first by name stand for the rest.
constexpr size_t kMostGroups = 20;

bool Gives(const Entitlement& entitlement, const std::string& arn) {
  const auto is_it = [&](const entitlement::Role& role) { return role.pair.role.text() == arn; };
  return std::any_of(entitlement.roles.begin(), entitlement.roles.end(), is_it) ||
         std::any_of(entitlement.withheld.begin(), entitlement.withheld.end(),
                     [&](const auto& withheld) { return is_it(withheld.role); });
}

const entitlement::WithheldRole* FindWithheld(const Entitlement& entitlement,
                                              const std::string& arn) {
  const auto found =
      std::find_if(entitlement.withheld.begin(), entitlement.withheld.end(),
                   [&](const auto& withheld) { return withheld.role.pair.role.text() == arn; });
  return found == entitlement.withheld.end() ? nullptr : &*found;
}

std::string Describe(const mapping::Policy& policy, const mapping::Verdict& verdict) {
  return "policy '" + policy.name() + "' (" + ToString(policy.position()) +
         ") does not hold: " + verdict.reason;
}

// What the application's own rules say about a role that nobody gets.
void ExplainRules(const config::Application& application, const aws::RoleArn& role,
                  RoleAnswer& answer) {
  const auto& accounts = application.allowed_accounts;
  if (std::find(accounts.begin(), accounts.end(), role.account()) == accounts.end()) {
    answer.reasons.push_back("account " + role.account() + " is not in applications." +
                             application.slug + ".allowed_accounts");
  }
  const auto& patterns = application.allowed_roles;
  if (std::none_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return aws::MatchesPattern(role.name(), pattern);
      })) {
    answer.reasons.push_back("no pattern of applications." + application.slug +
                             ".allowed_roles takes " + Quote(role.name()));
  }
}

// Left-out values that name the role: a mapping nearly gave it.
void ExplainDropped(const Entitlement& entitlement, const aws::RoleArn& role, RoleAnswer& answer) {
  for (const entitlement::Dropped& dropped : entitlement.dropped) {
    if (dropped.reason.find(role.name()) == std::string::npos) continue;
    answer.reasons.push_back("left out: " + dropped.reason);
  }
}

// What AWS would refuse in a response with this role alone, as issuing would find out.
void ExplainAws(const config::Config& config, const config::Application& application,
                const mapping::Facts& facts, Entitlement entitlement, RoleAnswer& answer) {
  std::erase_if(entitlement.roles,
                [&](const entitlement::Role& role) { return role.pair.role.text() != answer.arn; });
  const auto objection =
      issuer::ObjectionBeforehand(config, application, entitlement, {.facts = facts});
  if (objection) answer.reasons.push_back(objection->why);
}

void ExplainGroups(const config::Config& config, const config::Application& application,
                   const mapping::Facts& facts, ldap::Directory& directory, RoleAnswer& answer) {
  std::vector<std::string> giving;
  std::vector<ldap::DroppedValue> ignored;
  const Result<void> visited = directory.ForEachGroup(
      [&](const ldap::Group& group) {
        const bool is_member =
            std::any_of(facts.groups.begin(), facts.groups.end(),
                        [&](const mapping::Group& mine) { return mine.dn == group.dn; });
        if (is_member) return true;
        mapping::Facts supposed = facts;
        supposed.groups.push_back({group.name, group.dn, group.attributes});
        if (Gives(entitlement::Evaluate(config, application, supposed), answer.arn)) {
          giving.push_back(group.name);
        }
        return true;
      },
      ignored);
  if (!visited)
    answer.reasons.push_back("the groups could not be read: " + visited.error().message);
  std::sort(giving.begin(), giving.end());
  for (size_t i = 0; i < giving.size() && i < kMostGroups; ++i) {
    answer.reasons.push_back("membership in group " + Quote(giving[i]) + " would give it");
  }
  if (giving.size() > kMostGroups) {
    answer.reasons.push_back("and " + std::to_string(giving.size() - kMostGroups) + " more groups");
  }
}

void ExplainAssurance(const config::Config& config, const config::Application& application,
                      mapping::Facts facts, RoleAnswer& answer) {
  for (size_t level = facts.assurance + 1; level < config.assurance.size(); ++level) {
    facts.assurance = level;
    const Entitlement entitlement = entitlement::Evaluate(config, application, facts);
    const bool is_open = Gives(entitlement, answer.arn) && !entitlement.IsRefused() &&
                         FindWithheld(entitlement, answer.arn) == nullptr;
    if (!is_open) continue;
    answer.reasons.push_back("a login at the level " + Quote(config.assurance[level].name) +
                             " would give it");
    return;
  }
}

// The facts that a login under these circumstances would have.
Result<mapping::Facts> FactsFor(const ExplainOptions& options, const config::Config& config,
                                const std::string& username, const ldap::Lookup& lookup,
                                const Clock& clock) {
  mapping::Facts facts = issuer::FactsOf(username, lookup);
  facts.client_address = options.client;
  facts.instant = clock.Now();
  if (options.assurance.empty()) return facts;
  std::vector<std::string_view> levels;
  for (const config::AssuranceLevel& level : config.assurance) levels.push_back(level.name);
  const auto found = std::find(levels.begin(), levels.end(), options.assurance);
  if (found == levels.end()) {
    return Error{ErrorCode::kInvalidArgument, "there is no level " + Quote(options.assurance) +
                                                  "; there is " + mapping::OneOf(levels)};
  }
  facts.assurance = static_cast<size_t>(found - levels.begin());
  return facts;
}

Result<Explanation> MakeExplanation(const ExplainOptions& options, const config::Config& config,
                                    ldap::Directory& directory, const Clock& clock) {
  const auto username = issuer::CanonicalUsername(options.user, config.usernames);
  if (!username) {
    return Error{ErrorCode::kInvalidArgument, Quote(options.user) + " is nobody's name here"};
  }
  if (!options.role.empty()) {
    const Result<aws::RoleArn> role = aws::RoleArn::Parse(options.role);
    if (!role) return role.error();
  }
  Result<ldap::Lookup> lookup = directory.FindWithWays(*username);
  if (!lookup) return lookup.error();
  Result<mapping::Facts> facts = FactsFor(options, config, *username, *lookup, clock);
  if (!facts) return facts.error();
  Explanation explanation{
      .config = &config, .facts = *std::move(facts), .dropped = std::move(lookup->dropped)};
  for (ldap::Group& group : lookup->groups) {
    if (group.through.empty()) continue;
    explanation.nested.push_back({group.name, group.dn, std::move(group.through)});
  }
  std::sort(explanation.nested.begin(), explanation.nested.end());
  if (lookup->person.account_state != ldap::AccountState::kActive) {
    explanation.account_objection = "the directory says: " + lookup->person.account_reason;
  }
  for (const config::Application& application : config.applications) {
    if (!options.application.empty() && options.application != application.slug) continue;
    ApplicationExplanation one{&application,
                               entitlement::Evaluate(config, application, explanation.facts)};
    if (const auto objection = issuer::ObjectionBeforehand(config, application, one.entitlement,
                                                           {.facts = explanation.facts})) {
      one.objection = objection->why.substr(0, objection->why.find("; left out: "));
    }
    explanation.applications.push_back(std::move(one));
    if (options.role.empty()) continue;
    explanation.role_answers.push_back(
        WhyNot(config, application, explanation.facts, options.role, &directory));
  }
  if (explanation.applications.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 "there is no application " + Quote(options.application)};
  }
  return explanation;
}

}  // namespace

RoleAnswer WhyNot(const config::Config& config, const config::Application& application,
                  const mapping::Facts& facts, const std::string& arn, ldap::Directory* directory) {
  RoleAnswer answer{.arn = arn};
  Entitlement entitlement = entitlement::Evaluate(config, application, facts);
  const entitlement::PolicyVerdict* refused_by = entitlement.refused_by();
  if (refused_by != nullptr) {
    answer.reasons.push_back(Describe(*refused_by->policy, refused_by->verdict));
  }
  for (const std::string& missing : entitlement.missing) {
    answer.reasons.push_back("required mapping '" + missing + "' came to nothing");
  }
  if (entitlement.exhausted) answer.reasons.push_back("a limit is reached");
  if (const entitlement::WithheldRole* withheld = FindWithheld(entitlement, arn)) {
    answer.reasons.push_back(Describe(*withheld->policy, withheld->verdict));
  }
  if (Gives(entitlement, arn)) {
    if (answer.reasons.empty()) ExplainAws(config, application, facts, entitlement, answer);
    answer.verdict =
        answer.reasons.empty() ? RoleAnswer::Verdict::kOpen : RoleAnswer::Verdict::kWithheld;
    if (!answer.reasons.empty()) ExplainAssurance(config, application, facts, answer);
    return answer;
  }
  const Result<aws::RoleArn> role = aws::RoleArn::Parse(arn);
  if (!role) {
    answer.reasons.push_back(role.error().message);
    return answer;
  }
  ExplainRules(application, *role, answer);
  ExplainDropped(entitlement, *role, answer);
  ExplainAssurance(config, application, facts, answer);
  if (directory != nullptr) ExplainGroups(config, application, facts, *directory, answer);
  if (answer.reasons.empty()) answer.reasons.push_back("no mapping and no group names it");
  return answer;
}

ExitStatus Explain(const ExplainOptions& options, const Clock& clock, std::ostream& out,
                   std::ostream& errors) {
  const Result<Configured> configured = OpenConfigured(options.config_path, clock);
  if (!configured) {
    errors << "rolebridge: " << VisibleText(configured.error().message, LineBreaks::kKeep) << "\n";
    return kCannotTell;
  }
  const Result<Explanation> explanation =
      MakeExplanation(options, configured->config, *configured->directory, clock);
  if (!explanation) {
    errors << "rolebridge: " << VisibleText(explanation.error().message, LineBreaks::kShow) << "\n";
    return kCannotTell;
  }
  if (options.json) {
    WriteJson(*explanation, out);
  } else {
    WriteText(*explanation, options.colour, out);
  }
  return explanation->IsPositive() ? kYes : kNo;
}

}  // namespace rolebridge::cli
