#include "bridge/issuer/person_reader.h"

#include <algorithm>
#include <utility>

namespace rolebridge::issuer {
namespace {

using protocol::Reason;

Refused Refuse(Reason reason, std::string why) { return {{reason, ""}, std::move(why), {}}; }

Refused RefusalFor(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
    // Two entries for one name, or more groups than anybody has: nobody's fault who stands at the
    // browser, and nothing that trying again would mend.
    case ErrorCode::kAmbiguous:
    case ErrorCode::kResourceExhausted:
      return Refuse(Reason::kNotEntitled, error.message);
    case ErrorCode::kPermissionDenied:
      return Refuse(Reason::kAccountState, error.message);
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kInternal:
      return Refuse(Reason::kDirectoryUnavailable, error.message);
  }
  return Refuse(Reason::kDirectoryUnavailable, error.message);
}

std::string DisplayNameOf(const mapping::User& user) {
  const auto found = user.attributes.find("full_name");
  if (found == user.attributes.end() || found->second.empty()) return user.username;
  return found->second.front().substr(0, 256);
}

std::optional<Refused> CheckIdentity(const ldap::Person& person, const store::Session& session) {
  if (person.account_state != ldap::AccountState::kActive) {
    return Refuse(Reason::kAccountState, "the directory says: " + person.account_reason);
  }
  if (session.uid && person.uid_number && *session.uid != *person.uid_number) {
    return Refuse(Reason::kNotEntitled,
                  "uid " + std::to_string(*session.uid) + " on this host is uidNumber " +
                      std::to_string(*person.uid_number) + " in the directory: not one person");
  }
  return std::nullopt;
}

}  // namespace

mapping::Facts FactsOf(const std::string& username, const ldap::Lookup& lookup) {
  mapping::Facts facts;
  facts.user = {username, lookup.person.dn, lookup.person.attributes};
  for (const ldap::Group& group : lookup.groups) {
    facts.groups.push_back({group.name, group.dn, group.attributes});
  }
  return facts;
}

std::optional<Assurance> CurrentAssurance(const config::Config& config,
                                          const store::Session& session, SysSeconds now) {
  std::vector<store::Proof> proofs = session.steps;
  proofs.push_back({session.assurance, session.authn_instant});
  std::optional<Assurance> current;
  for (const store::Proof& proof : proofs) {
    const auto proved = std::find_if(
        config.assurance.begin(), config.assurance.end(),
        [&](const config::AssuranceLevel& level) { return level.name == proof.level; });
    if (proved == config.assurance.end()) continue;
    // Proved at a time that is yet to come: the clock was wrong then.
    if (proof.instant > now + std::chrono::minutes(1)) continue;
    for (auto i = static_cast<size_t>(proved - config.assurance.begin()) + 1; i-- > 0;) {
      const std::optional<std::chrono::seconds>& valid = config.assurance[i].valid;
      if (valid && now - proof.instant >= *valid) continue;
      const bool is_better = !current || i > current->level ||
                             (i == current->level && proof.instant > current->instant);
      if (is_better) current = Assurance{i, proof.instant};
      break;
    }
  }
  return current;
}

std::optional<SysSeconds> ProofOf(const config::Config& config, const store::Session& session,
                                  size_t level) {
  const std::string& name = config.assurance.at(level).name;
  for (const store::Proof& proof : session.steps) {
    if (proof.level == name) return proof.instant;
  }
  if (session.assurance == name) return session.authn_instant;
  return std::nullopt;
}

std::variant<PersonView, Refused> PersonReader::Read(std::string_view session_identifier,
                                                     const store::Session& session,
                                                     const protocol::Context& context) const {
  const SysSeconds now = clock_.Now();
  const std::optional<Assurance> assurance = CurrentAssurance(config_, session, now);
  if (!assurance) {
    return Refuse(Reason::kNoSession,
                  "the login is older than assurance.valid, or of a level that there is no more");
  }
  Result<ldap::Lookup> lookup = directory_.Find(session.username);
  if (!lookup) return RefusalFor(lookup.error());
  if (std::optional<Refused> refused = CheckIdentity(lookup->person, session)) {
    return *std::move(refused);
  }
  if (!sessions_.BindEntry(session_identifier, lookup->person.unique_id)) {
    return Refuse(Reason::kNoSession, "the name belongs to another directory entry since login");
  }
  PersonView view;
  view.facts = FactsOf(session.username, *lookup);
  view.facts.client_address = context.client_address;
  view.facts.assurance = assurance->level;
  view.authn_instant = assurance->instant;
  view.facts.instant = now;
  view.unique_id = lookup->person.unique_id;
  view.display_name = DisplayNameOf(view.facts.user);
  view.dropped = std::move(lookup->dropped);
  return view;
}

}  // namespace rolebridge::issuer
