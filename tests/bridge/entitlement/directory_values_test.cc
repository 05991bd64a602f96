#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bridge/entitlement/entitlement.h"
#include "tests/support/sample_config.h"

namespace rolebridge::entitlement {
namespace {

using rolebridge::testing::ConfigFrom;

// A configuration in which each attribute takes a value of the directory's group 'g'.
constexpr char kMappings[] = R"(
url: https://sso.example.org
listen: { tls: { certificate: tls.crt, key: tls.key } }
signing: [{ certificate: saml.crt, key: saml.key }]
ldap:
  uris: ["ldap://127.0.0.1:389"]
  bind: { dn: "cn=rolebridge,dc=example,dc=org", password_file: ldap.secret }
  users: { base: "ou=people,dc=example,dc=org" }
  groups: { base: "ou=groups,dc=example,dc=org", attributes: { bad: description } }
mappings:
  role:
    saml_name: https://aws.amazon.com/SAML/Attributes/Role
    value: "arn:aws:iam::123412341234:role/a-{{ group_attributes.bad }},arn:aws:iam::123412341234:saml-provider/x"
  account:
    saml_name: https://aws.amazon.com/SAML/Attributes/Role
    value: "arn:aws:iam::{{ group_attributes.bad }}:role/a,arn:aws:iam::{{ group_attributes.bad }}:saml-provider/x"
  provider:
    saml_name: https://aws.amazon.com/SAML/Attributes/Role
    value: "arn:aws:iam::123412341234:role/a,arn:aws:iam::123412341234:saml-provider/{{ group_attributes.bad }}"
  whole-role:
    saml_name: https://aws.amazon.com/SAML/Attributes/Role
    value: "{{ group_attributes.bad }}"
    trust_arn: true
  session-name:
    saml_name: https://aws.amazon.com/SAML/Attributes/RoleSessionName
    value: "{{ group_attributes.bad }}"
  source-identity:
    saml_name: https://aws.amazon.com/SAML/Attributes/SourceIdentity
    value: "{{ group_attributes.bad }}"
  tag:
    saml_name: "https://aws.amazon.com/SAML/Attributes/PrincipalTag:team"
    value: "{{ group_attributes.bad }}"
  tag-keys:
    saml_name: https://aws.amazon.com/SAML/Attributes/TransitiveTagKeys
    for_each: key in group_attributes.bad
    value: "{{ key }}"
  duration:
    saml_name: https://aws.amazon.com/SAML/Attributes/SessionDuration
    value: "{{ group_attributes.bad }}"
  plain:
    saml_name: urn:oid:1.2.3
    value: "{{ group_attributes.bad }}"
applications:
  app:
    audience: urn:x
    acs_urls: [https://app.example.org/acs]
    allowed_accounts: ["123412341234"]
)";

struct BadValue {
  std::string name;
  std::string value;
  std::string shown;  // as messages show it
};

std::vector<BadValue> BadValues() {
  return {
      {"a comma", "a,b", "a,b"},
      {"a colon", "a:b", "a:b"},
      {"a line end", "a\nb", "a\\x0ab"},
      {"a NUL", std::string("a\0b", 3), "a\\x00b"},
      {"a control character", "a\x1b[2Jb", "a\\x1b[2Jb"},
      {"10 kB", std::string(10'000, 'a'), std::string(10'000, 'a')},
      {"no UTF-8", "a\xC3(b", "a\\xc3(b"},
      {"a character that turns text",
       "a\xE2\x80\xAE"
       "b",
       "a\\xe2\\x80\\xaeb"},
      {"two ARNs", "arn:aws:iam::999999999999:role/a,arn:aws:iam::999999999999:saml-provider/x",
       "arn:aws:iam::999999999999:role/a,arn:aws:iam::999999999999:saml-provider/x"},
      {"nothing", "", ""},
      {"a template", "{{ user.dn }}", "{{ user.dn }}"},
  };
}

// What becomes of `value` where the mapping puts it: what is sent, or why nothing is.
std::string OutcomeOf(const std::string& mapping, const std::string& value) {
  const config::Config config =
      ConfigFrom(kMappings + std::string("    mappings: [") + mapping + "]\n");
  mapping::Facts facts;
  facts.user = {"alice", "uid=alice", {}};
  facts.groups = {{"g", "cn=g", {{"bad", {value}}}}};
  const Entitlement entitlement = Evaluate(config, config.applications.front(), facts);
  EXPECT_EQ(entitlement.roles.size() + entitlement.attributes.size() + entitlement.dropped.size(),
            1u)
      << mapping;
  EXPECT_FALSE(entitlement.exhausted);
  if (!entitlement.roles.empty()) return "sent: " + entitlement.roles[0].pair.Text();
  if (!entitlement.attributes.empty()) return "sent: " + entitlement.attributes[0].values.at(0);
  if (entitlement.dropped.empty()) return "nothing";
  EXPECT_TRUE(entitlement.dropped[0].breaks_rule);
  return entitlement.dropped[0].reason;
}

// A message shows 200 characters.
std::string Shown(const std::string& text) {
  return "'" + (text.size() > 200 ? text.substr(0, 200) + "..." : text) + "'";
}

// Where a role is named: each bad value is refused for what it is, before anything is parsed.
TEST(DirectoryValuesTest, FillTheirPlaceInAnArnAndNothingMore) {
  const std::string arn = "arn:aws:iam::123412341234:";
  const std::string provider = "," + arn + "saml-provider/";
  for (const BadValue& bad : BadValues()) {
    const std::string why = " (from group 'g': bad): the directory's value " + Shown(bad.shown) +
                            " must be 1 to 64 of [A-Za-z0-9_+=.@-] to stand in an ARN: no comma, "
                            "colon, slash or space (M3)";
    EXPECT_EQ(OutcomeOf("role", bad.value),
              Shown(arn + "role/a-" + bad.shown + provider + "x") + why)
        << bad.name;
    EXPECT_EQ(OutcomeOf("account", bad.value),
              Shown("arn:aws:iam::" + bad.shown + ":role/a,arn:aws:iam::" + bad.shown +
                    ":saml-provider/x") +
                  why)
        << bad.name;
    EXPECT_EQ(OutcomeOf("provider", bad.value), Shown(arn + "role/a" + provider + bad.shown) + why)
        << bad.name;
  }
}

// `trust_arn` takes a whole pair, of the allowed accounts, and of nothing else.
TEST(DirectoryValuesTest, AWholePairIsOneOfAnAllowedAccount) {
  for (const BadValue& bad : BadValues()) {
    const std::string outcome = OutcomeOf("whole-role", bad.value);
    const bool is_pair = bad.name == "two ARNs";
    EXPECT_EQ(outcome.substr(0, outcome.find("): ") + 3),
              Shown(bad.shown) + " (from group 'g': bad): ")
        << bad.name;
    EXPECT_NE(outcome.find(is_pair ? "account '999999999999' is not in allowed_accounts"
                                   : " is not a role"),
              std::string::npos)
        << outcome;
  }
}

// What an attribute takes, value by value in the order of BadValues(): "" where it is sent as it
// is, else why not.
struct Attribute {
  std::string mapping;
  std::vector<std::string> why;
};

TEST(DirectoryValuesTest, AreRefusedByTheRuleOfEachAttribute) {
  const std::string name =
      "a session name is 2 to 64 of [A-Za-z0-9_+=,.@-]; use the filter session_name, or another "
      "attribute (2.1 RoleSessionName)";
  const std::string identity =
      "a source identity is 2 to 64 of [A-Za-z0-9_+=,.@-] (2.1 SourceIdentity)";
  const std::string tag =
      "tags are made of letters, digits, spaces and _ . : / = + - @ (2.1 PrincipalTag)";
  const std::string long_tag = "a tag's value has at most 256 characters (2.1 PrincipalTag)";
  const std::string key = "a tag's key has 1 to 128 characters (2.1 PrincipalTag)";
  const std::string utf8 = "it is not well-formed UTF-8";
  const std::string duration =
      "a session duration is 900 to 43200 seconds, in digits alone (2.1 SessionDuration)";
  const std::string line = "it holds a line break or a tab";
  const std::string control = "it holds a control character";
  const Attribute attributes[] = {
      {"session-name", {"", name, name, name, name, name, name, name, name, name, name}},
      {"source-identity",
       {"", identity, identity, identity, identity, identity, identity, identity, identity,
        identity, identity}},
      {"tag", {tag, "", tag, tag, tag, long_tag, utf8, tag, tag, "", tag}},
      {"tag-keys", {tag, "", tag, tag, tag, key, utf8, tag, tag, key, tag}},
      {"duration", std::vector<std::string>(11, duration)},
      {"plain",
       {"", "", line, control, control, "it is longer than 4096 bytes", utf8, "", "", "it is empty",
        ""}},
  };
  for (const Attribute& attribute : attributes) {
    const std::vector<BadValue> values = BadValues();
    for (size_t i = 0; i < values.size(); ++i) {
      const std::string& why = attribute.why.at(i);
      EXPECT_EQ(OutcomeOf(attribute.mapping, values[i].value),
                why.empty() ? "sent: " + values[i].value
                            : Shown(values[i].shown) + " (from group 'g': bad): " + why)
          << attribute.mapping << ": " << values[i].name;
    }
  }
}

}  // namespace
}  // namespace rolebridge::entitlement
