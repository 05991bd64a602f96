#include "bridge/config/sections.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/bridge/config/mistakes_for_tests.h"

namespace rolebridge::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Each key of `shape` and of what is below it, with a purpose and once.
void CheckKeys(const Shape& shape, const std::string& path) {
  std::set<std::string_view> names;
  for (const Shape::Property& property : shape.properties) {
    const std::string here = path + "." + std::string(property.name);
    EXPECT_TRUE(names.insert(property.name).second) << here;
    EXPECT_FALSE(property.purpose.empty()) << here;
    CheckKeys(property.shape, here);
  }
  for (const Shape& element : shape.element) CheckKeys(element, path + "[]");
}

TEST(SectionsTest, EachKeyHasAPurpose) {
  const Shape shape = ConfigSection().Describe();
  EXPECT_GT(shape.properties.size(), 10u);
  CheckKeys(shape, "");
}

TEST(SectionsTest, ReadEveryKey) {
  const std::string yaml = R"yaml(
url: https://sso.example.org:8443
listen:
  address: "127.0.0.1:8443"
  status_address: ""
  tls: { certificate: tls.crt, key: /run/tls.key }
  trusted_proxies: [10.0.0.0/8, "::1"]
signing:
  - { certificate: new.crt, key: new.key }
  - { certificate: old.crt, key: old.key }
session: { lifetime: 7d, idle: 2h }
assurance:
  - { name: password, service: rolebridge, context_class: "urn:x:password" }
  - { name: mfa, service: rolebridge-mfa, context_class: "https://refeds.org/profile/mfa", valid: 15m }
users: { case: keep, realms: [EXAMPLE.ORG, EXAMPLE] }
clock: { require_synchronised: false }
ldap:
  uris: [ldap://ldap1.example.org, ldaps://ldap2.example.org]
  ca_file: ca.pem
  bind: { dn: "cn=rolebridge,dc=example,dc=org", password_file: ldap.secret }
  users:
    base: ou=people,dc=example,dc=org
    filter: "(&(uid={{ username }})(active=TRUE))"
    login_attribute: userid
    lockout_duration: 15m
    attributes: { email: mail, full_name: cn }
  groups:
    base: ou=groups,dc=example,dc=org
    membership: memberof
    member_attribute: isMemberOf
    nested: true
    name_attribute: ou
    attributes: { aws_role: awsRole }
  connect_timeout: 1s
  operation_timeout: 2s
  lookup_timeout: 60s
  pool_size: 3
accounts:
  prod: { id: "123412341234", name: Production }
  dev: { id: "012341234123" }
vars: { provider: bridge, unset: "" }
mappings:
  m-1: { saml_name: "https://example.org/a", value: "{{ vars.provider }}" }
  m-2:
    saml_name: https://aws.amazon.com/SAML/Attributes/Role
    for_each: group in groups
    when: "group.name != 'x'"
    values: ["{{ group.aws_role }}", "{{ group.aws_role | last }}"]
    required: true
    trust_arn: true
applications:
  zeta:
    name: Zeta
    entity_id: https://sso.example.org/us
    audience: urn:zeta
    acs_urls: [https://zeta.example.org/acs, https://zeta.example.org/acs2]
    binding: post
    assertion_lifetime: 1m
    aws_session_duration: 12h
    name_id_format: emailAddress
    allowed_accounts: ["123412341234"]
    allowed_roles: ["aws-*"]
    relay_state_hosts: [zeta.example.org]
    mappings: [m-2, m-1]
    policies:
      - { name: staff only, require: "'staff' in groups.name", message: Ask. }
  alpha: {
  audience: "urn:alpha", acs_urls: [https://alpha.example.org/acs], mappings: [] }
branding: { site_name: Example, help_contact: "help@example.org" }
limits: { connections: 100, groups_per_person: 50 }
)yaml";
  const LoadResult result = Parsed(yaml);
  ASSERT_EQ(Lines(result.mistakes), "");
  EXPECT_EQ(Lines(result.warnings), "");
  const Config& config = *result.config;
  EXPECT_EQ(config.url, "https://sso.example.org:8443");
  EXPECT_EQ(config.listen.address, "127.0.0.1:8443");
  EXPECT_EQ(config.listen.status_address, "");
  EXPECT_EQ(config.listen.tls.certificate, "/etc/rolebridge/tls.crt");
  EXPECT_EQ(config.listen.tls.key, "/run/tls.key");
  EXPECT_EQ(config.listen.trusted_proxies, (std::vector<std::string>{"10.0.0.0/8", "::1"}));
  ASSERT_EQ(config.signing.size(), 2u);
  EXPECT_EQ(config.signing_folder, "");
  EXPECT_EQ(config.signing[0].key, "/etc/rolebridge/new.key");
  EXPECT_EQ(ToString(config.signing[1].position), "test.yaml:10:5");
  EXPECT_EQ(config.session_lifetime, hours(7 * 24));
  EXPECT_EQ(config.session_idle, hours(2));
  ASSERT_EQ(config.assurance.size(), 2u);
  EXPECT_EQ(config.assurance[1].name, "mfa");
  EXPECT_EQ(config.assurance[1].pam_service, "rolebridge-mfa");
  EXPECT_EQ(config.assurance[1].context_class, "https://refeds.org/profile/mfa");
  EXPECT_EQ(config.assurance[1].valid, minutes(15));
  EXPECT_FALSE(config.assurance[0].valid.has_value());
  EXPECT_FALSE(config.usernames.fold_case);
  EXPECT_EQ(config.usernames.realms, (std::vector<std::string>{"EXAMPLE.ORG", "EXAMPLE"}));
  EXPECT_FALSE(config.require_synchronised_clock);
  const ldap::Settings& ldap = config.ldap;
  EXPECT_EQ(ldap.uris.size(), 2u);
  EXPECT_EQ(ldap.ca_file, "/etc/rolebridge/ca.pem");
  EXPECT_EQ(ldap.bind.dn, "cn=rolebridge,dc=example,dc=org");
  EXPECT_EQ(ldap.bind.password_file, "/etc/rolebridge/ldap.secret");
  EXPECT_EQ(ldap.users.base, "ou=people,dc=example,dc=org");
  EXPECT_EQ(ldap.users.filter, "(&(uid={{ username }})(active=TRUE))");
  EXPECT_EQ(ldap.users.login_attribute, "userid");
  EXPECT_FALSE(ldap.users.fold_case);
  EXPECT_EQ(ldap.users.lockout_duration, minutes(15));
  EXPECT_EQ(ldap.users.attributes.at("full_name"), "cn");
  EXPECT_EQ(ldap.groups.membership, ldap::Membership::kMemberOf);
  EXPECT_EQ(ldap.groups.member_attribute, "isMemberOf");
  EXPECT_TRUE(ldap.groups.nested);
  EXPECT_EQ(ldap.groups.name_attribute, "ou");
  EXPECT_EQ(ldap.groups.attributes.at("aws_role"), "awsRole");
  EXPECT_EQ(ldap.connect_timeout, std::chrono::seconds(1));
  EXPECT_EQ(ldap.operation_timeout, std::chrono::seconds(2));
  EXPECT_EQ(ldap.lookup_timeout, std::chrono::seconds(60));
  EXPECT_EQ(ldap.groups_per_person, 50u);
  EXPECT_EQ(ldap.pool_size, 3u);
  ASSERT_EQ(config.accounts.size(), 2u);
  EXPECT_EQ(config.accounts[0].name, "Production");
  EXPECT_EQ(config.accounts[1].alias, "dev");
  EXPECT_EQ(config.accounts[1].name, "dev");
  EXPECT_EQ(config.accounts[1].id, "012341234123");
  ASSERT_EQ(config.applications.size(), 2u);
  const Application& zeta = config.applications[0];
  EXPECT_EQ(zeta.slug, "zeta");
  EXPECT_EQ(zeta.name, "Zeta");
  EXPECT_EQ(zeta.preset, Preset::kNone);
  EXPECT_EQ(zeta.entity_id, "https://sso.example.org/us");
  EXPECT_EQ(zeta.audience, "urn:zeta");
  EXPECT_EQ(zeta.acs_urls.size(), 2u);
  EXPECT_EQ(zeta.assertion_lifetime, minutes(1));
  EXPECT_EQ(zeta.aws_session_duration, hours(12));
  EXPECT_EQ(zeta.name_id_format, "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress");
  EXPECT_EQ(zeta.allowed_accounts, std::vector<std::string>{"123412341234"});
  EXPECT_EQ(zeta.allowed_roles, std::vector<std::string>{"aws-*"});
  EXPECT_EQ(zeta.relay_state_hosts, std::vector<std::string>{"zeta.example.org"});
  ASSERT_EQ(zeta.mappings.size(), 2u);
  EXPECT_EQ(zeta.mappings[0].name(), "m-2");
  EXPECT_TRUE(zeta.mappings[0].required());
  EXPECT_TRUE(zeta.mappings[0].trust_arn());
  EXPECT_EQ(zeta.mappings[0].templates().size(), 2u);
  ASSERT_EQ(zeta.policies.size(), 1u);
  EXPECT_EQ(zeta.policies[0].name(), "staff only");
  EXPECT_EQ(zeta.policies[0].message(), "Ask.");
  const Application& alpha = config.applications[1];
  EXPECT_EQ(alpha.name, "alpha");
  EXPECT_EQ(alpha.entity_id, "https://sso.example.org:8443/saml/alpha");
  EXPECT_EQ(alpha.name_id_format, "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent");
  EXPECT_EQ(alpha.assertion_lifetime, minutes(5));
  EXPECT_FALSE(alpha.aws_session_duration.has_value());
  EXPECT_EQ(config.branding.site_name, "Example");
  EXPECT_EQ(config.branding.help_contact, "help@example.org");
  EXPECT_EQ(config.limits.connections, 100u);
  EXPECT_EQ(config.limits.workers, Limits{}.workers);
}

TEST(SectionsTest, TakeDefaultsFromTheDirectorysLayout) {
  const auto loaded = [](const std::string& membership, const std::string& more = "") {
    const LoadResult result =
        Parsed(With("groups:", "groups: { base: \"ou=x\", membership: " + membership + more +
                                   ", attributes: { aws_role: x } }"));
    EXPECT_EQ(Lines(result.mistakes), "");
    return result.config->ldap;
  };
  const ldap::Settings plain = loaded("rfc2307");
  EXPECT_EQ(plain.users.filter, "(uid={{ username }})");
  EXPECT_EQ(plain.users.login_attribute, "uid");
  EXPECT_EQ(plain.groups.name_attribute, "cn");
  const ldap::Settings domain = loaded("active-directory");
  EXPECT_EQ(domain.groups.membership, ldap::Membership::kActiveDirectory);
  EXPECT_EQ(domain.users.filter,
            "(&(objectCategory=person)(objectClass=user)(sAMAccountName={{ username }}))");
  EXPECT_EQ(domain.users.login_attribute, "sAMAccountName");
  EXPECT_EQ(domain.groups.name_attribute, "sAMAccountName");
  EXPECT_FALSE(domain.groups.nested);
  EXPECT_EQ(loaded("active-directory", ", name_attribute: cn").groups.name_attribute, "cn");
}

// Each row of base/limits.h, at its borders and one beyond.
TEST(SectionsTest, HoldEveryLimitBetweenItsMinimumAndItsCeiling) {
  for (const LimitRow& row : kLimitRows) {
    const auto with = [&row](uint64_t value) {
      return Parsed(
          With("", "limits: { " + std::string(row.name) + ": " + std::to_string(value) + " }"));
    };
    for (const uint32_t value : {row.minimum, row.ceiling}) {
      const LoadResult result = with(value);
      ASSERT_EQ(Lines(result.mistakes), "") << row.name;
      EXPECT_EQ(result.config->limits.*row.member, value) << row.name;
    }
    const std::string complaint = "is out of range; use a number from " +
                                  std::to_string(row.minimum) + " to " +
                                  std::to_string(row.ceiling);
    EXPECT_NE(Lines(with(uint64_t{row.ceiling} + 1).mistakes).find(complaint), std::string::npos);
    if (row.minimum > 0) {
      EXPECT_NE(Lines(with(row.minimum - 1).mistakes).find(complaint), std::string::npos);
    }
  }
}

struct Row {
  std::string start;  // of the line of SmallConfig() that is replaced
  std::string line;
  std::string expected;
};

TEST(SectionsTest, RefuseWithPlacePathValueAndWhatIsAllowed) {
  const Row rows[] = {
      {"url:", "url: http://sso.example.org",
       "test.yaml:1:6: url: 'http://sso.example.org' is not allowed; use https://host or "
       "https://host:port"},
      {"url:", "url: ~",
       "test.yaml:1:1: url: is empty; give it https://host, or take the key out for its default"},
      {"signing:", "signing: []", "test.yaml:3:10: signing: has 0 entries; use 1 to 8"},
      {"signing:", "signing: [{ certificate: x }]",
       "test.yaml:3:11: signing[0]: 'key' is missing; it is the PEM file of the key that signs"},
      {"", "session: { lifetime: 8d }",
       "test.yaml:19:22: session.lifetime: '8d' is out of range; use 5m to 7d"},
      {"", "session: { lifetime: 4m }",
       "test.yaml:19:22: session.lifetime: '4m' is out of range; use 5m to 7d"},
      {"uris:", "uris: [http://x]",
       "test.yaml:5:10: ldap.uris[0]: 'http://x' is not allowed; use ldaps://host, ldap://host "
       "(StartTLS is always done), ldap+srv://domain or ldapi://%2Fpath%2Fto%2Fsocket"},
      {"uris:", "uris: [\"ldap+srv://example.org:389\"]",
       "test.yaml:5:11: ldap.uris[0]: 'ldap+srv://example.org:389' is not allowed; use "
       "ldaps://host, "
       "ldap://host (StartTLS is always done), ldap+srv://domain or ldapi://%2Fpath%2Fto%2Fsocket"},
      {"bind:", "bind: { dn: \"cn=x\", pasword_file: y }",
       "test.yaml:6:23: ldap.bind.pasword_file: unknown key; did you mean 'password_file'?"},
      {"bind:", "bind: { dn: \"cn=x\", password: hunter2 }",
       "test.yaml:6:23: ldap.bind.password: unknown key; did you mean 'password_file'?"},
      {"users:", "users: { base: \"ou=x\", attributes: { username: uid } }",
       "test.yaml:7:40: ldap.users.attributes.username: the name has a meaning already; choose "
       "another name"},
      {"groups:",
       "groups: { base: \"ou=x\", membership: active-directory, member_attribute: memberOf, "
       "attributes: { aws_role: x } }",
       "test.yaml:8:75: ldap.groups.member_attribute: is of no use with 'membership: "
       "active-directory', which has its own; leave it out"},
      {"groups:", "groups: { base: \"ou=x\", nested: yes, attributes: { aws_role: x } }",
       "test.yaml:8:35: ldap.groups.nested: 'yes' is not true or false; write: nested: true"},
      {"groups:", "groups: { base: \"ou=x\", member_attribute: a_b, attributes: { aws_role: x } }",
       "test.yaml:8:45: ldap.groups.member_attribute: 'a_b' is no LDAP attribute: those have no "
       "'_' (RFC 4512); use one like awsRole"},
      {"groups:",
       "groups: { base: \"ou=x\", membership: rfc2307biss, attributes: { aws_role: x } }",
       "test.yaml:8:39: ldap.groups.membership: 'rfc2307biss' is not allowed; use rfc2307, "
       "rfc2307bis, memberof or active-directory; did you mean 'rfc2307bis'?"},
      {"preset:", "assertion_lifetime: 6m",
       "test.yaml:16:25: applications.aws.assertion_lifetime: '6m' is out of range; use 1m to "
       "5m"},
      {"preset:", "assertion_lifetime: 59s",
       "test.yaml:16:25: applications.aws.assertion_lifetime: '59s' is out of range; use 1m to "
       "5m"},
      {"preset:", "aws_session_duration: 99999s",
       "test.yaml:16:27: applications.aws.aws_session_duration: '99999s' is out of range; use "
       "15m "
       "to 12h"},
      {"preset:", "aws_session_duration: 14m",
       "test.yaml:16:27: applications.aws.aws_session_duration: '14m' is out of range; use 15m "
       "to "
       "12h"},
      {"preset:", "preset: aws-china",
       "test.yaml:16:13: applications.aws.preset: 'aws-china' is not allowed; use aws, aws-cn or "
       "aws-us-gov; did you mean 'aws-cn'?"},
      {"preset:", "binding: redirect",
       "test.yaml:16:14: applications.aws.binding: 'redirect' is not allowed; use post"},
      {"preset:", "name_id_format: email",
       "test.yaml:16:21: applications.aws.name_id_format: 'email' is not allowed; use "
       "persistent, "
       "transient, emailAddress or unspecified; did you mean 'emailAddress'?"},
      {"allowed_accounts:", "allowed_accounts: [012341234123]",
       "test.yaml:17:24: applications.aws.allowed_accounts[0]: '012341234123' is a number to "
       "YAML; "
       "put it in quotes: \"012341234123\""},
      {"aws:", "AWS:",
       "test.yaml:15:3: applications.AWS: the name is not allowed; use 1 to 32 of a-z, 0-9 and "
       "'-'"},
      {"", "users: { case: fol }",
       "test.yaml:19:16: users.case: 'fol' is not allowed; use fold or keep; did you mean "
       "'fold'?"},
      {"", "users: { realms: [EXAMPLE.ORG, 'A B'] }",
       "test.yaml:19:33: users.realms[1]: 'A B' is not allowed; use 1 to 64 of letters, digits, "
       "'.', '_' and '-'"},
      {"", "clock: { require_synchronised: off }",
       "test.yaml:19:32: clock.require_synchronised: 'off' is not true or false; write: "
       "require_synchronised: false"},
      {"", "listen_address: x",
       "test.yaml:19:1: listen_address: unknown key; there is url, listen, signing, "
       "signing_folder, session, "
       "assurance, users, clock, audit, ldap, accounts, grants, vars, mappings, applications, "
       "tests, "
       "branding or "
       "limits"},
      {"", "branding: { logo: x }",
       "test.yaml:19:13: branding.logo: unknown key; there is site_name or help_contact"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(MistakesOf(With(row.start, row.line)), row.expected) << row.line;
  }
}

}  // namespace
}  // namespace rolebridge::config
