#include "bridge/cli/named_roles.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "bridge/aws/attributes.h"
#include "bridge/aws/quote.h"
#include "bridge/cli/people.h"
#include "bridge/entitlement/entitlement.h"

namespace rolebridge::cli {
namespace {

using std::chrono::seconds;

// Two made-up people: what they do not both get hangs on who they are, and is nobody's.
constexpr const char* kSomebody = "somebody";
constexpr const char* kSomebodyElse = "somebody-else";

seconds SentDuration(const entitlement::Entitlement& entitlement) {
  for (const saml::Attribute& attribute : entitlement.attributes) {
    if (attribute.name != aws::kSessionDuration || attribute.values.empty()) continue;
    const std::string& text = attribute.values.front();
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return seconds(value);
  }
  return seconds(0);
}

using Key = std::pair<std::string, std::string>;  // account, text of the pair

using Roles = std::map<Key, NamedRole>;

class Collection {
 public:
  Collection(const config::Config& config, const config::Application& application, SysSeconds now)
      : config_(config), application_(application), now_(now) {}

  // What `groups` give to whoever is in them.
  void AddGroups(const std::vector<mapping::Group>& groups) {
    const auto roles_of = [&](const char* username) {
      mapping::Facts facts;
      facts.user.username = username;
      facts.groups = groups;
      return RolesOf(std::move(facts), groups.empty() ? "" : NameOf("group", groups[0].name));
    };
    Roles given = roles_of(kSomebody);
    const Roles others = roles_of(kSomebodyElse);
    std::erase_if(given, [&](const auto& role) { return others.count(role.first) == 0; });
    Join(given);
  }

  // What a person gets. Safe to call from several threads.
  void AddPerson(mapping::Facts facts) {
    const std::string who = NameOf("user", facts.user.username);
    Join(RolesOf(std::move(facts), who));
  }

  NamedRoles Finish(size_t groups, size_t people, const std::vector<ldap::DroppedValue>& dropped) {
    NamedRoles named{.roles = {}, .groups = groups, .people = people, .warnings = {}};
    for (auto& [key, role] : roles_) named.roles.push_back(std::move(role));
    for (const std::string& who : exhausted_) {
      named.warnings.push_back(who + ": a budget ran out, so that its roles may not all be here");
    }
    for (const ldap::DroppedValue& value : dropped) {
      named.warnings.push_back(NameOf("group", value.entry) + ": " + value.attribute + ": " +
                               value.reason);
    }
    return named;
  }

 private:
  static std::string NameOf(const char* kind, const std::string& name) {
    return std::string(kind) + " '" + aws::Quoted(name) + "'";
  }

  Roles RolesOf(mapping::Facts facts, const std::string& who) {
    facts.instant = now_;
    const auto entitlement = entitlement::Evaluate(config_, application_, facts);
    if (entitlement.exhausted && !who.empty()) {
      const std::lock_guard lock(mutex_);
      exhausted_.insert(who);
    }
    const seconds sent = SentDuration(entitlement);
    Roles roles;
    const auto add = [&](const entitlement::Role& role) {
      roles.try_emplace({role.pair.role.account(), role.pair.Text()},
                        NamedRole{role.pair, std::max(sent, role.duration.value_or(seconds(0)))});
    };
    for (const entitlement::Role& role : entitlement.roles) add(role);
    // Whom a policy lets have it is another question.
    for (const entitlement::WithheldRole& withheld : entitlement.withheld) add(withheld.role);
    return roles;
  }

  void Join(const Roles& roles) {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, role] : roles) {
      const auto [place, is_new] = roles_.try_emplace(key, role);
      if (!is_new) place->second.duration = std::max(place->second.duration, role.duration);
    }
  }

  const config::Config& config_;
  const config::Application& application_;
  const SysSeconds now_;
  std::mutex mutex_;  // of what follows
  Roles roles_;
  std::set<std::string> exhausted_;
};

// Every person of the directory; how many there are.
Result<size_t> AddPeople(const config::Config& config, ldap::Directory& directory,
                         std::ostream* progress, Collection& collection) {
  std::vector<std::string> usernames;
  if (const auto listed = ListPeople(config, directory, usernames); !listed) return listed.error();
  const auto visit = [&](const std::string& username) -> Result<void> {
    auto facts = ReadPerson(directory, username);
    if (!facts) return facts.error();
    if (*facts) collection.AddPerson(**std::move(facts));
    return {};
  };
  if (const auto visited = ForEachPerson(usernames, progress, visit); !visited) {
    return visited.error();
  }
  return usernames.size();
}

}  // namespace

Result<NamedRoles> FindNamedRoles(const config::Config& config,
                                  const config::Application& application,
                                  ldap::Directory& directory, SysSeconds now,
                                  std::ostream* progress) {
  Collection collection(config, application, now);
  collection.AddGroups({});
  size_t groups = 0;
  std::vector<ldap::DroppedValue> dropped;
  const Result<void> visited = directory.ForEachGroup(
      [&](const ldap::Group& group) {
        ++groups;
        collection.AddGroups({{group.name, group.dn, group.attributes}});
        return true;
      },
      dropped);
  if (!visited) return visited.error();
  const Result<size_t> people = AddPeople(config, directory, progress, collection);
  if (!people) return people.error();
  return collection.Finish(groups, *people, dropped);
}

aws::SignIn SignInFor(const config::Application& application,
                      const aws::SamlProviderArn& provider) {
  aws::SignIn sign_in{.provider_arn = provider.text(),
                      .acs_urls = application.acs_urls,
                      .entity_id = application.entity_id,
                      .name_id_format = application.name_id_format};
  for (const mapping::Mapping& mapping : application.mappings) {
    const std::string& name = mapping.saml_name();
    if (name == aws::kTransitiveTagKeys || name.starts_with(aws::kPrincipalTagPrefix)) {
      sign_in.sends_tags = true;
    }
    if (name == aws::kSourceIdentity) sign_in.sends_source_identity = true;
  }
  return sign_in;
}

}  // namespace rolebridge::cli
