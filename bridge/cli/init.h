#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/cli/init_network.h"

namespace rolebridge::cli {

struct InitOptions {
  // Answers; what is empty is asked for.
  std::string url;  // or a host alone
  std::vector<std::string> ldap_uris;
  std::string ldap_base;
  std::string ldap_ca_file;
  std::string bind_dn;
  std::string bind_password_file;
  std::string users_base;
  std::string groups_base;
  std::string membership;
  std::vector<std::string> accounts;  // ALIAS=ID, or ID
  std::vector<std::string> roles;
  std::string roles_by;  // attribute, account-attribute, group-name; looked for unless given
  std::string tls_certificate;
  std::string tls_key;

  bool is_unattended = false;
  bool is_offline = false;
  bool is_dry_run = false;
  bool may_replace = false;
  bool has_unsynchronised_clock = false;

  // Where things go, and where guesses come from.
  std::string config_folder = "/etc/rolebridge";
  std::string pam_folder = "/etc/pam.d";
  std::string pam_settings = "/etc/rolebridge-pam.conf";
  std::string state_folder = "/var/lib/rolebridge";
  std::string unit_folder = "/etc/systemd/system";
  std::string host_folder = "/etc";         // ldap/ldap.conf, sssd/sssd.conf, resolv.conf
  std::string issuer_group = "rolebridge";  // or a number
  std::string web_group = "rolebridge-web";
};

// What an installation meets.
struct InitWorld {
  const Clock& clock;
  Random& random;
  const Network& network;
  int input;  // a descriptor: a terminal, mostly
  std::ostream& out;
  std::ostream& errors;
  std::string host_name;
  bool is_root;
};

// `rolebridge init`: asks what an installer has to say, each question with a default found by
// looking, writes configuration, keys, PAM files and the unit's drop-in, all or nothing, begins the
// record, checks all of it and says what is to be done at AWS. Overwrites no key at all, and
// nothing else unless told. The bind password is in no output.
//
// Exit status: 0 done, and check found nothing wrong; 1 nothing was written, or check found
// something: what it is stands in the output.
int Init(const InitOptions& options, const InitWorld& world);

}  // namespace rolebridge::cli
