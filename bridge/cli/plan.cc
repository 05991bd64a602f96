#include "bridge/cli/plan.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "bridge/base/visible_text.h"
#include "bridge/cli/configured.h"
#include "bridge/cli/people.h"
#include "bridge/config/value_types.h"
#include "bridge/entitlement/entitlement.h"
#include "bridge/issuer/promise.h"
#include "bridge/issuer/response_draft.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::cli {
namespace {

using Json = nlohmann::ordered_json;

// What a person may have, one line each ("aws: arn:aws:iam::123412341234:role/Admin, for 4h",
// "aws: RoleSessionName = alice"), with what withholds it ("" where nothing does).
using Standing = std::map<std::string, std::string>;

struct Change {
  std::string line;
  bool is_gain = false;
  std::string withheld;  // by what
};

struct Person {
  std::string username;
  std::vector<Change> changes;
};

// One of the two configurations, and under which circumstances it is asked.
struct Side {
  Configured configured;
  size_t assurance = 0;
};

void AddRole(const std::string& prefix, const entitlement::Role& role, const std::string& withheld,
             Standing& standing) {
  const std::string duration =
      role.duration ? ", for " + config::DurationWords(*role.duration) : "";
  standing.emplace(prefix + role.pair.Text() + duration, withheld);
}

void AddApplication(const config::Config& config, const config::Application& application,
                    const mapping::Facts& facts, Standing& standing) {
  const auto entitlement = entitlement::Evaluate(config, application, facts);
  const auto objection =
      issuer::ObjectionBeforehand(config, application, entitlement, {.facts = facts});
  std::string withheld;
  if (objection) withheld = objection->why.substr(0, objection->why.find("; left out: "));
  const std::string prefix = application.slug + ": ";
  for (const entitlement::Role& role : entitlement.roles) AddRole(prefix, role, withheld, standing);
  for (const entitlement::WithheldRole& role : entitlement.withheld) {
    AddRole(prefix, role.role, "policy '" + role.policy->name() + "'", standing);
  }
  // What else is told of them matters only where they get in.
  if (objection) return;
  standing.emplace(prefix + "open", "");
  for (const entitlement::Provenance& value : entitlement.provenance) {
    standing.emplace(prefix + value.saml_name + " = " + value.value, "");
  }
}

Standing StandingOf(const Side& side, mapping::Facts facts) {
  Standing standing;
  facts.assurance = side.assurance;
  for (const config::Application& application : side.configured.config.applications) {
    AddApplication(side.configured.config, application, facts, standing);
  }
  return standing;
}

std::vector<Change> Compare(const Standing& before, const Standing& after) {
  std::vector<Change> changes;
  const auto add = [&](const Standing& these, const Standing& those, bool is_gain) {
    for (const auto& [line, withheld] : these) {
      const auto other = those.find(line);
      if (other == those.end() || other->second != withheld) {
        changes.push_back({line, is_gain, withheld});
      }
    }
  };
  add(before, after, false);
  add(after, before, true);
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.line < b.line; });
  return changes;
}

// Goes over all people, several at a time.
class Planner {
 public:
  Planner(const PlanOptions& options, const Side& before, const Side& after, SysSeconds now,
          std::ostream& progress)
      : options_(options), before_(before), after_(after), now_(now), progress_(progress) {}

  Result<void> Run();
  const std::vector<Person>& changed() const { return changed_; }
  size_t people() const { return usernames_.size(); }

 private:
  Result<std::optional<mapping::Facts>> Read(const Side& side, const std::string& username);
  Result<std::vector<Change>> ChangesOf(const std::string& username);

  const PlanOptions& options_;
  const Side& before_;
  const Side& after_;
  const SysSeconds now_;
  std::ostream& progress_;

  std::vector<std::string> usernames_;
  std::vector<Person> changed_;
};

// Nothing where the person has no entry, or one that may not be used.
Result<std::optional<mapping::Facts>> Planner::Read(const Side& side, const std::string& username) {
  auto facts = ReadPerson(*side.configured.directory, username);
  if (facts && *facts) {
    (*facts)->client_address = options_.client;
    (*facts)->instant = now_;
  }
  return facts;
}

Result<std::vector<Change>> Planner::ChangesOf(const std::string& username) {
  const auto facts = Read(before_, username);
  if (!facts) return facts.error();
  const Standing before = *facts ? StandingOf(before_, **facts) : Standing();
  // Where both would ask the directory the same, one answer does for both.
  if (before_.configured.config.ldap == after_.configured.config.ldap) {
    return Compare(before, *facts ? StandingOf(after_, **facts) : Standing());
  }
  const auto facts_after = Read(after_, username);
  if (!facts_after) return facts_after.error();
  return Compare(before, *facts_after ? StandingOf(after_, **facts_after) : Standing());
}

