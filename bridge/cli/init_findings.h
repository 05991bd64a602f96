#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/cli/init_config.h"
#include "ldap/survey.h"

namespace rolebridge::cli {

// How the directory's groups name their members, as far as it shows.
struct Styles {
  ldap::Census member, member_uid, unique_member;  // groups
  ldap::Census member_of;                          // people, with the DNs of their groups

  // That of most groups; memberOf counts where groups show no members of their own. None: nobody
  // is a member of anything.
  std::optional<ldap::Membership> Usual() const;
  // Whether more groups name their members by uniqueMember than by member.
  bool HasUniqueMembers() const { return unique_member.entries > member.entries; }
  // The smallest subtree that holds the groups of that style; "" where there are none.
  std::string BaseOf(ldap::Membership style) const;
  // The counts, for an installer.
  std::string Words() const;
};

// Errors: those of Survey.
Result<Styles> CountStyles(ldap::Survey& survey, const std::string& users_base,
                           const std::string& groups_below);

// What the directory's groups say about AWS.
struct RolesFound {
  RolesBy by = RolesBy::kAttribute;
  std::set<std::string> roles;
  std::set<std::string> accounts;  // by number
};

// `told`: what an installer has chosen; else by awsRole where the directory has or knows it, with
// awsAccount where any group has that: a role that a group gives in another account must not become
// one in this account; and by the groups' names where it has neither. `aliases`: of the accounts
// that are known already. Errors: those of Survey.
Result<RolesFound> FindRoles(ldap::Survey& survey, const ldap::RootEntry& root,
                             const std::string& groups_base, std::optional<RolesBy> told,
                             const std::vector<std::string>& aliases);

}  // namespace rolebridge::cli
