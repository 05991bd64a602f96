#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/config/config.h"
#include "bridge/config/value_types.h"

namespace rolebridge::config {

// The configuration as it was read, key by key: each value is right by itself. Whether they are
// right together, resolve.h says.

struct ListenDraft {
  Position position;
  std::string address = Listen{}.address;
  std::string status_address = Listen{}.status_address;
  std::optional<Tls> tls;
  std::vector<std::string> trusted_proxies;
};

struct SessionDraft {
  seconds lifetime = Config{}.session_lifetime;
  std::optional<Located<seconds>> idle;
};

struct LevelDraft {
  Position position;
  std::string name;
  std::string service;
  std::string context_class;
  std::optional<seconds> valid;
};

struct AuditDraft {
  std::optional<seconds> retention;
};

struct UsersDraft {
  bool fold_case = true;
  std::vector<std::string> realms;
};

struct ClockDraft {
  bool require_synchronised = true;
};

struct BindDraft {
  Position position;
  ldap::Bind::Mechanism mechanism = ldap::Bind{}.mechanism;
  std::string dn;
  std::string password_file;
  std::string keytab_file;
  std::string principal;
};

struct LdapUsersDraft {
  std::string base;
  std::string filter;           // empty: as ldap::DefaultsOf
  std::string login_attribute;  // the same
  seconds lockout_duration{0};
  std::vector<std::string> ignored_states;
  std::vector<Named<std::string>> attributes;
  std::vector<std::string> self_writable;
};

struct LdapGroupsDraft {
  std::string base;
  ldap::Membership membership = ldap::Settings{}.groups.membership;
  std::optional<Located<std::string>> member_attribute;
  bool nested = ldap::Settings{}.groups.nested;
  std::string name_attribute;  // empty: as ldap::DefaultsOf
  std::vector<Named<std::string>> attributes;
};

struct LdapDraft {
  Position position;
  std::vector<std::string> uris;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  ldap::TlsVersion minimum_tls = ldap::Settings{}.minimum_tls;
  std::optional<BindDraft> bind;
  LdapUsersDraft users;
  LdapGroupsDraft groups;
  std::vector<std::string> ignored_references;
  std::chrono::milliseconds connect_timeout = ldap::Settings{}.connect_timeout;
  std::chrono::milliseconds operation_timeout = ldap::Settings{}.operation_timeout;
  std::chrono::milliseconds lookup_timeout = ldap::Settings{}.lookup_timeout;
  uint32_t pool_size = static_cast<uint32_t>(ldap::Settings{}.pool_size);
};

struct AccountDraft {
  Position position;
  std::string id;
  std::string name;
  std::string partition = Account{}.partition;
  std::string provider = Account{}.provider;
  std::vector<Named<std::string>> tags;
};

struct MappingDraft {
  Position position;
  mapping::SourceText saml_name;
  std::optional<mapping::SourceText> for_each;
  std::optional<mapping::SourceText> when;
  std::optional<mapping::SourceText> value;
  std::optional<std::vector<mapping::SourceText>> values;
  bool required = false;
  bool trust_arn = false;
  std::set<std::string> unreadable;  // keys whose value was refused
};

struct PolicyDraft {
  Position position;
  std::string name;
  std::optional<mapping::SourceText> require;
  std::optional<std::vector<mapping::SourceText>> all;
  std::optional<std::vector<mapping::SourceText>> any;
  std::optional<Located<std::string>> assurance;
  std::vector<std::string> roles;
  std::vector<std::string> accounts;
  std::string message;
};

struct RoleSettingsDraft {
  Position position;
  std::vector<std::string> roles;
  std::vector<std::string> accounts;
  seconds aws_session_duration{0};
};

struct TestDraft {
  Position position;
  std::string name;
  std::string user;
  std::optional<std::vector<Named<std::vector<Named<std::vector<std::string>>>>>> groups;
  std::vector<Named<std::vector<std::string>>> attributes;
  Located<std::string> application;
  std::string client;
  std::optional<Located<std::string>> assurance;
  std::optional<SysSeconds> at;
  std::optional<std::vector<std::string>> roles;
  bool refused = false;
};

enum class Binding { kPost };

struct ApplicationDraft {
  Position position;
  std::string name;
  std::optional<Located<Preset>> preset;
  std::string entity_id;
  std::string audience;
  std::vector<std::string> acs_urls;
  Binding binding = Binding::kPost;
  seconds assertion_lifetime = Application{}.assertion_lifetime;
  std::optional<Located<seconds>> aws_session_duration;
  std::vector<RoleSettingsDraft> role_settings;
  std::optional<seconds> max_login_age;
  std::optional<seconds> session_not_on_or_after;
  std::string_view name_id_format;
  std::optional<mapping::SourceText> name_id_value;
  std::optional<std::vector<std::string>> allowed_accounts;
  std::vector<std::string> allowed_roles = Application{}.allowed_roles;
  std::vector<std::string> relay_state_hosts;
  std::vector<Located<std::string>> mappings;
  std::vector<PolicyDraft> policies;
};

struct Draft {
  Position position;
  std::string url;
  ListenDraft listen;
  std::optional<Located<std::vector<KeyPair>>> signing;
  std::optional<Located<std::string>> signing_folder;
  SessionDraft session;
  std::vector<LevelDraft> assurance;
  UsersDraft users;
  ClockDraft clock;
  AuditDraft audit;
  LdapDraft ldap;
  std::vector<Named<AccountDraft>> accounts;
  std::vector<Named<std::vector<std::string>>> grants;
  std::vector<Named<std::string>> vars;
  std::vector<Named<MappingDraft>> mappings;
  std::vector<Named<ApplicationDraft>> applications;
  std::vector<TestDraft> tests;
  Branding branding;
  Limits limits;
  std::set<std::string> unreadable;  // keys whose value was refused
};

}  // namespace rolebridge::config
