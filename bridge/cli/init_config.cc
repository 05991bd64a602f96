#include "bridge/cli/init_config.h"

#include <algorithm>
#include <functional>

#include "bridge/config/yaml_text.h"

namespace rolebridge::cli {
namespace {

using config::InQuotes;

std::string Joined(const std::vector<std::string>& words, const std::string& separator,
                   const std::function<std::string(const std::string&)>& shown) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + shown(word);
  return text;
}

// [a, b] of a flow list.
std::string List(const std::vector<std::string>& words) {
  return "[" + Joined(words, ", ", [](const std::string& word) { return InQuotes(word); }) + "]";
}

std::string WriteHead(const Answers& answers, const FileNames& names) {
  std::string text =
      "# Made by `rolebridge init`, to be edited from here on: `man rolebridge.yaml` has every\n"
      "# setting, /usr/share/doc/rolebridge/examples/rolebridge.yaml a longer sample. After a\n"
      "# change: rolebridge check --online, then systemctl reload rolebridge-issuer.\n"
      "\n"
      "url: ";
  text +=
      InQuotes(answers.url) +
      "\n"
      "\n"
      "listen:\n"
      "  address: \"[::]:443\"\n"
      "  tls: { certificate: " +
      InQuotes(names.tls_certificate) + ", key: " + InQuotes(names.tls_key) +
      " }\n"
      "\n" +
      (names.signing_folder.empty()
           ? "signing:                                 # the key that AWS trusts\n"
             "  - { certificate: saml.crt, key: saml.key }\n"
           : "signing_folder: " + names.signing_folder +
                 "                  # the keys that AWS trusts: rolebridge keys list\n") +
      "\n"
      "assurance:                               # how people log in: a file of /etc/pam.d each\n"
      "  - name: password\n"
      "    service: rolebridge\n"
      "    context_class: "
      "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport\n";
  if (!answers.requires_synchronised_clock) {
    text +=
        "\n"
        "# This host can't say whether its clock is right: see to it where that is set.\n"
        "clock: { require_synchronised: false }\n";
  }
  return text;
}

std::string WriteGroupAttributes(const Answers& answers) {
  switch (answers.roles_by) {
    case RolesBy::kAttribute:
      return "    attributes: { aws_role: awsRole }    # template name: LDAP attribute\n";
    case RolesBy::kAccountAttribute:
      return "    attributes: { aws_role: awsRole, aws_account: awsAccount }\n";
    case RolesBy::kGroupName:
      return "";
  }
  return "";
}

std::string WriteLdap(const Answers& answers, const FileNames& names) {
  std::string text =
      "\n"
      "ldap:\n"
      "  uris: " +
      List(answers.ldap_uris) + "\n";
  if (!names.ca_file.empty()) text += "  ca_file: " + InQuotes(names.ca_file) + "\n";
  text += "  bind:\n    dn: " + InQuotes(answers.bind_dn) + "\n    password_file: ldap.secret\n";
  const bool is_active_directory = answers.membership == ldap::Membership::kActiveDirectory;
  text += "  users:\n    base: " + InQuotes(answers.users_base) + "\n";
  if (is_active_directory) {
    text += "    # People log in by sAMAccountName.\n";
  } else {
    text += "    filter: \"(uid={{ username }})\"\n";
  }
  text += "    attributes: { email: mail, full_name: cn }\n";
  text += "  groups:\n    base: " + InQuotes(answers.groups_base) +
          "\n    membership: " + NameOf(answers.membership) + "\n";
  if (is_active_directory) text += "    nested: true\n";
  if (answers.has_unique_members) text += "    member_attribute: uniqueMember\n";
  text += WriteGroupAttributes(answers);
  return text;
}

std::string WriteAccounts(const Answers& answers) {
  std::string text =
      "\naccounts:                                # the name that people see: its number\n";
  for (const AccountAnswer& account : answers.accounts) {
    text += "  " + InQuotes(account.alias) + ": { id: " + InQuotes(account.id) + " }\n";
  }
  return text;
}

std::string RoleValue(const std::string& account, const std::string& role) {
  return "    value: \"{{ " + account + ".iam }}:role/{{ " + role + " }},{{ " + account +
         ".provider_arn }}\"\n";
}

// The accounts as a pattern, the longest alias first: one may begin as another does.
std::string AccountPattern(const std::vector<AccountAnswer>& accounts) {
  std::vector<std::string> words;
  for (const AccountAnswer& account : accounts) {
    words.push_back(account.alias);
    words.push_back(account.id);
  }
  std::stable_sort(words.begin(), words.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return Joined(words, "|", [](const std::string& word) { return word; });
}

std::string WriteRoleMapping(const Answers& answers) {
  switch (answers.roles_by) {
    case RolesBy::kAttribute:
      return "    for_each: group in groups, role in group.aws_role\n" +
             RoleValue("accounts['" + answers.accounts.front().alias + "']", "role");
    case RolesBy::kAccountAttribute:
      return "    for_each: group in groups, account in group.aws_account, role in "
             "group.aws_role\n" +
             RoleValue("accounts[account]", "role");
    case RolesBy::kGroupName:
      return "    for_each: group in groups\n"
             "    when: >-\n"
             "      group.name matches 'AWS-(?P<account>" +
             AccountPattern(answers.accounts) + ")-(?P<role>.+)'\n" +
             RoleValue("accounts[match.account]", "match.role");
  }
  return "";
}

std::string DescribeRoles(RolesBy roles_by) {
  switch (roles_by) {
    case RolesBy::kAttribute:
      return "  # Each value of awsRole of each of a person's groups is a role.\n";
    case RolesBy::kAccountAttribute:
      return "  # Each value of awsRole of each of a person's groups is a role, in the account "
             "that\n"
             "  # the same group's awsAccount says, by its number or by its name above.\n";
    case RolesBy::kGroupName:
      return "  # A group called AWS-ACCOUNT-ROLE gives that role, the account by its name above "
             "or "
             "number.\n";
  }
  return "";
}

std::string WriteMappings(const Answers& answers) {
  std::vector<std::string> ids;
  for (const AccountAnswer& account : answers.accounts) ids.push_back(account.id);
  return "\n"
         "mappings:\n" +
         DescribeRoles(answers.roles_by) +
         "  aws-role:\n"
         "    saml_name: https://aws.amazon.com/SAML/Attributes/Role\n" +
         WriteRoleMapping(answers) +
         "\n"
         "applications:\n"
         "  aws:\n"
         "    name: Amazon Web Services\n"
         "    preset: aws\n"
         "    # No other account's role is ever sent, nor one whose name fits none of these (* and "
         "?).\n"
         "    allowed_accounts: " +
         List(ids) + "\n    allowed_roles: " + List(answers.roles) + "\n" +
         "    mappings: [aws-role]\n";
}

}  // namespace

std::string NameOf(ldap::Membership membership) {
  switch (membership) {
    case ldap::Membership::kMemberUid:
      return "rfc2307";
    case ldap::Membership::kMember:
      return "rfc2307bis";
    case ldap::Membership::kMemberOf:
      return "memberof";
    case ldap::Membership::kActiveDirectory:
      return "active-directory";
  }
  return "";
}

std::string WriteConfig(const Answers& answers, const FileNames& names) {
  return WriteHead(answers, names) + WriteLdap(answers, names) + WriteAccounts(answers) +
         WriteMappings(answers);
}

std::string WriteDropIn(const std::vector<std::string>& addresses) {
  return "# Made by `rolebridge init`: the directory's servers and the resolvers, as addresses. "
         "The\n"
         "# issuer reaches nothing else but this host; when one of them moves, change it here.\n"
         "[Service]\n"
         "IPAddressAllow=" +
         Joined(addresses, " ", [](const std::string& address) { return address; }) + "\n";
}

}  // namespace rolebridge::cli
