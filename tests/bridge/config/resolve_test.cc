#include "bridge/config/resolve.h"

#include <gtest/gtest.h>

#include "bridge/aws/attributes.h"
#include "tests/bridge/config/mistakes_for_tests.h"

namespace rolebridge::config {
namespace {

struct Row {
  std::string start;
  std::string line;
  std::string expected;
};

TEST(ResolveTest, TakesTheSmallestConfiguration) {
  const LoadResult result = Parsed(SmallConfig());
  ASSERT_EQ(Lines(result.mistakes), "");
  EXPECT_EQ(Lines(result.warnings), "");
  const Config& config = *result.config;
  ASSERT_EQ(config.assurance.size(), 1u);
  EXPECT_EQ(config.assurance[0].name, "password");
  EXPECT_EQ(config.assurance[0].pam_service, "rolebridge");
  const Application& aws = config.applications.at(0);
  EXPECT_EQ(aws.preset, Preset::kAws);
  EXPECT_EQ(aws.audience, "urn:amazon:webservices");
  EXPECT_EQ(aws.acs_urls, std::vector<std::string>{"https://signin.aws.amazon.com/saml"});
  EXPECT_EQ(aws.entity_id, "https://sso.example.org/saml/aws");
}

TEST(ResolveTest, FillsInASessionNameWhereNoMappingMakesOne) {
  const Application aws = Parsed(SmallConfig()).config->applications.at(0);
  ASSERT_EQ(aws.mappings.size(), 2u);
  EXPECT_EQ(aws.mappings[1].saml_name(), aws::kRoleSessionName);
  const mapping::Outcome outcome = aws.mappings[1].Evaluate({.user = {.username = "a b"}});
  ASSERT_EQ(outcome.values.size(), 1u);
  EXPECT_EQ(outcome.values[0].text.Text(), "a=20b");
  EXPECT_EQ(outcome.values[0].position.line, 16);
}

TEST(ResolveTest, LeavesAddressesOfItsOwnToAnApplication) {
  const LoadResult result =
      Parsed(With("preset:", "preset: aws-cn\n    audience: urn:x\n    acs_urls: [https://x/acs]"));
  ASSERT_EQ(Lines(result.mistakes), "");
  EXPECT_EQ(result.config->applications[0].audience, "urn:x");
  EXPECT_EQ(result.config->applications[0].acs_urls, std::vector<std::string>{"https://x/acs"});
}

TEST(ResolveTest, TakesTheAccountsOfTheTableWhereNoneAreAllowed) {
  const LoadResult result =
      Parsed(With("allowed_accounts:", "") + "accounts: { prod: { id: \"123412341234\" } }\n");
  ASSERT_EQ(Lines(result.mistakes), "");
  EXPECT_EQ(result.config->applications[0].allowed_accounts,
            std::vector<std::string>{"123412341234"});
}

TEST(ResolveTest, RefusesWhatIsWrongTogether) {
  const Row rows[] = {
      {"allowed_accounts:", "",
       "test.yaml:15:3: applications.aws: 'allowed_accounts' is missing; list the AWS accounts "
       "whose roles it may name, or give them under accounts"},
      {"mappings: [", "mappings: [aws-rol]",
       "test.yaml:18:16: applications.aws.mappings[0]: there is no mapping 'aws-rol'; did you mean "
       "'aws-role'?"},
      {"mappings: [", "mappings: [aws-role, aws-role]",
       "test.yaml:18:26: applications.aws.mappings[1]: 'aws-role' stands here twice; take one "
       "out"},
      {"mappings: [", "mappings: []",
       "test.yaml:15:3: applications.aws.mappings: none of them makes "
       "https://aws.amazon.com/SAML/Attributes/Role, which AWS demands"},
      {"listen:", "listen: { address: \"0.0.0.0:443\" }",
       "test.yaml:2:1: listen: 'tls' is missing, and passwords would cross the network in clear "
       "text; give it certificate and key, or listen on a loopback address or unix:/run/... behind "
       "a proxy"},
      {"signing:", "",
       "test.yaml:1:1: 'signing' is missing; it is the keys of assertions: the first signs, all "
       "are published (or 'signing_folder', where 'rolebridge keys' keeps them)"},
      {"", "signing_folder: signing",
       "test.yaml:19:17: signing_folder: stands beside signing; keys come from one of the two: "
       "take the other out"},
      {"signing:", "signing_folder: \"\"",
       "test.yaml:3:18: signing_folder: '' is no path; use the path of a folder"},
      {"bind:", "",
       "test.yaml:4:1: ldap: 'bind' is missing; give it dn and password_file (only ldapi:// goes "
       "without)"},
      {"users:", "users: { base: \"dc=org\", ignored_states: [shadowExpires] }",
       "test.yaml:7:45: ldap.users.ignored_states[0]: 'shadowExpires' is not allowed; use "
       "nsAccountLock, loginDisabled, userAccountControl, msDS-User-Account-Control-Computed, "
       "pwdAccountLockedTime, accountUnlockTime, pwdStartTime, pwdEndTime, "
       "krbPrincipalExpiration, shadowExpire or accountExpires; did you mean 'shadowExpire'?"},
      {"users:", "users: { base: \"dc=org\", attributes: { x: \"cn;lang_de\" } }",
       "test.yaml:7:46: ldap.users.attributes.x: 'cn;lang_de' has an option that cannot be; use "
       "one "
       "like cn;lang-de"},
      {"bind:", "bind: { dn: \"cn=x,dc=org\" }",
       "test.yaml:6:3: ldap.bind: 'password_file' is missing; 'mechanism: simple' needs it"},
      {"bind:", "bind: { password_file: x }",
       "test.yaml:6:3: ldap.bind: 'dn' is missing; 'mechanism: simple' needs it"},
      {"bind:", "bind: { mechanism: gssapi }",
       "test.yaml:6:3: ldap.bind: 'keytab_file' is missing; 'mechanism: gssapi' needs it"},
      {"bind:", "bind: { mechanism: gssapi, keytab_file: x, dn: \"cn=x,dc=org\" }",
       "test.yaml:6:3: ldap.bind: 'dn' is of no use with 'mechanism: gssapi'; take it out"},
      {"bind:", "bind: { mechanism: gssapi, keytab_file: x, principal: \"@X\" }",
       "test.yaml:6:58: ldap.bind.principal: '@X' is no principal; write it like "
       "rolebridge@EXAMPLE.ORG"},
      {"bind:", "bind: { mechanism: external }",
       "test.yaml:6:3: ldap.bind: 'mechanism: external' needs ldap.certificate_file and "
       "ldap.key_file (only ldapi:// goes without)"},
      {"bind:", "bind: { mechanism: external }\n  certificate_file: x",
       "test.yaml:4:1: ldap: certificate_file and key_file belong together; give both or neither"},
      {"bind:", "bind: { mechanism: sasl }",
       "test.yaml:6:22: ldap.bind.mechanism: 'sasl' is not allowed; use simple, external or "
       "gssapi"},
      {"", "session: { lifetime: 1h, idle: 2h }",
       "test.yaml:19:32: session.idle: is longer than session.lifetime (1h); use that or less"},
      {"", "accounts: { a: { id: \"123412341234\" }, b: { id: \"123412341234\" } }",
       "test.yaml:19:40: accounts.b: the id '123412341234' has another alias already"},
      {"",
       "assurance:\n- { name: a, service: rolebridge, context_class: \"x:y\" }\n"
       "- { name: a, service: rolebridge-b, context_class: \"x:y\" }",
       "test.yaml:21:3: assurance[1]: the name 'a' is taken by a level before"},
      {"",
       "assurance:\n- { name: a, service: rolebridge, context_class: \"x:y\" }\n"
       "- { name: b, service: rolebridge, context_class: \"x:y\" }",
       "test.yaml:21:3: assurance[1]: the service 'rolebridge' proves a level before; each level "
       "needs one of its own"},
      {"value:", "value: \"{{ role }}\"\n    values: [a]",
       "test.yaml:13:13: mappings.aws-role: 'value' and 'values' exclude each other; keep one"},
      {"value:", "",
       "test.yaml:10:3: mappings.aws-role: 'value' is missing; it is what each gives"},
      {"saml_name:", "saml_name: https://aws.amazon.com/SAML/Attributes/role",
       "test.yaml:11:16: mappings.aws-role.saml_name: "
       "'https://aws.amazon.com/SAML/Attributes/role' is none of AWS's names; did you mean "
       "'https://aws.amazon.com/SAML/Attributes/Role'?"},
      {"saml_name:", "saml_name: https://aws.amazon.com/saml/attributes/PrincipalTag:x",
       "test.yaml:11:16: mappings.aws-role.saml_name: "
       "'https://aws.amazon.com/saml/attributes/PrincipalTag:x' is none of AWS's names; below "
       "https://aws.amazon.com/SAML/Attributes/ stand Role, RoleSessionName, SessionDuration, "
       "SourceIdentity, TransitiveTagKeys and PrincipalTag:KEY"},
      {"saml_name:", "saml_name: \"a b\"",
       "test.yaml:11:17: mappings.aws-role.saml_name: 'a b' is no attribute name; use up to 512 "
       "characters without spaces"},
      {"preset:",
       "preset: aws\n    policies: [{ name: a, require: \"'x' in grops.name\", message: "
       "m }]",
       "test.yaml:17:44: applications.aws.policies[0].require: unknown name 'grops'; did you mean "
       "'groups'?"},
      {"preset:",
       "preset: aws\n    policies:\n"
       "      - { name: a, require: \"true\", message: m }\n"
       "      - { name: a, require: \"true\", message: m }",
       "test.yaml:19:9: applications.aws.policies[1]: the name 'a' is taken by one before"},
      {"preset:", "name: No preset",
       "test.yaml:15:3: applications.aws: 'audience' is missing; it is the application's entity "
       "id\n"
       "test.yaml:15:3: applications.aws: 'acs_urls' is missing; it is where responses are sent"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(MistakesOf(With(row.start, row.line)), row.expected) << row.line;
  }
}

TEST(ResolveTest, KeysMayStandInAFolder) {
  const LoadResult result = Parsed(With("signing:", "signing_folder: keys/signing"));
  ASSERT_TRUE(result.config);
  EXPECT_EQ(result.config->signing_folder, "/etc/rolebridge/keys/signing");
  EXPECT_TRUE(result.config->signing.empty());
  EXPECT_EQ(ToString(result.config->signing_position), "test.yaml:3:17");
}

// The positions of mistakes in templates: line and column of the very word.
TEST(ResolveTest, PointsIntoTemplates) {
  const Row rows[] = {
      {"value:", "value: \"a{{ rol }}\"",
       "test.yaml:13:17: mappings.aws-role.value: unknown name 'rol'; did you mean 'role'?"},
      {"value:", "value: 'a{{ rol }}'",
       "test.yaml:13:17: mappings.aws-role.value: unknown name 'rol'; did you mean 'role'?"},
      {"value:", "value: a{{ rol }}",
       "test.yaml:13:16: mappings.aws-role.value: unknown name 'rol'; did you mean 'role'?"},
      {"value:", "value: >-\n      a{{ rol }}",
       "test.yaml:14:11: mappings.aws-role.value: unknown name 'rol'; did you mean 'role'?"},
      {"value:", "value: >-\n      a{{ rol }}\n      b",
       "test.yaml:13:12: mappings.aws-role.value: unknown name 'rol'; did you mean 'role'?\n"
       "    a{{ rol }} b\n        ^"},
      {"value:", "value: 'it''s {{ rol }}'",
       "test.yaml:13:13: mappings.aws-role.value: unknown name 'rol'; did you mean 'role'?\n"
       "    it's {{ rol }}\n            ^"},
      {"value:", "value: \"\xC3\xBC{{ rol }}\"",
       "test.yaml:13:17: mappings.aws-role.value: unknown name 'rol'; did you mean 'role'?"},
      {"value:", "values: [x, \"{{ rol }}\"]",
       "test.yaml:13:21: mappings.aws-role.values[1]: unknown name 'rol'; did you mean 'role'?"},
      {"for_each:", "for_each: group in groups, role in group.aws_rol",
       "test.yaml:12:46: mappings.aws-role.for_each: 'group' has no 'aws_rol'; did you mean "
       "'aws_role'?"},
      {"value:", "value: \"{{ user.mail }}\"",
       "test.yaml:13:21: mappings.aws-role.value: 'user' has no 'mail'; did you mean 'email'?"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesOf(With(row.start, row.line)), row.expected);
}

TEST(ResolveTest, ReadsAccountsAndGrants) {
  const LoadResult result = Parsed(
      With("mappings:",
           "accounts:\n"
           "  prod: { id: \"123412341234\", name: Production, partition: aws-cn, provider: Idp.1, "
           "tags: { env: live } }\n"
           "grants: { \"cloud, admins\": [Admin, ReadOnly], staff: [ReadOnly] }\n"
           "mappings:"));
  ASSERT_EQ(Lines(result.mistakes), "");
  const Account& account = result.config->accounts.at(0);
  EXPECT_EQ(account.partition, "aws-cn");
  EXPECT_EQ(account.provider, "Idp.1");
  EXPECT_EQ(account.tags.at("env"), "live");
  EXPECT_EQ(result.config->grants.at("cloud, admins"),
            (std::vector<std::string>{"Admin", "ReadOnly"}));
}

TEST(ResolveTest, TemplatesKnowAccountsAndGrants) {
  EXPECT_EQ(MistakesOf(With("for_each:", "for_each: group in groups, role in group.grants")), "");
  std::string yaml = With("mappings:", "accounts: { prod: { id: \"123412341234\" } }\nmappings:");
  yaml.replace(yaml.find("arn:aws:iam::123412341234:role/aws-"), 35,
               "{{ accounts['prod'].iam }}:role/aws-");
  EXPECT_EQ(MistakesOf(yaml), "");
}

TEST(ResolveTest, RefusesPoliciesThatSayNothingOrTooMuch) {
  const Row rows[] = {
      {"", "message: m",
       "test.yaml:17:16: applications.aws.policies[0]: says nothing; give it one of 'require', "
       "'all' and 'any', or 'assurance'"},
      {"", "require: \"true\", any: [\"true\"], message: m",
       "test.yaml:17:16: applications.aws.policies[0]: 'require', 'all' and 'any' exclude each "
       "other; keep one"},
      {"", "assurance: pasword, message: m",
       "test.yaml:17:38: applications.aws.policies[0].assurance: unknown assurance level "
       "'pasword'; there is password; did you mean 'password'?"},
      {"", "any: [\"true\", \"grops\"], message: m",
       "test.yaml:17:42: applications.aws.policies[0].any[1]: unknown name 'grops'; did you mean "
       "'groups'?"},
      {"", "assurance: password, roles: [\"*Admin\"], accounts: [\"123412341234\"], message: m",
       ""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(
        MistakesOf(With("preset:", "preset: aws\n    policies: [{ name: a, " + row.line + " }]")),
        row.expected)
        << row.line;
  }
}

TEST(ResolveTest, RoleSettingsAreAboutSomeRoles) {
  EXPECT_EQ(
      MistakesOf(With("preset:", "preset: aws\n    role_settings: [{ aws_session_duration: 1h }]")),
      "test.yaml:17:21: applications.aws.role_settings[0]: is about every role; use the "
      "application's aws_session_duration for that");
}

TEST(ResolveTest, RoleSettingsWithARefusedAccountAreStillAboutSome) {
  for (const std::string accounts : {"[1]", "{}"}) {
    const std::string mistakes =
        MistakesOf(With("preset:", "preset: aws\n    role_settings: [{ accounts: " + accounts +
                                       ", aws_session_duration: 1h }]"));
    EXPECT_EQ(mistakes.find("is about every role"), std::string::npos) << mistakes;
    EXPECT_EQ(mistakes.find('\n'), std::string::npos) << mistakes;
  }
}

TEST(ResolveTest, PoliciesWithARefusedConditionStillSaySomething) {
  EXPECT_EQ(MistakesOf(With("preset:",
                            "preset: aws\n    policies: [{ name: a, require: [x], message: m }]")),
            "test.yaml:17:36: applications.aws.policies[0].require: is a list; use a condition in "
            "quotes, like \"'staff' in groups.name\"");
}

TEST(ResolveTest, NameIdValueIsATemplate) {
  EXPECT_EQ(MistakesOf(With("preset:", "preset: aws\n    name_id_value: \"{{ user.mail }}\"")),
            "test.yaml:17:29: applications.aws.name_id_value: 'user' has no 'mail'; did you mean "
            "'email'?");
}

// Whatever the directory says, what is written beside it is in every NameID.
TEST(ResolveTest, NameIdValueMustNotBreakTheRulesByItself) {
  const auto mistakes = [](const std::string& value) {
    return MistakesOf(With("preset:", "preset: aws\n    name_id_value: \"" + value + "\""));
  };
  const std::string start = "test.yaml:17:21: applications.aws.name_id_value: ";
  const std::string long_text(256, 'x');
  EXPECT_EQ(mistakes("a {{ user.email }} b"), "");
  EXPECT_EQ(mistakes(long_text), "");
  EXPECT_EQ(mistakes(long_text + "{{ user.email }}"), "");
  EXPECT_EQ(mistakes(long_text + "{{ user.email }}x"),
            start +
                "has 257 bytes outside of {{ }}, and a NameID has at most 256 (SAML Core 8.3.7); "
                "shorten it");
  EXPECT_EQ(mistakes(" {{ user.email }}"),
            start +
                "' {{ user.email }}' (from configuration): it has a space at its start or "
                "end (R20)");
  EXPECT_EQ(mistakes("{{ user.email }} "),
            start +
                "'{{ user.email }} ' (from configuration): it has a space at its start or "
                "end (R20)");
  EXPECT_EQ(mistakes(""), start + "is empty; give it a text");
  EXPECT_EQ(mistakes("a\tb"),
            "test.yaml:17:22: applications.aws.name_id_value: the text has a control character; "
            "take it out");
}

TEST(ResolveTest, RefusesTestsThatPromiseNothing) {
  const auto mistakes = [](const std::string& test) {
    return MistakesOf(With("", "tests: [{ name: t, user: u, application: " + test + " }]"));
  };
  EXPECT_EQ(mistakes("aws, groups: {}, roles: [x]"), "");
  EXPECT_EQ(mistakes("aws, groups: {}, roles: []"),
            "test.yaml:19:9: tests[0]: whoever has no role there is refused; write 'refused: "
            "true'");
  EXPECT_EQ(mistakes("aws, groups: { g: { aws_rol: [x] } }, refused: true"),
            "test.yaml:19:62: tests[0].groups.g: there is no attribute 'aws_rol'; there is "
            "aws_role; did you mean 'aws_role'?");
  EXPECT_EQ(mistakes("aws, groups: { g: { grants: [x] } }, refused: true"),
            "test.yaml:19:62: tests[0].groups.g: there is no attribute 'grants'; there is "
            "aws_role");
  EXPECT_EQ(mistakes("aws, refused: true"), "");
  EXPECT_EQ(mistakes("aws"),
            "test.yaml:19:9: tests[0]: says not what is expected; give it either 'roles' or "
            "'refused: true'");
  EXPECT_EQ(mistakes("aws, roles: [x], refused: true"),
            "test.yaml:19:9: tests[0]: says not what is expected; give it either 'roles' or "
            "'refused: true'");
  EXPECT_EQ(mistakes("awz, refused: true"),
            "test.yaml:19:42: tests[0].application: there is no application 'awz'; there is aws; "
            "did you mean 'aws'?");
  EXPECT_EQ(mistakes("aws, refused: true, attributes: { email: [x] }"),
            "test.yaml:19:9: tests[0]: has attributes of a made-up user; give it 'groups', too");
}

TEST(ResolveTest, RefusesTwoSourcesOfOneValue) {
  const std::string duration = "https://aws.amazon.com/SAML/Attributes/SessionDuration";
  std::string yaml = With("mappings:", "mappings:\n  d: { saml_name: " + duration +
                                           ", value: \"900\" }\n  e: { saml_name: " + duration +
                                           ", value: \"900\" }");
  yaml.replace(yaml.find("[aws-role]"), 10, "[aws-role, d]\n    aws_session_duration: 1h");
  EXPECT_EQ(MistakesOf(yaml),
            "test.yaml:21:27: applications.aws.aws_session_duration: a mapping makes "
            "SessionDuration as well; keep one of the two");
  yaml.replace(yaml.find(", d]"), 4, ", d, e]");
  EXPECT_NE(MistakesOf(yaml).find("two of them make " + duration + ", which has one value"),
            std::string::npos);
}

TEST(ResolveTest, GoesWithoutABindOnALocalSocketAlone) {
  std::string yaml = With("bind:", "");
  yaml.replace(yaml.find("ldaps://ldap.example.org"), 24, "ldapi://%2Frun%2Fslapd");
  EXPECT_EQ(MistakesOf(yaml), "");
}

TEST(ResolveTest, BindsOnTheUnixSocketByTheUserAndNotByATicket) {
  const std::pair<const char*, const char*> kTable[] = {
      {"bind: { mechanism: external }", ""},
      {"bind: { mechanism: gssapi, keytab_file: x }",
       "test.yaml:6:3: ldap.bind: 'mechanism: gssapi' needs a server's name, which ldapi:// has "
       "not; use ldaps://"}};
  for (const auto& [line, expected] : kTable) {
    std::string yaml = With("bind:", line);
    yaml.replace(yaml.find("ldaps://ldap.example.org"), 24, "ldapi://%2Frun%2Fslapd");
    EXPECT_EQ(MistakesOf(yaml), expected) << line;
  }
}

TEST(ResolveTest, GoesWithoutTlsBehindAProxyAlone) {
  for (const std::string address : {"127.0.0.1:8080", "unix:/run/rolebridge/web.sock"}) {
    EXPECT_EQ(MistakesOf(With("listen:", "listen: { address: \"" + address + "\" }")), "");
  }
}

TEST(ResolveTest, KeepsTheIdleTimeWithinTheLifetime) {
  EXPECT_EQ(Parsed(With("", "session: { lifetime: 30m }")).config->session_idle,
            std::chrono::minutes(30));
}

TEST(ResolveTest, WarnsOfMappingsThatNobodyUses) {
  const LoadResult result =
      Parsed(With("mappings:", "mappings:\n  spare: { saml_name: x, value: y }"));
  EXPECT_TRUE(result.config.has_value());
  EXPECT_EQ(Lines(result.warnings), "test.yaml:10:3: mappings.spare: no application uses it");
}

TEST(ResolveTest, WarnsWhereTheDirectoryNamesAnyRole) {
  const auto warned = [](const std::string& value, const std::string& allowed) {
    std::string yaml = With("value:", "value: \"" + value + "\"");
    if (!allowed.empty()) yaml += "    allowed_roles: [\"" + allowed + "\"]\n";
    const LoadResult result = Parsed(yaml);
    EXPECT_EQ(Lines(result.mistakes), "");
    return !result.warnings.empty();
  };
  const std::string provider = ",arn:aws:iam::123412341234:saml-provider/rolebridge";
  const std::string role = "arn:aws:iam::123412341234:role/";
  EXPECT_TRUE(warned(role + "{{ role }}" + provider, ""));
  EXPECT_TRUE(warned(role + "{{ role | lower }}{{ role }}" + provider, "*"));
  EXPECT_TRUE(warned(role + "team/{{ role }}" + provider, ""));
  EXPECT_TRUE(warned("{{ role }}", ""));
  EXPECT_TRUE(warned("arn:aws:iam::123412341234:saml-provider/x," + role + "{{ role }}", ""));
  EXPECT_FALSE(warned(role + "{{ role }}" + provider, "aws-*"));
  EXPECT_FALSE(warned(role + "aws-{{ role }}" + provider, ""));
  EXPECT_FALSE(warned(role + "{{ application.slug }}" + provider, ""));
  EXPECT_FALSE(warned(role + "fixed" + provider, ""));
}

TEST(ResolveTest, SaysNothingOfWhatWasLeftOutWhileOtherThingsAreWrong) {
  // allowed_accounts is there, and refused: that it is missing would be a second report.
  EXPECT_EQ(MistakesOf(With("allowed_accounts:", "allowed_accounts: [1]")),
            "test.yaml:17:24: applications.aws.allowed_accounts[0]: '1' is no account id; use the "
            "12 digits of an AWS account in quotes");
}

// The three forms of the original (design, section 4).
TEST(ResolveTest, TakesTheThreeFormsOfTheOriginal) {
  const std::string yaml = With("mappings:", R"(mappings:
  static:        { saml_name: https://aws.amazon.com/SAML/Attributes/Role, value: "arn:aws:iam::123412341234:role/saml_role,arn:aws:iam::123412341234:saml-provider/rolebridge" }
  by-attribute:  { saml_name: https://aws.amazon.com/SAML/Attributes/Role, value: "arn:aws:iam::123412341234:role/{{ group_attributes.aws_role | last }},arn:aws:iam::123412341234:saml-provider/rolebridge" }
  to-choose:     { saml_name: https://aws.amazon.com/SAML/Attributes/Role, values: ["arn:aws:iam::123412341234:role/role_a,arn:aws:iam::123412341234:saml-provider/rolebridge", "arn:aws:iam::123412341234:role/role_b,arn:aws:iam::123412341234:saml-provider/rolebridge", "arn:aws:iam::123412341234:role/role_c,arn:aws:iam::123412341234:saml-provider/rolebridge"] })");
  mapping::Facts facts;
  facts.user.username = "alice";
  facts.groups = {{"b", "cn=b", {{"aws_role", {"second", "third"}}}},
                  {"a", "cn=a", {{"aws_role", {"first"}}}}};
  const auto roles = [&](const std::string& mapping) {
    std::string configured = yaml;
    configured.replace(configured.find("[aws-role]"), 10, "[" + mapping + "]");
    const LoadResult result = Parsed(configured);
    EXPECT_EQ(Lines(result.mistakes), "");
    std::string names;
    if (!result.config) return names;
    const Application& aws = result.config->applications.at(0);
    const aws::RoleRules rules{aws.allowed_accounts, aws.allowed_roles};
    for (const mapping::Value& value : aws.mappings.at(0).Evaluate(facts).values) {
      const Result<aws::RolePair> pair = aws::CheckRole(value.text, rules, false);
      EXPECT_TRUE(pair.has_value());
      if (pair) names += pair->role.name() + " ";
    }
    return names;
  };
  EXPECT_EQ(roles("static"), "saml_role ");
  EXPECT_EQ(roles("by-attribute"), "third ");
  EXPECT_EQ(roles("to-choose"), "role_a role_b role_c ");
}

}  // namespace
}  // namespace rolebridge::config
