#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ldap/server_list.h"

namespace rolebridge::ldap {

// How groups name their members.
enum class Membership {
  kMemberUid,        // `rfc2307`: the group's memberUid holds the user name
  kMember,           // `rfc2307bis`: the group's member holds the user's DN
  kMemberOf,         // `memberof`: the user's memberOf holds the groups' DNs
  kActiveDirectory,  // `active-directory`: tokenGroups, or where not nested member and the
                     // primary group; groups for security alone
};

// What a layout has unless the configuration says otherwise.
struct LayoutDefaults {
  const char* user_filter;
  const char* login_attribute;
  const char* group_name_attribute;
};
constexpr LayoutDefaults DefaultsOf(Membership membership) {
  if (membership != Membership::kActiveDirectory) return {"(uid={{ username }})", "uid", "cn"};
  // There cn is neither what people type nor, from one folder to another, a group's alone.
  return {"(&(objectCategory=person)(objectClass=user)(sAMAccountName={{ username }}))",
          "sAMAccountName", "sAMAccountName"};
}

// Among supportedCapabilities of the root, what tells an Active Directory ([MS-ADTS] 3.1.1.3.4.3).
inline constexpr const char* kActiveDirectoryCapability = "1.2.840.113556.1.4.800";

// How much of an answer is taken (security.md section 3, row LDAP). What is above is left out and
// reported (a value), or makes the answer useless (the rest).
inline constexpr size_t kMaximumValueBytes = 4096;
inline constexpr size_t kMaximumDescriptionBytes = 1024;  // an attribute's name with its options
inline constexpr size_t kMaximumAttributes = 1000;        // of one entry; some thirty are asked for
inline constexpr size_t kMaximumValues = 1000;
inline constexpr size_t kMaximumMemberOfValues = 20'000;
inline constexpr size_t kMaximumMessageBytes = size_t{16} << 20;  // one entry
inline constexpr size_t kMaximumAnswerBytes = size_t{32} << 20;   // all of one search
inline constexpr size_t kMaximumNesting =
    32;  // a group that holds the person directly is the first

// How many groups one search goes up from: the filter names each by its DN.
inline constexpr size_t kGroupsPerSearch = 512;
// How many groups one search reads that memberOf names: fewer than slapd gives anybody unless told
// (500), so that somebody in more groups needs no limit raised.
inline constexpr size_t kNamesPerSearch = 250;
inline constexpr size_t kFilterBytesPerSearch = size_t{128} << 10;

// What says that an account is locked, disabled or expired (security.md L10); judged by
// ldap/account_state.cc.
inline constexpr std::array<std::string_view, 11> kAccountStateAttributes = {
    "nsAccountLock",          "loginDisabled",
    "userAccountControl",     "msDS-User-Account-Control-Computed",
    "pwdAccountLockedTime",   "accountUnlockTime",
    "pwdStartTime",           "pwdEndTime",
    "krbPrincipalExpiration", "shadowExpire",
    "accountExpires"};

// Template name -> LDAP attribute, as `attributes:` gives them.
using AttributeNames = std::map<std::string, std::string>;

// As whom the directory is read, and how that is proved.
struct Bind {
  enum class Mechanism {
    kSimple,    // `dn` and its password; without a `dn`, which ldapi alone allows, anonymous
    kExternal,  // by the client certificate, or on ldapi by the user that this process runs as
    kGssapi,    // by a Kerberos ticket that the keytab is good for
  };
  Mechanism mechanism = Mechanism::kSimple;
  std::string dn;
  std::string password_file;
  std::string keytab_file;
  std::string principal;  // empty: the keytab's first

  bool is_anonymous() const { return mechanism == Mechanism::kSimple && dn.empty(); }
  // For messages: "'cn=rolebridge,dc=example,dc=org'", "whoever the server takes the bridge for".
  std::string Words() const;
  bool operator==(const Bind&) const = default;
};

enum class TlsVersion { k12, k13 };

struct Settings {
  std::vector<std::string> uris;  // ldaps://, ldap:// (StartTLS is done always), ldapi://
  std::string ca_file;            // empty: the system's certificate authorities
  std::string certificate_file;   // a client's, for servers that ask for one; empty: none
  std::string key_file;           // the certificate's
  TlsVersion minimum_tls = TlsVersion::k12;
  Bind bind;

  struct Users {
    std::string base;
    std::string filter = DefaultsOf({}).user_filter;               // checked by CheckFilterTemplate
    std::string login_attribute = DefaultsOf({}).login_attribute;  // must hold the name (U4)
    bool fold_case = true;  // its value in ASCII lower case first (U2)
    // After it a pwdAccountLockedTime has run out; 0: never, as the server alone knows.
    std::chrono::seconds lockout_duration{0};
    // Of kAccountStateAttributes: they close no account here.
    std::vector<std::string> ignored_states;
    AttributeNames attributes;
    bool operator==(const Users&) const = default;
  } users;

  struct Groups {
    std::string base;
    Membership membership = Membership::kMember;
    // Empty: memberUid, member or memberOf, as `membership` says.
    std::string member_attribute;
    // Whether who is in a group is also in the groups that hold this one.
    bool nested = false;
    std::string name_attribute = DefaultsOf({}).group_name_attribute;
    AttributeNames attributes;
    bool operator==(const Groups&) const = default;
  } groups;

  // Subtrees that another server holds and that nobody is looked for in, as DNs.
  std::vector<std::string> ignored_references;

  std::chrono::milliseconds connect_timeout{3000};
  std::chrono::milliseconds operation_timeout{5000};
  std::chrono::milliseconds lookup_timeout{10000};
  ServerList::Rules server_rules;
  // The DNS is not asked more often, whatever its records say and however often servers fail.
  std::chrono::milliseconds between_dns_questions{30'000};
  size_t groups_per_person = 2000;
  size_t pool_size = 8;

  bool operator==(const Settings&) const = default;
};

}  // namespace rolebridge::ldap