Result<void> Planner::Run() {
  for (const Side* side : {&before_, &after_}) {
    const Configured& configured = side->configured;
    const auto listed = ListPeople(configured.config, *configured.directory, usernames_);
    if (!listed) return listed;
  }
  std::mutex mutex;
  const auto visit = [&](const std::string& username) -> Result<void> {
    Result<std::vector<Change>> changes = ChangesOf(username);
    if (!changes) return changes.error();
    const std::lock_guard lock(mutex);
    if (!changes->empty()) changed_.push_back({username, *std::move(changes)});
    return {};
  };
  std::ostream* const progress = options_.shows_progress ? &progress_ : nullptr;
  if (const auto visited = ForEachPerson(usernames_, progress, visit); !visited) return visited;
  std::sort(changed_.begin(), changed_.end(),
            [](const Person& a, const Person& b) { return a.username < b.username; });
  return {};
}

Result<Side> OpenSide(const std::string& path, const PlanOptions& options, const Clock& clock) {
  Result<Configured> configured = OpenConfigured(path, clock);
  if (!configured) return configured.error();
  const auto& levels = configured->config.assurance;
  size_t assurance = 0;
  if (!options.assurance.empty()) {
    const auto found = std::find_if(levels.begin(), levels.end(), [&](const auto& level) {
      return level.name == options.assurance;
    });
    if (found == levels.end()) {
      return Error{ErrorCode::kInvalidArgument,
                   "'" + path + "' has no level " + mapping::Quote(options.assurance)};
    }
    assurance = static_cast<size_t>(found - levels.begin());
  }
  return Side{*std::move(configured), assurance};
}

bool TestsHold(const Side& side, const Clock& clock, std::ostream& errors) {
  bool hold = true;
  for (const config::Test& test : side.configured.config.tests) {
    const Result<void> kept =
        issuer::CheckPromise(side.configured.config, test, side.configured.directory.get(), clock);
    if (kept) continue;
    hold = false;
    errors << "rolebridge: "
           << VisibleText(
                  ToString(test.position) + ": test '" + test.name + "': " + kept.error().message,
                  LineBreaks::kShow)
           << "\n";
  }
  return hold;
}

struct Totals {
  size_t gaining = 0, gains = 0, losing = 0, losses = 0;
};

// Only what is not withheld counts; the rest is shown.
Totals Count(const std::vector<Person>& changed) {
  Totals totals;
  for (const Person& person : changed) {
    size_t gains = 0, losses = 0;
    for (const Change& change : person.changes) {
      if (!change.withheld.empty()) continue;
      ++(change.is_gain ? gains : losses);
    }
    totals.gains += gains;
    totals.losses += losses;
    totals.gaining += gains > 0 ? 1 : 0;
    totals.losing += losses > 0 ? 1 : 0;
  }
  return totals;
}

void WriteText(const Planner& planner, std::ostream& out) {
  for (const Person& person : planner.changed()) {
    out << VisibleText(person.username, LineBreaks::kShow) << "\n";
    for (const Change& change : person.changes) {
      std::string line = (change.is_gain ? "+ " : "- ") + change.line;
      if (!change.withheld.empty()) line += " (withheld: " + change.withheld + ")";
      out << "  " << VisibleText(line, LineBreaks::kShow) << "\n";
    }
  }
  const Totals totals = Count(planner.changed());
  out << planner.people() << " people, " << planner.changed().size()
      << " change: " << totals.gaining << " gain " << totals.gains << ", " << totals.losing
      << " lose " << totals.losses << "\n";
}

void WriteJson(const Planner& planner, std::ostream& out) {
  const Totals totals = Count(planner.changed());
  Json json = {{"people", planner.people()}, {"gaining", totals.gaining},
               {"gains", totals.gains},      {"losing", totals.losing},
               {"losses", totals.losses},    {"changes", Json::array()}};
  for (const Person& person : planner.changed()) {
    Json changes = Json::array();
    for (const Change& change : person.changes) {
      changes.push_back({{"what", change.line},
                         {"change", change.is_gain ? "gained" : "lost"},
                         {"withheld", change.withheld}});
    }
    json["changes"].push_back({{"user", person.username}, {"lines", std::move(changes)}});
  }
  out << json.dump(2, ' ', true, Json::error_handler_t::replace) << "\n";
}

}  // namespace

ExitStatus Plan(const PlanOptions& options, const Clock& clock, std::ostream& out,
                std::ostream& errors) {
  const auto fail = [&](const Error& error) {
    errors << "rolebridge: " << VisibleText(error.message, LineBreaks::kKeep) << "\n";
    return kCannotTell;
  };
  const Result<Side> before = OpenSide(options.config_path, options, clock);
  if (!before) return fail(before.error());
  const Result<Side> after = OpenSide(options.new_path, options, clock);
  if (!after) return fail(after.error());
  if (!TestsHold(*after, clock, errors)) return kCannotTell;
  Planner planner(options, *before, *after, clock.Now(), errors);
  if (const auto planned = planner.Run(); !planned) return fail(planned.error());
  if (options.json) {
    WriteJson(planner, out);
  } else {
    WriteText(planner, out);
  }
  return planner.changed().empty() ? kYes : kNo;
}

}  // namespace rolebridge::cli
