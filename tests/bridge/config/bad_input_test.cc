#include <gtest/gtest.h>

#include "bridge/config/config_loader.h"
#include "bridge/config/yaml_reader.h"
#include "tests/bridge/config/mistakes_for_tests.h"

// What an administrator gets for each of the mistakes that are easily made: the place, the path of
// the key, the value, and what to write, in exactly these words.
namespace rolebridge::config {
namespace {

struct Row {
  std::string start;  // the line of SmallConfig() that `line` replaces, as in With()
  std::string line;
  std::string expected;
};

// SmallConfig() with one mapping more, which its application uses.
std::string WithMappings(const std::string& entries, const std::string& names) {
  std::string yaml = With("mappings:", "mappings:\n" + entries);
  return yaml.replace(yaml.find("[aws-role]"), 10, "[aws-role, " + names + "]");
}

std::string MistakesIn(const Row& row) {
  if (row.start == "x:") return MistakesOf(WithMappings("  x: { " + row.line + " }", "x"));
  return MistakesOf(With(row.start, row.line) +
                    (row.start == "value:" ? "vars: { iam: x, provider: y }\n" : ""));
}

// An account id without quotes is a number to YAML, with a leading zero an octal one.
TEST(BadInputTest, AccountIdsWithoutQuotes) {
  const Row rows[] = {
      {"allowed_accounts:", "allowed_accounts: [123412341234]",
       "test.yaml:17:24: applications.aws.allowed_accounts[0]: '123412341234' is a number to YAML; "
       "put it in quotes: \"123412341234\""},
      {"allowed_accounts:", "allowed_accounts: [012341234123]",
       "test.yaml:17:24: applications.aws.allowed_accounts[0]: '012341234123' is a number to YAML; "
       "put it in quotes: \"012341234123\""},
      {"allowed_accounts:", "allowed_accounts: [1234-1234-1234]",
       "test.yaml:17:24: applications.aws.allowed_accounts[0]: '1234-1234-1234' is no account id; "
       "write the digits alone: \"123412341234\""},
      {"mappings:", "accounts: { prod: { id: 123412341234 } }\nmappings:",
       "test.yaml:9:25: accounts.prod.id: '123412341234' is a number to YAML; put it in quotes: "
       "id: \"123412341234\""},
      {"mappings:", "accounts: { prod: { id: 012341234123 } }\nmappings:",
       "test.yaml:9:25: accounts.prod.id: '012341234123' is a number to YAML; put it in quotes: "
       "id: \"012341234123\""},
      {"preset:",
       "preset: aws\n    role_settings: [{ accounts: [123412341234], roles: [\"*\"], "
       "aws_session_duration: 1h }]",
       "test.yaml:17:34: applications.aws.role_settings[0].accounts[0]: '123412341234' is a number "
       "to YAML; put it in quotes: \"123412341234\""},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

// `no` and `on`: truth to some readers of YAML, texts to others.
TEST(BadInputTest, WordsThatYamlTakesForTrueAndFalse) {
  const Row rows[] = {
      {"for_each:", "required: yes\n    for_each: group in groups, role in group.aws_role",
       "test.yaml:12:15: mappings.aws-role.required: 'yes' is not true or false; write: required: "
       "true"},
      {"for_each:", "required: on\n    for_each: group in groups, role in group.aws_role",
       "test.yaml:12:15: mappings.aws-role.required: 'on' is not true or false; write: required: "
       "true"},
      {"for_each:", "required: no\n    for_each: group in groups, role in group.aws_role",
       "test.yaml:12:15: mappings.aws-role.required: 'no' is not true or false; write: required: "
       "false"},
      {"for_each:", "required: False\n    for_each: group in groups, role in group.aws_role",
       "test.yaml:12:15: mappings.aws-role.required: 'False' is not true or false; write: "
       "required: false"},
      {"for_each:", "required: \"true\"\n    for_each: group in groups, role in group.aws_role",
       "test.yaml:12:16: mappings.aws-role.required: 'true' is in quotes; take them off: required: "
       "true"},
      {"", "clock: { require_synchronised: off }",
       "test.yaml:19:32: clock.require_synchronised: 'off' is not true or false; write: "
       "require_synchronised: false"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, Tabs) {
  const Row rows[] = {
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n\twhen: \"'staff' in groups.name\"",
       "test.yaml:13:1: mappings.aws-role: the line is indented by a tab; YAML takes spaces alone: "
       "'    when: \"'staff' in groups.name\"'"},
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n  \twhen: \"'staff' in groups.name\"",
       "test.yaml:13:3: mappings.aws-role: the line is indented by a tab; YAML takes spaces alone: "
       "'    when: \"'staff' in groups.name\"'"},
      {"", "branding:\n\tsite_name: Example",
       "test.yaml:20:1: branding: the line is indented by a tab; YAML takes spaces alone: '  "
       "site_name: Example'"},
      {"", "branding:\n  site_name: A\n\thelp_contact: B",
       "test.yaml:21:1: branding: the line is indented by a tab; YAML takes spaces alone: '  "
       "help_contact: B'"},
      {"", "branding: { site_name: A }\n\tlimits: {}",
       "test.yaml:20:1: the line is indented by a tab; YAML takes spaces alone: 'limits: {}'"},
      {"", "branding:\n  site_name: \"a\tb\"",
       "test.yaml:20:15: branding.site_name: 'a\\x09b' has a tab; use a space"},
      {"", "branding:\n  site_name: a\tb",
       "test.yaml:20:14: branding.site_name: 'a\\x09b' has a tab; use a space"},
      {"", "branding:\n  site_name:\tA", ""},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

// What a broken for_each would have bound is not reported as unknown; what nobody binds is.
TEST(BadInputTest, AForEachThatIsBroken) {
  const Row rows[] = {
      {"for_each:", "for_each: group, role in group.aws_role",
       "test.yaml:12:20: mappings.aws-role.for_each: 'in' is due behind 'group', as in: group in "
       "groups"},
      {"for_each:", "for_each: group in groups role in group.aws_role",
       "test.yaml:12:31: mappings.aws-role.for_each: 'role' is not due here; ',' stands before the "
       "next name"},
      {"for_each:", "for_each: role in",
       "test.yaml:12:22: mappings.aws-role.for_each: the expression ends where a value is due"},
      {"for_each:", "for_each: [group in groups, role in group.aws_role]",
       "test.yaml:12:15: mappings.aws-role.for_each: is a list; use names and lists in quotes, "
       "like \"group in groups\""},
      {"for_each:", "for_each: role in\n    when: \"rol == 'x'\"",
       "test.yaml:12:22: mappings.aws-role.for_each: the expression ends where a value is due\n"
       "test.yaml:13:12: mappings.aws-role.when: unknown name 'rol'; a text stands in "
       "quotes"},
      {"for_each:", "for_each: groups",
       "test.yaml:12:15: mappings.aws-role.for_each: 'groups' has a meaning already; choose "
       "another "
       "name"},
      {"for_each:", "for_each: {{ groups }}",
       "test.yaml:12:15: mappings.aws-role.for_each: a name is due here, as in: group in groups"},
      {"for_each:", "for_each: {{ role in groups.name }}",
       "test.yaml:12:15: mappings.aws-role.for_each: a name is due here, as in: group in groups"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, KeysThatStandTwice) {
  const Row rows[] = {
      {"preset:", "preset: aws\n    preset: aws-cn",
       "test.yaml:17:5: applications.aws: 'preset' stands here twice, first in line 16; keep one "
       "of the two"},
      {"", "url: https://sso.example.org",
       "test.yaml:19:1: 'url' stands here twice, first in line 1; keep one of the two"},
      {"mappings:", "vars: { a: x, a: y }\nmappings:",
       "test.yaml:9:15: vars: 'a' stands here twice, first in line 9; keep one of the two"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

// They could multiply without end, and hide what is in force.
TEST(BadInputTest, AnchorsAndAliases) {
  const Row rows[] = {
      {"mappings:", "vars: { a: &a x, b: *a }\nmappings:",
       "test.yaml:9:12: vars.a: anchors are not allowed; write the value where it is used\n"
       "test.yaml:9:21: vars.b: aliases are not allowed; write the value out"},
      {"mappings: [", "mappings: &m [aws-role]",
       "test.yaml:18:15: applications.aws.mappings: anchors are not allowed; write the value where "
       "it is used"},
      {"allowed_accounts:", "<<: { allowed_accounts: [\"123412341234\"] }",
       "test.yaml:17:5: applications.aws: '<<' merges nothing here; write the keys out"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, ExpressionsWithoutQuotes) {
  const Row rows[] = {
      {"value:", "value: {{ group.name }}:role/x",
       "test.yaml:13:12: mappings.aws-role.value: '{{' begins a nested map in YAML; put the value "
       "in quotes: value: \"{{ group.name }}:role/x\""},
      {"value:",
       "value: {{ accounts['prod'].iam }}:role/{{ role }},{{ accounts['prod'].provider_arn }}  # "
       "all",
       "test.yaml:13:12: mappings.aws-role.value: '{{' begins a nested map in YAML; put the value "
       "in quotes: value: \"{{ accounts['prod'].iam }}:role/{{ role }},{{ "
       "accounts['prod'].provider_arn }}\""},
      {"mappings:", "mappings:\n  x: { saml_name: y, value: {{ user.email }} }",
       "test.yaml:10:29: mappings.x.value: '{{' begins a nested map in YAML; put the value in "
       "quotes: value: \"{{ user.email }}\""},
      {"value:", "values:\n      - {{ role }}",
       "test.yaml:14:9: mappings.aws-role.values[0]: '{{' begins a nested map in YAML; put the "
       "value in quotes: \"{{ role }}\""},
      {"x:", "saml_name: y, value: {{ user.email }},{{ user.dn }}",
       "test.yaml:10:29: mappings.x.value: '{{' begins a nested map in YAML; put the value in "
       "quotes: value: \"{{ user.email }},{{ user.dn }}\""},
      {"x:",
       "saml_name: y, value: arn:aws:iam::{{ user.email }}:role/x,arn:{{ user.dn }}:y, required: "
       "true",
       "test.yaml:10:42: mappings.x.value: '{{' begins a nested map in YAML; put the value in "
       "quotes: value: \"arn:aws:iam::{{ user.email }}:role/x,arn:{{ user.dn }}:y\""},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, ConditionsThatBeginWithAQuote) {
  const Row rows[] = {
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n    when: 'staff' in groups.name",
       "test.yaml:13:19: mappings.aws-role.when: the quotes end before the value does; put all of "
       "it in quotes: when: \"'staff' in groups.name\""},
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n    when: \"staff\" in groups.name  # "
       "only them",
       "test.yaml:13:19: mappings.aws-role.when: the quotes end before the value does; put all of "
       "it in quotes: when: '\"staff\" in groups.name'"},
      {"mappings:", "mappings:\n  x: { saml_name: y, when: 'staff' in groups.name, value: z }",
       "test.yaml:10:36: mappings.x.when: the quotes end before the value does; put all of it in "
       "quotes: when: \"'staff' in groups.name\""},
      {"preset:",
       "preset: aws\n    policies:\n      - name: staff\n        require: 'staff' in groups.name\n "
       "       message: Ask.",
       "test.yaml:19:26: applications.aws.policies[0].require: the quotes end before the value "
       "does; put all of it in quotes: require: \"'staff' in groups.name\""},
      {"preset:",
       "preset: aws\n    policies: [{ name: a, require: 'a' in ['b', 'c'], message: Ask. }]",
       "test.yaml:17:40: applications.aws.policies[0].require: the quotes end before the value "
       "does; put all of it in quotes: require: \"'a' in ['b', 'c']\""},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

// A flow map ends a value without quotes at its comma.
TEST(BadInputTest, ValuesCutAtTheirComma) {
  const Row rows[] = {
      {"mappings:",
       "mappings:\n  x: { saml_name: y, for_each: group in groups, role in group.aws_role, value: "
       "\"{{ role }}\" }",
       "test.yaml:10:32: mappings.x: the comma ends a value in '{ }'; put all of it in quotes: "
       "for_each: \"group in groups, role in group.aws_role\""},
      {"mappings:",
       "mappings:\n  x: { saml_name: y, for_each: group in groups, a in group.aws_role, b in "
       "group.aws_role, value: \"{{ a }}\" }",
       "test.yaml:10:32: mappings.x: the comma ends a value in '{ }'; put all of it in quotes: "
       "for_each: \"group in groups, a in group.aws_role, b in group.aws_role\""},
      {"mappings:", "mappings:\n  x: { saml_name: y, value: one, two }",
       "test.yaml:10:29: mappings.x: the comma ends a value in '{ }'; put all of it in quotes: "
       "value: \"one, two\""},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, BackslashesInDoubleQuotes) {
  const Row rows[] = {
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n    when: \"group.name matches "
       "'^AWS-\\d+-(?P<x>.+)$'\"",
       "test.yaml:13:39: mappings.aws-role.when: a backslash means something else in double "
       "quotes; use single quotes: when: 'group.name matches ''^AWS-\\d+-(?P<x>.+)$'''"},
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n    when: \"group.name matches "
       "'\\bAWS\\b'\"",
       "test.yaml:13:11: mappings.aws-role.when: a backslash made a control character in double "
       "quotes; use single quotes: when: 'group.name matches ''\\bAWS\\b'''"},
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n    when: \"group.name == \\\"a\\\" or "
       "group.name matches '\\w+'\"",
       "test.yaml:13:57: mappings.aws-role.when: a backslash means something else in double "
       "quotes; use single quotes: when: 'group.name == \"a\" or group.name matches ''\\w+'''"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, CommentsThatCutAValue) {
  const Row rows[] = {
      {"", "branding: \n  help_contact: help desk #42, or mail",
       "test.yaml:20:17: branding.help_contact: ' #' begins a comment, and the value ends before "
       "it; put all of it in quotes (or a space behind '#'): help_contact: \"help desk #42, or "
       "mail\""},
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n    when: group.name == 'team # 1'  # "
       "only",
       "test.yaml:13:11: mappings.aws-role.when: ' #' begins a comment, and the value ends before "
       "it; put all of it in quotes (or a space behind '#'): when: \"group.name == 'team # 1'\""},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, CharactersThatBeginNoValue) {
  const Row rows[] = {
      {"preset:", "preset: aws\n    allowed_roles: [aws-*, *-Admin]",
       "test.yaml:17:28: applications.aws.allowed_roles[1]: a value cannot begin with '*' in YAML; "
       "put it in quotes: \"*-Admin\""},
      {"preset:", "preset: aws\n    allowed_roles:\n      - *",
       "test.yaml:18:10: applications.aws.allowed_roles[0]: a value cannot begin with '*' in YAML; "
       "put it in quotes: \"*\""},
      {"", "branding: { help_contact: @help }",
       "test.yaml:19:27: branding.help_contact: a value cannot begin with '@' in YAML; put it in "
       "quotes: help_contact: \"@help\""},
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n    when: group.name == 'a: b'",
       "test.yaml:13:27: mappings.aws-role.when: ': ' within a value begins a map in YAML; put the "
       "value in quotes: when: \"group.name == 'a: b'\""},
      {"", "branding: { site_name: 'Example }",
       "test.yaml:19:24: branding.site_name: the quote is not closed; end the value with it"},
      {"value:", "value: \"arn:aws:iam::123412341234:role/{{ role }}",
       "test.yaml:13:12: mappings.aws-role.value: the quote is not closed before line 17; end the "
       "value with it"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, BracesThatDoNotPair) {
  const Row rows[] = {
      {"value:", "value: \"x{{ role\"",
       "test.yaml:13:14: mappings.aws-role.value: '{{' is not closed; end the expression with "
       "'}}'"},
      {"value:", "value: \"x{{ role }\"",
       "test.yaml:13:14: mappings.aws-role.value: '{{' is not closed; end the expression with "
       "'}}'"},
      {"value:", "value: \"x role }}\"",
       "test.yaml:13:20: mappings.aws-role.value: '}}' without '{{' before it"},
      {"value:", "value: \"{{ role | default('x) }}\"",
       "test.yaml:13:31: mappings.aws-role.value: ''x) }}' is not closed; end the text with the "
       "same quote"},
      {"value:", "value: \"{% if role %}x\"",
       "test.yaml:13:13: mappings.aws-role.value: '{%' is not part of this language; use for_each "
       "and when"},
      {"value:", "value: >-\n      x{{ role\n      }",
       "test.yaml:13:12: mappings.aws-role.value: '{{' is not closed; end the expression with "
       "'}}'\n"
       "    x{{ role }\n"
       "     ^"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, FiltersAndNamesThatAreMisspelt) {
  const Row rows[] = {
      {"value:", "value: \"{{ role | lowr }}\"",
       "test.yaml:13:23: mappings.aws-role.value: unknown filter 'lowr'; did you mean 'lower'?"},
      {"value:", "value: \"{{ role | replace('a') }}\"",
       "test.yaml:13:23: mappings.aws-role.value: filter 'replace' takes 2 arguments, and has 1"},
      {"value:", "value: \"{{ roel }}\"",
       "test.yaml:13:16: mappings.aws-role.value: unknown name 'roel'; did you mean 'role'?"},
      {"value:", "value: \"{{ user.emial }}\"",
       "test.yaml:13:21: mappings.aws-role.value: 'user' has no 'emial'; did you mean 'email'?"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, PatternsThatRe2Refuses) {
  const Row rows[] = {
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n    when: group.name matches "
       "'AWS-(?P<x>.+'",
       "test.yaml:13:30: mappings.aws-role.when: 'AWS-(?P<x>.+' is no pattern of RE2: missing ): "
       "AWS-(?P<x>.+"},
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n    when: group.name matches "
       "'(?=AWS).+'",
       "test.yaml:13:30: mappings.aws-role.when: '(?=AWS).+' is no pattern of RE2: invalid perl "
       "operator: (?="},
      {"for_each:",
       "for_each: group in groups, role in group.aws_role\n    when: group.name matches '(a)\\1'",
       "test.yaml:13:30: mappings.aws-role.when: '(a)\\1' is no pattern of RE2: invalid escape "
       "sequence: \\1"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, ForEachOverNoList) {
  const Row rows[] = {
      {"for_each:", "for_each: role in user.username",
       "test.yaml:12:15: mappings.aws-role.for_each: 'role' needs a list to go through, and this "
       "is a text"},
      {"for_each:", "for_each: group in groups, role in group",
       "test.yaml:12:32: mappings.aws-role.for_each: 'role' needs a list to go through, and this "
       "is a group (name one of its fields, as in group.name)"},
      {"for_each:", "for_each: role in true",
       "test.yaml:12:15: mappings.aws-role.for_each: 'role' needs a list to go through, and this "
       "is a condition"},
      {"for_each:", "for_each: role in [user.username, groups]",
       "test.yaml:12:39: mappings.aws-role.for_each: a list takes a text, and this is the list of "
       "groups (groups.name are their names)"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

// The text around {{ }} alone can never be a role.
TEST(BadInputTest, LiteralsThatAreNoRole) {
  const Row rows[] = {
      {"value:",
       "value: \"arn:aws:iam::12341234:role/{{ role }},arn:aws:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:13: mappings.aws-role.value: 'arn:aws:iam::12341234:role/{{ role }}' is not a "
       "role ARN: its account '12341234' is not 12 digits"},
      {"value:", "value: \"arn:aws:iam::123412341234:role/{{ role }}\"",
       "test.yaml:13:13: mappings.aws-role.value: 'arn:aws:iam::123412341234:role/{{ role }}' is "
       "not a role: it must be a role ARN and a SAML provider ARN with exactly one comma between "
       "(2.2)"},
      {"value:",
       "value: \"arn:aws:iam::123412341234:role/a,b{{ role "
       "}},arn:aws:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:13: mappings.aws-role.value: 'arn:aws:iam::123412341234:role/a,b{{ role "
       "}},arn:aws:iam::123412341234:saml-provider/x' is not a role: it must be a role ARN and a "
       "SAML provider ARN with exactly one comma between (2.2)"},
      {"value:",
       "value: \"arn:aws:iam:123412341234:role/{{ role "
       "}},arn:aws:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:13: mappings.aws-role.value: 'arn:aws:iam:123412341234:role/{{ role }}' is "
       "not a role ARN: it has fewer than six parts; write arn:aws:iam::ACCOUNT:..."},
      {"value:",
       "value: \"arn:aws:sts::123412341234:role/{{ role "
       "}},arn:aws:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:13: mappings.aws-role.value: 'arn:aws:sts::123412341234:role/{{ role }}' is "
       "not a role ARN: its service is not IAM; write 'aws:iam::'"},
      {"value:",
       "value: \"arn:aws:iam::123412341234:rol/{{ role "
       "}},arn:aws:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:13: mappings.aws-role.value: 'arn:aws:iam::123412341234:rol/{{ role }}' is "
       "not a role ARN: it does not say ':role/' after the account"},
      {"value:",
       "value: \"arn:aws:iam::123412341234:role/{{ role }} "
       "x,arn:aws:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:13: mappings.aws-role.value: 'arn:aws:iam::123412341234:role/{{ role }} x' is "
       "not a role ARN: a role's name is 1 to 64 of [A-Za-z0-9_+=.@-]; a comma separates ARNs "
       "(2.2)"},
      {"value:",
       "value: \"arn:aws:iam::123412341234:role/{{ role "
       "}},arn:aws:iam::123412341234:saml-provider/a b\"",
       "test.yaml:13:55: mappings.aws-role.value: 'arn:aws:iam::123412341234:saml-provider/a b' is "
       "not a SAML provider ARN: a provider's name is 1 to 128 of [A-Za-z0-9_.-]"},
      {"value:",
       "value: \"arn:aws:iam::123412341234:role/{{ role }}, "
       "arn:aws:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:55: mappings.aws-role.value: ' arn:aws:iam::123412341234:saml-provider/x' is "
       "not a SAML provider ARN: it does not start with 'arn:'"},
      {"value:",
       "value: \"arn:aws:iam::123412341234:role/{{ role "
       "}}/x,arn:aws:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:44: mappings.aws-role.value: what the directory says may stand in a role's or "
       "provider's name, or be the whole account, and nowhere else in an ARN (M3)"},
      {"value:",
       "value: \"arn:{{ role "
       "}}:iam::123412341234:role/x,arn:aws:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:17: mappings.aws-role.value: what the directory says may stand in a role's or "
       "provider's name, or be the whole account, and nowhere else in an ARN (M3)"},
      {"value:", "value: \"{{ vars.iam }}:role/a b,{{ vars.provider }}\"",
       "test.yaml:13:13: mappings.aws-role.value: '{{ vars.iam }}:role/a b' is not a role ARN: a "
       "role's name is 1 to 64 of [A-Za-z0-9_+=.@-]; a comma separates ARNs (2.2)"},
      {"value:",
       "values: [\"{{ vars.iam }}:role/{{ role }},{{ vars.iam }}:saml-provider/a:b\", \"x\"]",
       "test.yaml:13:46: mappings.aws-role.values[0]: '{{ vars.iam }}:saml-provider/a:b' is not a "
       "SAML provider ARN: a provider's name is 1 to 128 of [A-Za-z0-9_.-]\n"
       "test.yaml:13:82: mappings.aws-role.values[1]: 'x' is not a role: it must be a role ARN and "
       "a SAML provider ARN with exactly one comma between (2.2)"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, RoleAndProviderApart) {
  const Row rows[] = {
      {"value:",
       "value: \"arn:aws:iam::123412341234:role/{{ role "
       "}},arn:aws:iam::210987654321:saml-provider/x\"",
       "test.yaml:13:55: mappings.aws-role.value: 'arn:aws:iam::123412341234:role/{{ role "
       "}},arn:aws:iam::210987654321:saml-provider/x' is not a role: role and provider must be in "
       "the same account and partition (R25)"},
      {"value:",
       "value: \"arn:aws:iam::123412341234:role/{{ role "
       "}},arn:aws-cn:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:55: mappings.aws-role.value: 'arn:aws:iam::123412341234:role/{{ role "
       "}},arn:aws-cn:iam::123412341234:saml-provider/x' is not a role: role and provider must be "
       "in the same account and partition (R25)"},
      {"value:",
       "value: \"arn:aws-cn:iam::{{ role }}:role/x,arn:aws:iam::{{ role }}:saml-provider/x\"",
       "test.yaml:13:47: mappings.aws-role.value: 'arn:aws-cn:iam::{{ role "
       "}}:role/x,arn:aws:iam::{{ role }}:saml-provider/x' is not a role: role and provider must "
       "be in the same account and partition (R25)"},
      {"value:",
       "value: \"arn:awz:iam::123412341234:role/{{ role "
       "}},arn:awz:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:13: mappings.aws-role.value: 'arn:awz:iam::123412341234:role/{{ role }}' is "
       "not a role ARN: 'awz' is no partition; use aws, aws-cn or aws-us-gov\n"
       "test.yaml:13:55: mappings.aws-role.value: 'arn:awz:iam::123412341234:saml-provider/x' is "
       "not a SAML provider ARN: 'awz' is no partition; use aws, aws-cn or aws-us-gov"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, RolesOfIdentityCenter) {
  const Row rows[] = {
      {"value:",
       "value: \"arn:aws:iam::123412341234:role/AWSReservedSSO_{{ role "
       "}},arn:aws:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:13: mappings.aws-role.value: "
       "'arn:aws:iam::123412341234:role/AWSReservedSSO_{{ role }}' is not a role ARN: roles named "
       "AWSReservedSSO_ belong to IAM Identity Center and cannot be assumed with SAML from here "
       "(R24)"},
      {"value:",
       "value: "
       "\"arn:aws:iam::123412341234:role/aws-reserved/sso.amazonaws.com/"
       "AWSReservedSSO_Admin_0123456789abcdef,arn:aws:iam::123412341234:saml-provider/x\"",
       "test.yaml:13:13: mappings.aws-role.value: "
       "'arn:aws:iam::123412341234:role/aws-reserved/sso.amazonaws.com/"
       "AWSReservedSSO_Admin_0123456789abcdef' is not a role ARN: roles named AWSReservedSSO_ "
       "belong to IAM Identity Center and cannot be assumed with SAML from here (R24)"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

TEST(BadInputTest, OtherAttributesThatAwsWouldRefuse) {
  const Row rows[] = {
      {"saml_name:", "saml_name: https://aws.amazon.com/SAML/Attributes/RoleSesionName",
       "test.yaml:11:16: mappings.aws-role.saml_name: "
       "'https://aws.amazon.com/SAML/Attributes/RoleSesionName' is none of AWS's names; did you "
       "mean 'https://aws.amazon.com/SAML/Attributes/RoleSessionName'?"},
      {"x:", "saml_name: https://aws.amazon.com/SAML/Attributes/SessionDuration, value: 8h",
       "test.yaml:10:82: mappings.x.value: '8h' (from configuration): a session duration is 900 to "
       "43200 seconds, in digits alone (2.1 SessionDuration)"},
      {"x:", "saml_name: https://aws.amazon.com/SAML/Attributes/RoleSessionName, value: A person",
       "test.yaml:10:82: mappings.x.value: 'A person' (from configuration): a session name is 2 to "
       "64 of [A-Za-z0-9_+=,.@-]; use the filter session_name, or another attribute (2.1 "
       "RoleSessionName)"},
      {"x:",
       "saml_name: https://aws.amazon.com/SAML/Attributes/SourceIdentity, values: [\"{{ "
       "user.username }}\", x]",
       "test.yaml:10:106: mappings.x.values[1]: 'x' (from configuration): a source identity is 2 "
       "to 64 of [A-Za-z0-9_+=,.@-] (2.1 SourceIdentity)"},
      {"x:",
       "saml_name: \"https://aws.amazon.com/SAML/Attributes/PrincipalTag:aws:team\", value: x",
       "test.yaml:10:20: mappings.x.saml_name: "
       "'https://aws.amazon.com/SAML/Attributes/PrincipalTag:aws:team': tags must not start with "
       "'aws:' (2.1 PrincipalTag)"},
      {"x:", "saml_name: \"https://aws.amazon.com/SAML/Attributes/PrincipalTag:a*b\", value: x",
       "test.yaml:10:20: mappings.x.saml_name: "
       "'https://aws.amazon.com/SAML/Attributes/PrincipalTag:a*b': tags are made of letters, "
       "digits, spaces and _ . : / = + - @ (2.1 PrincipalTag)"},
      {"x:",
       "saml_name: \"https://aws.amazon.com/SAML/Attributes/PrincipalTag:team\", value: \"a*b\"",
       "test.yaml:10:87: mappings.x.value: 'a*b' (from configuration): tags are made of letters, "
       "digits, spaces and _ . : / = + - @ (2.1 PrincipalTag)"},
  };
  for (const Row& row : rows) EXPECT_EQ(MistakesIn(row), row.expected) << row.line;
}

// What a message proposes is taken, and says what was meant.
TEST(BadInputTest, TheCorrectedLineIsRight) {
  const std::pair<std::string, std::string> traps[] = {
      {"k: {{ user.email }}, {{ user.dn }}  # c", "{{ user.email }}, {{ user.dn }}"},
      {"k: {{ user.email | default(\"it's\") }}", "{{ user.email | default(\"it's\") }}"},
      {"k: 'staff' in groups.name  # c", "'staff' in groups.name"},
      {"k: \"a\" == 'b' or \"c\" == '\\d'", "\"a\" == 'b' or \"c\" == '\\d'"},
      {"k: \"user.email matches '\\w+@\\\"x\\\"'\"", "user.email matches '\\w+@\"x\"'"},
      {"k: \"group.name matches '\\bAWS\\b'\"", "group.name matches '\\bAWS\\b'"},
      {"k: group.name == 'team # 1'  # c", "group.name == 'team # 1'"},
      {"k: ask team #cloud", "ask team #cloud"},
      {"k: *-Admin", "*-Admin"},
      {"k: group.name == 'a: b'  # c", "group.name == 'a: b'"},
      {"{ k: group in groups, role in group.aws_role, l: m }",
       "group in groups, role in group.aws_role"},
      {"{ k: 'a' in ['b', 'c'], l: m }", "'a' in ['b', 'c']"},
      {"{ l: m, k: {{ a }},{{ b }}, n: o }", "{{ a }},{{ b }}"},
      {"{ l: m, k: arn:{{ a }}:x,arn:{{ b }}:y, n: o }", "arn:{{ a }}:x,arn:{{ b }}:y"},
  };
  for (const auto& [trap, meant] : traps) {
    const YamlResult read = ReadYaml(trap + "\n", "f");
    ASSERT_FALSE(read.mistakes.empty()) << trap;
    const std::string& message = read.mistakes.front().message;
    const size_t corrected = message.find(": k: ");
    ASSERT_NE(corrected, std::string::npos) << message;
    const YamlResult again = ReadYaml(message.substr(corrected + 2), "f");
    EXPECT_EQ(Lines(again.mistakes), "") << message;
    ASSERT_TRUE(again.root.has_value()) << message;
    EXPECT_EQ(again.root->entries.at(0).value.text, meant) << trap;
  }
}

// Texts of the configuration stay texts, whatever YAML's readers make of them elsewhere.
TEST(BadInputTest, TakesNoAndOnAsTexts) {
  const LoadResult result = Parsed(
      With("mappings:", "vars: { country: no, state: on, code: 0755, none: \"\" }\nmappings:"));
  EXPECT_EQ(Lines(result.mistakes), "");
  EXPECT_TRUE(result.config.has_value());
}

// Thirty levels of two would be a billion; none is ever followed.
TEST(BadInputTest, AnchorsThatExplodeAreCountedAsTheyStand) {
  std::string yaml = "vars: { a0: &a0 x }\n";
  std::string expected =
      "test.yaml:1:13: vars.a0: anchors are not allowed; write the value where it "
      "is used";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    yaml += "b" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before +
            "]\n";
  }
  const std::string mistakes = MistakesOf(yaml + SmallConfig());
  EXPECT_EQ(mistakes.substr(0, expected.size()), expected);
  EXPECT_LT(mistakes.size(), 20'000u);
}

std::string Tag(const std::string& mapping, const std::string& key) {
  return "  " + mapping +
         ": { saml_name: \"https://aws.amazon.com/SAML/Attributes/PrincipalTag:" + key +
         "\", value: x }\n";
}

TEST(BadInputTest, TagKeysThatDifferInCaseAlone) {
  EXPECT_EQ(MistakesOf(WithMappings(Tag("a", "Team") + Tag("b", "team"), "a, b")),
            "test.yaml:11:20: mappings.b.saml_name: "
            "'https://aws.amazon.com/SAML/Attributes/PrincipalTag:team' and the tag of mapping 'a' "
            "differ in case alone, and AWS takes them for one; rename one of the two");
}

TEST(BadInputTest, TwoMappingsForAnAttributeOfOneValue) {
  EXPECT_EQ(MistakesOf(WithMappings(Tag("a", "team") + Tag("b", "team"), "a, b")),
            "test.yaml:18:3: applications.aws.mappings: two of them make "
            "https://aws.amazon.com/SAML/Attributes/PrincipalTag:team, which has one value; keep "
            "one");
  const std::string session = "saml_name: https://aws.amazon.com/SAML/Attributes/RoleSessionName";
  EXPECT_EQ(
      MistakesOf(WithMappings("  a: { " + session + ", value: \"{{ user.username }}\" }\n" +
                                  "  b: { " + session + ", value: \"{{ user.email }}\" }",
                              "a, b")),
      "test.yaml:17:3: applications.aws.mappings: two of them make "
      "https://aws.amazon.com/SAML/Attributes/RoleSessionName, which has one value; keep one");
}

TEST(BadInputTest, TakesFiftyTagsAndNoMore) {
  const auto with_tags = [](size_t count) {
    std::string entries, names;
    for (size_t i = 0; i < count; ++i) {
      entries += Tag("t" + std::to_string(i), "key" + std::to_string(i));
      names += (names.empty() ? "t" : ", t") + std::to_string(i);
    }
    return MistakesOf(WithMappings(entries, names));
  };
  EXPECT_EQ(with_tags(50), "");
  EXPECT_EQ(with_tags(51),
            "test.yaml:67:3: applications.aws.mappings: make 51 tags, and AWS takes 50; take some "
            "out");
}

// One mapping in two applications: one mistake.
TEST(BadInputTest, ReportsAMappingOfTwoApplicationsOnce) {
  const std::string mistakes = MistakesOf(
      With("value:", "value: \"arn:aws:iam::1:role/x,arn:aws:iam::123412341234:saml-provider/x\"") +
      "  two: { preset: aws, allowed_accounts: [\"123412341234\"], mappings: [aws-role] }\n");
  EXPECT_EQ(mistakes,
            "test.yaml:13:13: mappings.aws-role.value: 'arn:aws:iam::1:role/x' is not a role ARN: "
            "its account '1' is not 12 digits");
}

// What is only known when somebody logs in is no mistake in the configuration.
TEST(BadInputTest, TakesTemplatesThatCanBeARole) {
  const std::string iam = "arn:aws:iam::123412341234:";
  for (const std::string& value :
       {iam + "role/{{ role }}," + iam + "saml-provider/{{ role }}",
        iam + "saml-provider/x," + iam + "role/team/a-{{ role }}",
        "arn:aws:iam::{{ role }}:role/x," + iam + "saml-provider/x",
        std::string("arn:aws-cn:iam::{{ role }}:role/x,arn:aws-cn:iam::{{ role }}:saml-provider/y"),
        std::string("{{ role }}"), std::string("{{ vars.iam }}"), std::string("{{ vars.iam }}x"),
        std::string("{{ vars.iam }},{{ vars.provider }}"),
        "arn:aws:iam::{{ vars.iam }}:role/{{ vars.provider }}," + iam + "saml-provider/x",
        iam + "role/{{ 'a}},b' }}," + iam + "saml-provider/{{ role | split(',') | first }}"}) {
    EXPECT_EQ(MistakesIn({"value:", "value: \"" + value + "\"", ""}), "") << value;
  }
}

}  // namespace
}  // namespace rolebridge::config
