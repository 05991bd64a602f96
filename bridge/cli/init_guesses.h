#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "ldap/services.h"

namespace rolebridge::cli {

// What the files of a host say about its directory; what they do not say is empty. Pure: texts in,
// guesses out. A file of any content is taken, and what is not understood in it is passed over.
struct DirectoryGuess {
  std::vector<std::string> uris;
  std::string base;
  std::string bind_dn;
  std::string ca_file;
};

// ldap.conf(5): URI, BASE, BINDDN, TLS_CACERT, whatever their case; a later line counts.
DirectoryGuess ReadLdapConf(std::string_view text);

// sssd.conf(5) and sssd-ldap(5): of the first section [domain/...] that names servers, ldap_uri,
// ldap_search_base, ldap_default_bind_dn and ldap_tls_cacert. "_srv_" is no address.
DirectoryGuess ReadSssdConf(std::string_view text);

// What `first` says, and where it says nothing what `second` says.
DirectoryGuess Joined(DirectoryGuess first, const DirectoryGuess& second);

// resolv.conf(5).
struct Resolvers {
  std::string domain;                  // of `domain`, or the first of `search`
  std::vector<std::string> addresses;  // of `nameserver`
};
Resolvers ReadResolvConf(std::string_view text);

// The domain that a host called `host_name` is in: what stands behind its first dot, else `domain`;
// in lower case, and empty where neither is a name of the DNS.
std::string DomainOf(const std::string& host_name, const std::string& domain);

using ldap::Service;

// The addresses to try, in the order of RFC 2782 (the heavier one first among equals), as
// ldap::UrisOf takes them.
std::vector<std::string> UrisOf(std::vector<Service> services, std::string_view scheme,
                                const std::string& domain);

// "AWS-production-Admin" taken apart, as the generated mapping does: account by number or alias.
struct RoleGroup {
  std::string account;
  std::string role;
};
std::optional<RoleGroup> ParseRoleGroup(std::string_view group_name,
                                        const std::vector<std::string>& accounts);

// The role's name in a value of awsRole, without what stands behind ';'; none where the rest is not
// whole a name that a template takes (1 to 64 of [A-Za-z0-9_+=.@-]): no part of a value that tries
// for more may end up among the roles that are allowed.
std::optional<std::string> RoleNameIn(std::string_view value);

bool IsAccountId(std::string_view text);  // 12 digits

}  // namespace rolebridge::cli
