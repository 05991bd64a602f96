#include "bridge/cli/plan.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "bridge/base/visible_text.h"
#include "bridge/cli/configured.h"
#include "bridge/cli/promise.h"
#include "bridge/config/value_types.h"
#include "bridge/entitlement/entitlement.h"
#include "bridge/issuer/person_reader.h"
#include "bridge/issuer/response_draft.h"
#include "bridge/issuer/username.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kWorkers = 4;
constexpr size_t kProgressEvery = 1000;

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

// Goes over all people, several at a time; each worker asks with a connection of its own.
class Planner {
 public:
  Planner(const PlanOptions& options, const Side& before, const Side& after, SysSeconds now,
          std::ostream& progress)
      : options_(options), before_(before), after_(after), now_(now), progress_(progress) {}

  Result<void> Run();
  const std::vector<Person>& changed() const { return changed_; }
  size_t people() const { return usernames_.size(); }

 private:
  Result<void> ListPeople(const Side& side);
  void Work();
  Result<std::optional<mapping::Facts>> Read(const Side& side, const std::string& username);
  Result<std::vector<Change>> ChangesOf(const std::string& username);
  void Stop(const Error& error);

  const PlanOptions& options_;
  const Side& before_;
  const Side& after_;
  const SysSeconds now_;
  std::ostream& progress_;

  std::vector<std::string> usernames_;
  std::atomic<size_t> next_{0};
  std::mutex mutex_;  // of what follows
  std::vector<Person> changed_;
  std::optional<Error> error_;
};

Result<void> Planner::ListPeople(const Side& side) {
  const bool fold = side.configured.config.fold_user_case;
  return side.configured.directory->ForEachUsername([&](const std::string& name) {
    // A name that nobody can log in with gives nothing.
    if (auto username = issuer::CanonicalUsername(name, fold)) {
      usernames_.push_back(*std::move(username));
    }
    return true;
  });
}

// Nothing where the person has no entry, or one that may not be used.
Result<std::optional<mapping::Facts>> Planner::Read(const Side& side, const std::string& username) {
  const Result<ldap::Lookup> lookup = side.configured.directory->Find(username);
  if (!lookup && lookup.error().code == ErrorCode::kNotFound) {
    return std::optional<mapping::Facts>();
  }
  if (!lookup) return lookup.error();
  if (lookup->person.account_state != ldap::AccountState::kActive) {
    return std::optional<mapping::Facts>();
  }
  mapping::Facts facts = issuer::FactsOf(username, *lookup);
  facts.client_address = options_.client;
  facts.instant = now_;
  return std::optional(std::move(facts));
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

void Planner::Stop(const Error& error) {
  next_ = usernames_.size();
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = error;
}

void Planner::Work() {
  for (size_t i = next_++; i < usernames_.size(); i = next_++) {
    Result<std::vector<Change>> changes = ChangesOf(usernames_[i]);
    if (!changes) return Stop(changes.error());
    const std::lock_guard lock(mutex_);
    if (!changes->empty()) changed_.push_back({usernames_[i], *std::move(changes)});
    if (options_.shows_progress && (i + 1) % kProgressEvery == 0) {
      progress_ << "\r" << i + 1 << " of " << usernames_.size() << " people" << std::flush;
    }
  }
}

Result<void> Planner::Run() {
  if (const auto listed = ListPeople(before_); !listed) return listed;
  if (const auto listed = ListPeople(after_); !listed) return listed;
  std::sort(usernames_.begin(), usernames_.end());
  usernames_.erase(std::unique(usernames_.begin(), usernames_.end()), usernames_.end());
  std::vector<std::thread> workers;
  for (size_t i = 0; i < kWorkers; ++i) workers.emplace_back([this] { Work(); });
  for (std::thread& worker : workers) worker.join();
  if (options_.shows_progress) progress_ << "\r\x1b[K";
  if (error_) return *error_;
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
        CheckPromise(side.configured.config, test, side.configured.directory.get(), clock);
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
