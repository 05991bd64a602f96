#include "bridge/config/resolve_ldap.h"

#include <algorithm>

#include "bridge/mapping/suggestion.h"

namespace rolebridge::config {
namespace {

using mapping::Quote;
using Mechanism = ldap::Bind::Mechanism;

ldap::AttributeNames AttributeNamesOf(const std::vector<Named<std::string>>& attributes) {
  ldap::AttributeNames names;
  for (const Named<std::string>& attribute : attributes) {
    names.emplace(attribute.name, attribute.value);
  }
  return names;
}

std::string OrDefault(const std::string& value, const char* otherwise) {
  return value.empty() ? otherwise : value;
}

bool IsLocal(const std::string& uri) { return uri.starts_with("ldapi://"); }

const char* WordOf(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::kSimple:
      return "simple";
    case Mechanism::kExternal:
      return "external";
    case Mechanism::kGssapi:
      return "gssapi";
  }
  return "";
}

// A key of `bind` that goes with one mechanism and no other.
struct BindKey {
  const char* name;
  const std::string& value;
  Mechanism mechanism;
  bool is_needed;  // by that one
};

// What is wrong only together.
class LdapCheck {
 public:
  LdapCheck(const LdapDraft& draft, Reports& reports) : draft_(draft), reports_(reports) {}

  void CheckMember() const;
  // What is missing; for a draft that is complete.
  void CheckBind() const;

 private:
  void CheckCertificate() const;
  void CheckKeys(const BindDraft& bind) const;
  void CheckAddresses(const BindDraft& bind) const;

  bool AreAllLocal() const { return std::all_of(draft_.uris.begin(), draft_.uris.end(), IsLocal); }
  void Refuse(const Position& position, const std::string& path, const std::string& message) const {
    reports_.mistakes.push_back({position, path + ": " + message});
  }

  const LdapDraft& draft_;
  Reports& reports_;
};

void LdapCheck::CheckMember() const {
  const auto& member = draft_.groups.member_attribute;
  if (!member || draft_.groups.membership != ldap::Membership::kActiveDirectory) return;
  Refuse(member->position, "ldap.groups.member_attribute",
         "is of no use with 'membership: active-directory', which has its own; leave it out");
}

void LdapCheck::CheckBind() const {
  CheckCertificate();
  if (draft_.bind) {
    CheckKeys(*draft_.bind);
    CheckAddresses(*draft_.bind);
  } else if (!AreAllLocal()) {
    Refuse(draft_.position, "ldap",
           "'bind' is missing; give it dn and password_file (only ldapi:// goes without)");
  }
}

void LdapCheck::CheckCertificate() const {
  if (draft_.certificate_file.empty() == draft_.key_file.empty()) return;
  Refuse(draft_.position, "ldap",
         "certificate_file and key_file belong together; give both or neither");
}

void LdapCheck::CheckKeys(const BindDraft& bind) const {
  const BindKey keys[] = {{"dn", bind.dn, Mechanism::kSimple, true},
                          {"password_file", bind.password_file, Mechanism::kSimple, true},
                          {"keytab_file", bind.keytab_file, Mechanism::kGssapi, true},
                          {"principal", bind.principal, Mechanism::kGssapi, false}};
  const std::string chosen = "'mechanism: " + std::string(WordOf(bind.mechanism)) + "'";
  for (const BindKey& key : keys) {
    const bool is_of_use = key.mechanism == bind.mechanism;
    if (!key.value.empty() && !is_of_use) {
      Refuse(bind.position, "ldap.bind",
             Quote(key.name) + " is of no use with " + chosen + "; take it out");
    }
    if (key.value.empty() && is_of_use && key.is_needed) {
      Refuse(bind.position, "ldap.bind", Quote(key.name) + " is missing; " + chosen + " needs it");
    }
  }
}

void LdapCheck::CheckAddresses(const BindDraft& bind) const {
  const bool has_certificate = !draft_.certificate_file.empty();
  if (bind.mechanism == Mechanism::kExternal && !AreAllLocal() && !has_certificate) {
    Refuse(
        bind.position, "ldap.bind",
        "'mechanism: external' needs ldap.certificate_file and ldap.key_file (only ldapi:// goes "
        "without)");
  }
  const bool any_local = std::any_of(draft_.uris.begin(), draft_.uris.end(), IsLocal);
  if (bind.mechanism == Mechanism::kGssapi && any_local) {
    Refuse(bind.position, "ldap.bind",
           "'mechanism: gssapi' needs a server's name, which ldapi:// has not; use ldaps://");
  }
}

ldap::Bind BindOf(const BindDraft& draft) {
  return {.mechanism = draft.mechanism,
          .dn = draft.dn,
          .password_file = draft.password_file,
          .keytab_file = draft.keytab_file,
          .principal = draft.principal};
}

ldap::Settings::Users UsersOf(const Draft& draft, const ldap::LayoutDefaults& defaults) {
  const LdapUsersDraft& users = draft.ldap.users;
  return {.base = users.base,
          .filter = OrDefault(users.filter, defaults.user_filter),
          .login_attribute = OrDefault(users.login_attribute, defaults.login_attribute),
          .fold_case = draft.users.fold_case,
          .lockout_duration = users.lockout_duration,
          .ignored_states = users.ignored_states,
          .attributes = AttributeNamesOf(users.attributes)};
}

ldap::Settings::Groups GroupsOf(const LdapGroupsDraft& draft,
                                const ldap::LayoutDefaults& defaults) {
  return {.base = draft.base,
          .membership = draft.membership,
          .member_attribute = draft.member_attribute ? draft.member_attribute->value : "",
          .nested = draft.nested,
          .name_attribute = OrDefault(draft.name_attribute, defaults.group_name_attribute),
          .attributes = AttributeNamesOf(draft.attributes)};
}

}  // namespace

void ResolveLdap(const Draft& draft, bool complete, Reports& reports, ldap::Settings& settings) {
  const LdapDraft& ldap = draft.ldap;
  const ldap::LayoutDefaults defaults = ldap::DefaultsOf(ldap.groups.membership);
  settings.uris = ldap.uris;
  settings.ca_file = ldap.ca_file;
  settings.certificate_file = ldap.certificate_file;
  settings.key_file = ldap.key_file;
  settings.minimum_tls = ldap.minimum_tls;
  if (ldap.bind) settings.bind = BindOf(*ldap.bind);
  settings.users = UsersOf(draft, defaults);
  settings.groups = GroupsOf(ldap.groups, defaults);
  settings.ignored_references = ldap.ignored_references;
  settings.connect_timeout = ldap.connect_timeout;
  settings.operation_timeout = ldap.operation_timeout;
  settings.lookup_timeout = ldap.lookup_timeout;
  settings.groups_per_person = draft.limits.groups_per_person;
  settings.pool_size = ldap.pool_size;
  const LdapCheck check(ldap, reports);
  check.CheckMember();
  if (complete) check.CheckBind();
}

}  // namespace rolebridge::config
