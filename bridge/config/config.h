#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/limits.h"
#include "bridge/base/position.h"
#include "bridge/mapping/mapping.h"
#include "bridge/mapping/policy.h"
#include "ldap/settings.h"

namespace rolebridge::config {

using std::chrono::seconds;

// Everything that /etc/rolebridge/rolebridge.yaml and conf.d/*.yaml say, checked; paths are
// absolute (relative ones are taken from the configuration's folder).

struct Tls {
  std::string certificate;  // PEM, the chain
  std::string key;          // PEM
};

struct Listen {
  std::string address = "[::]:443";               // ignored where systemd hands over a socket
  std::string status_address = "127.0.0.1:9180";  // loopback only; "" switches it off
  Tls tls;
  std::vector<std::string> trusted_proxies;  // addresses or networks in CIDR notation
};

struct KeyPair {
  std::string certificate;  // PEM file
  std::string key;          // PEM file
  Position position;
};

struct AssuranceLevel {
  std::string name;
  std::string pam_service;    // "rolebridge" or "rolebridge-..."
  std::string context_class;  // AuthnContextClassRef
  std::optional<seconds> valid;
};

using mapping::Account;

// What holds for some roles of an application; the first entry that fits a role counts.
struct RoleSettings {
  std::vector<std::string> roles;     // patterns of the role's name; none: every
  std::vector<std::string> accounts;  // ids; none: every
  seconds aws_session_duration{0};
};

// A promise about who gets what, which is kept before a configuration is taken (`tests:`).
struct Test {
  std::string name;
  Position position;
  std::string user;
  bool is_live = false;                 // of the directory; else `groups` is all there is
  mapping::AttributeValues attributes;  // of a made-up user
  std::vector<mapping::Group> groups;   // of a made-up user
  std::string application;
  std::string client_address;
  size_t assurance = 0;
  std::optional<SysSeconds> at;
  std::vector<std::string> roles;  // exactly these ARNs, sorted
  bool is_refused = false;         // or nothing at all
};

enum class Preset { kNone, kAws, kAwsCn, kAwsUsGov };

// The attribute under which templates find what `grants:` gives a group.
inline constexpr char kGrants[] = "grants";

struct Application {
  std::string slug;  // [a-z0-9-]{1,32}
  Position position;
  std::string name;
  Preset preset = Preset::kNone;
  std::string entity_id;  // default {url}/saml/{slug}
  std::string audience;
  std::vector<std::string> acs_urls;  // the first is used unless a request asks for another
  seconds assertion_lifetime{300};    // 60 s to 5 min
  std::optional<seconds> aws_session_duration;  // 15 min to 12 h; SessionDuration
  std::vector<RoleSettings> role_settings;
  std::optional<seconds> max_login_age;            // an older login has to be done again
  std::optional<seconds> session_not_on_or_after;  // counted from the response; absent unless set
  std::string name_id_format;                      // URN; persistent unless set
  std::optional<mapping::Mapping> name_id;         // what its value is; a rule of ours unless set
  std::vector<std::string> allowed_accounts;       // 12 digits each
  std::vector<std::string> allowed_roles = {"*"};  // patterns over the role's name: * and ?
  std::vector<std::string> relay_state_hosts;      // beside AWS's consoles (aws-saml.md 3.5)
  std::vector<mapping::Mapping> mappings;
  std::vector<mapping::Policy> policies;

  // Whether one of its mappings makes the SAML attribute.
  bool Makes(std::string_view saml_name) const {
    return std::any_of(mappings.begin(), mappings.end(), [&](const mapping::Mapping& mapping) {
      return mapping.saml_name() == saml_name;
    });
  }
};

struct Branding {
  std::string site_name;
  std::string help_contact;
};

// How a typed name becomes the one that counts (security.md U1, U2).
struct UsernameRules {
  bool fold_case = true;            // users.case: fold | keep
  std::vector<std::string> realms;  // of name@REALM and REALM\name, which all are `name`
};

struct Config {
  std::string url;  // "https://sso.example.org", no trailing slash
  Listen listen;
  std::vector<KeyPair> signing;  // the first signs; empty where there is a folder
  std::string signing_folder;    // see saml/key_folder.h; empty where there is a list
  Position signing_position;     // of whichever it is
  seconds session_lifetime{8 * 3600};
  seconds session_idle{3600};
  std::optional<seconds> audit_retention;  // none: records are kept for good
  std::vector<AssuranceLevel> assurance;   // lowest first; at least one
  UsernameRules usernames;                 // users:
  bool require_synchronised_clock = true;
  ldap::Settings ldap;
  std::vector<Account> accounts;
  std::map<std::string, std::vector<std::string>> grants;  // group: roles
  std::vector<Application> applications;                   // in order of the file
  std::vector<Test> tests;
  Branding branding;
  Limits limits;
  std::string hash;  // SHA-256 over the files that were read, in hex
};

}  // namespace rolebridge::config
