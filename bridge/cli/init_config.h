#pragma once

#include <string>
#include <vector>

#include "bridge/base/secret_string.h"
#include "ldap/settings.h"

namespace rolebridge::cli {

// Where a role's account and name are to be found.
enum class RolesBy {
  kAttribute,         // the groups' awsRole; the one account
  kAccountAttribute,  // awsRole, and awsAccount for the account
  kGroupName,         // AWS-ACCOUNT-ROLE
};

struct AccountAnswer {
  std::string alias;
  std::string id;
  bool operator==(const AccountAnswer&) const = default;
};

// What an installer says about a bridge.
struct Answers {
  std::string url;  // https://sso.example.org
  std::vector<std::string> ldap_uris;
  std::string ca_file;  // as given; empty: the system's
  std::string bind_dn;
  SecretString bind_password;
  std::string users_base;
  std::string groups_base;
  ldap::Membership membership = ldap::Membership::kMember;
  bool has_unique_members = false;  // kMember: groups name their members by uniqueMember
  std::vector<AccountAnswer> accounts;
  std::vector<std::string> roles;  // patterns of those that may be given
  RolesBy roles_by = RolesBy::kAttribute;
  std::string tls_certificate;  // empty: one is made
  std::string tls_key;
  bool requires_synchronised_clock = true;
  bool is_offline = false;  // the directory was not asked, on purpose
};

// How rolebridge.yaml calls files beside it.
struct FileNames {
  std::string ca_file;  // empty: the system's authorities
  std::string tls_certificate = "tls.crt";
  std::string tls_key = "tls.key";
  // The folder of the keys that AWS trusts; empty: the pair saml.crt and saml.key, from before.
  std::string signing_folder = "signing";
};

// The text of rolebridge.yaml; the same for the same answers. Every answer stands in quotes, so
// that none of them can become more than the value it is; the caller has it read by the loader.
std::string WriteConfig(const Answers& answers, const FileNames& names);

// The drop-in that lets the issuer reach `addresses`, which are no loopback.
std::string WriteDropIn(const std::vector<std::string>& addresses);

// "rfc2307", "rfc2307bis", "memberof", "active-directory".
std::string NameOf(ldap::Membership membership);

}  // namespace rolebridge::cli
