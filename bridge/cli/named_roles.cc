#include "bridge/cli/named_roles.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "bridge/aws/attributes.h"
#include "bridge/aws/quote.h"
#include "bridge/entitlement/entitlement.h"

namespace rolebridge::cli {
namespace {

using std::chrono::seconds;

// Two made-up people: what they do not both get hangs on who they are.
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

class Collection {
 public:
  Collection(const config::Config& config, const config::Application& application, SysSeconds now)
      : config_(config), application_(application), now_(now) {}

  void Add(const std::vector<mapping::Group>& groups) {
    const std::map<Key, NamedRole> given = RolesOf(kSomebody, groups);
    const std::map<Key, NamedRole> others = RolesOf(kSomebodyElse, groups);
    for (const auto& [key, role] : given) {
      if (others.count(key) == 0) {
        hangs_on_person_ = true;
        continue;
      }
      const auto [place, is_new] = roles_.try_emplace(key, role);
      if (!is_new) place->second.duration = std::max(place->second.duration, role.duration);
    }
  }

  NamedRoles Finish(size_t groups, const std::vector<ldap::DroppedValue>& dropped) {
    NamedRoles named{.roles = {}, .groups = groups, .warnings = {}};
    for (auto& [key, role] : roles_) named.roles.push_back(std::move(role));
    if (hangs_on_person_) {
      named.warnings.emplace_back(
          "some roles are made of the person's own name or attributes; they are not here");
    }
    for (const std::string& name : exhausted_) {
      named.warnings.push_back("group '" + aws::Quoted(name) +
                               "': a budget ran out, so that its roles may not all be here");
    }
    for (const ldap::DroppedValue& value : dropped) {
      named.warnings.push_back("group '" + aws::Quoted(value.entry) + "': " + value.attribute +
                               ": " + value.reason);
    }
    return named;
  }

 private:
  std::map<Key, NamedRole> RolesOf(const char* username,
                                   const std::vector<mapping::Group>& groups) {
    mapping::Facts facts;
    facts.user.username = username;
    facts.groups = groups;
    facts.instant = now_;
    const auto entitlement = entitlement::Evaluate(config_, application_, facts);
    if (entitlement.exhausted && !groups.empty()) exhausted_.insert(groups.front().name);
    const seconds sent = SentDuration(entitlement);
    std::map<Key, NamedRole> roles;
    const auto add = [&](const entitlement::Role& role) {
      roles.try_emplace({role.pair.role.account(), role.pair.Text()},
                        NamedRole{role.pair, std::max(sent, role.duration.value_or(seconds(0)))});
    };
    for (const entitlement::Role& role : entitlement.roles) add(role);
    // Whom a policy lets have it is another question.
    for (const entitlement::WithheldRole& withheld : entitlement.withheld) add(withheld.role);
    return roles;
  }

  const config::Config& config_;
  const config::Application& application_;
  const SysSeconds now_;
  std::map<Key, NamedRole> roles_;
  std::set<std::string> exhausted_;
  bool hangs_on_person_ = false;
};

}  // namespace

Result<NamedRoles> FindNamedRoles(const config::Config& config,
                                  const config::Application& application,
                                  ldap::Directory& directory, SysSeconds now) {
  Collection collection(config, application, now);
  collection.Add({});
  size_t groups = 0;
  std::vector<ldap::DroppedValue> dropped;
  const Result<void> visited = directory.ForEachGroup(
      [&](const ldap::Group& group) {
        ++groups;
        collection.Add({{group.name, group.dn, group.attributes}});
        return true;
      },
      dropped);
  if (!visited) return visited.error();
  return collection.Finish(groups, dropped);
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
