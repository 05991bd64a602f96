#pragma once

#include <gtest/gtest.h>

#include <string>

#include "bridge/config/config_loader.h"

namespace rolebridge::testing {

// A whole configuration with two AWS accounts, as small as one can be.
inline constexpr char kSampleYaml[] = R"(
url: https://sso.example.org
listen:
  tls: { certificate: tls.crt, key: tls.key }
signing:
  - { certificate: saml.crt, key: saml.key }
ldap:
  uris: ["ldap://127.0.0.1:389"]
  bind: { dn: "cn=rolebridge,dc=example,dc=org", password_file: ldap.secret }
  users:
    base: ou=people,dc=example,dc=org
    attributes: { email: mail, full_name: cn }
  groups:
    base: ou=groups,dc=example,dc=org
    membership: rfc2307bis
    attributes: { aws_role: awsRole, aws_account: awsAccount }
accounts:
  production: { id: "123412341234", name: Production }
  sandbox: { id: "210987654321", name: Sandbox }
mappings:
  aws-role:
    saml_name: https://aws.amazon.com/SAML/Attributes/Role
    for_each: group in groups, account in group.aws_account, role in group.aws_role
    value: "arn:aws:iam::{{ account }}:role/{{ role }},arn:aws:iam::{{ account }}:saml-provider/rolebridge"
  aws-session-name:
    saml_name: https://aws.amazon.com/SAML/Attributes/RoleSessionName
    value: "{{ user.username }}"
applications:
  aws:
    name: Amazon Web Services
    preset: aws
    aws_session_duration: 4h
    allowed_accounts: ["123412341234", "210987654321"]
    allowed_roles: ["*"]
    mappings: [aws-role, aws-session-name]
)";

// The configuration that `yaml` is; fails the test where it has mistakes.
inline config::Config ConfigFrom(const std::string& yaml) {
  config::LoadResult loaded = config::ParseConfig(yaml, "test.yaml", "/etc/rolebridge");
  for (const config::Mistake& mistake : loaded.mistakes) {
    ADD_FAILURE() << config::ToString(mistake);
  }
  return loaded.config ? *std::move(loaded.config) : config::Config{};
}

inline config::Config SampleConfig() { return ConfigFrom(kSampleYaml); }

// `text` with `from` replaced by `to`; fails the test where `from` is not there.
inline std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace rolebridge::testing
