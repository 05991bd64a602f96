#include "bridge/cli/init_findings.h"

#include <algorithm>
#include <utility>

#include "bridge/cli/init_guesses.h"

namespace rolebridge::cli {
namespace {

using ldap::Census;
using ldap::Membership;

Result<RolesFound> FindRoleGroups(ldap::Survey& survey, const std::string& groups_base,
                                  const std::vector<std::string>& aliases) {
  const auto names = survey.Count(groups_base, "cn", "cn");
  if (!names) return names.error();
  RolesFound found{.by = RolesBy::kGroupName, .roles = {}, .accounts = {}};
  for (const std::string& name : names->values) {
    const auto group = ParseRoleGroup(name, aliases);
    if (!group) continue;
    found.roles.insert(group->role);
    if (IsAccountId(group->account)) found.accounts.insert(group->account);
  }
  return found;
}

}  // namespace

std::optional<Membership> Styles::Usual() const {
  const size_t by_dn = std::max(member.entries, unique_member.entries);
  if (by_dn > 0 && by_dn >= member_uid.entries) return Membership::kMember;
  if (member_uid.entries > 0) return Membership::kMemberUid;
  if (member_of.entries > 0) return Membership::kMemberOf;
  return std::nullopt;
}

std::string Styles::BaseOf(Membership style) const {
  switch (style) {
    case Membership::kMember:
      return HasUniqueMembers() ? unique_member.base : member.base;
    case Membership::kMemberUid:
      return member_uid.base;
    case Membership::kActiveDirectory:
      return "";
    case Membership::kMemberOf:
      return ldap::CommonBase({member_of.values.begin(), member_of.values.end()});
  }
  return "";
}

std::string Styles::Words() const {
  return "groups name their members by member: " + std::to_string(member.entries) +
         ", memberUid: " + std::to_string(member_uid.entries) +
         ", uniqueMember: " + std::to_string(unique_member.entries) +
         "; people with memberOf: " + std::to_string(member_of.entries);
}

Result<Styles> CountStyles(ldap::Survey& survey, const std::string& users_base,
                           const std::string& groups_below) {
  Styles styles;
  const std::pair<const char*, Census Styles::*> counted[] = {
      {"member", &Styles::member},
      {"memberUid", &Styles::member_uid},
      {"uniqueMember", &Styles::unique_member}};
  for (const auto& [attribute, place] : counted) {
    auto census = survey.Count(groups_below, attribute);
    if (!census) return census.error();
    styles.*place = *std::move(census);
  }
  auto member_of = survey.Count(users_base, "memberOf", "memberOf");
  if (!member_of) return member_of.error();
  styles.member_of = *std::move(member_of);
  return styles;
}

Result<RolesFound> FindRoles(ldap::Survey& survey, const ldap::RootEntry& root,
                             const std::string& groups_base, std::optional<RolesBy> told,
                             const std::vector<std::string>& aliases) {
  const auto roles = survey.Count(groups_base, "awsRole", "awsRole");
  if (!roles) return roles.error();
  const bool is_known = roles->entries > 0 || root.known_attributes.count("awsRole") > 0;
  if (told.value_or(is_known ? RolesBy::kAttribute : RolesBy::kGroupName) == RolesBy::kGroupName) {
    return FindRoleGroups(survey, groups_base, aliases);
  }
  const auto accounts = survey.Count(groups_base, "awsAccount", "awsAccount");
  if (!accounts) return accounts.error();
  RolesFound found;
  found.by =
      told.value_or(accounts->entries > 0 ? RolesBy::kAccountAttribute : RolesBy::kAttribute);
  for (const std::string& value : roles->values) {
    if (auto role = RoleNameIn(value)) found.roles.insert(*std::move(role));
  }
  for (const std::string& value : accounts->values) {
    if (IsAccountId(value)) found.accounts.insert(value);
  }
  return found;
}

}  // namespace rolebridge::cli
