#include "bridge/config/resolve_warnings.h"

#include <gtest/gtest.h>

#include "tests/bridge/config/mistakes_for_tests.h"

namespace rolebridge::config {
namespace {

// SmallConfig() with a mapping `x` of these keys, which its application uses, and with attributes
// of people that only administrators write (mail), that some let people write (departmentNumber)
// and that many do (title).
std::string WithMapping(const std::string& saml_name, const std::string& keys) {
  std::string yaml =
      With("mappings:", "mappings:\n  x:\n    saml_name: https://aws.amazon.com/SAML/Attributes/" +
                            saml_name + "\n    " + keys);
  yaml.replace(yaml.find("[aws-role]"), 10, "[aws-role, x]");
  const std::string attributes = "attributes: { email: mail } }";
  return yaml.replace(yaml.find(attributes), attributes.size(),
                      "attributes: { email: mail, team: departmentNumber, job: Title } }");
}

std::string WarningsOf(const std::string& yaml) {
  const LoadResult result = Parsed(yaml);
  EXPECT_EQ(Lines(result.mistakes), "") << yaml;
  return Lines(result.warnings);
}

const char kApart[] =
    "; use user.username or another attribute that each has alone, with no filter but "
    "session_name, "
    "which keeps them apart";

// Security rule M5: CloudTrail tells people apart by these names.
TEST(ResolveWarningsTest, SaysNothingOfNamesThatKeepPeopleApart) {
  for (const std::string keys :
       {"value: \"{{ user.username }}\"", "value: \"{{ user.username | session_name }}\"",
        "value: \"{{ user.email | session_name }}\"", "value: \"p-{{ user.email }}\"",
        // A user name is in lower case and has no blanks already.
        "value: \"{{ user.username | lower | trim }}\"", "value: \"{{ user.username | upper }}\"",
        // One expression that keeps them apart is enough.
        "value: \"{{ user.username }}@{{ user.email | regex_search('@(.*)') }}\"",
        "value: \"{{ user.username }}@{{ groups.name | first }}\"",
        "for_each: mail in user.email\n    value: \"{{ mail | session_name }}\"",
        "for_each: mail in user.email | default([]) | unique | sort\n    value: \"{{ mail }}\"",
        "when: \"user.email matches '(?P<name>.*)'\"\n    value: \"{{ user.username }}\""}) {
    for (const std::string name : {"RoleSessionName", "SourceIdentity"}) {
      EXPECT_EQ(WarningsOf(WithMapping(name, keys)), "") << keys;
    }
  }
  EXPECT_EQ(WarningsOf(WithMapping("PrincipalTag:mail", "value: \"{{ user.email | lower }}\"")),
            "");
}

TEST(ResolveWarningsTest, WarnsOfNamesInWhichTwoPeopleMeet) {
  struct Row {
    std::string filters;
    std::string expected;
  };
  const Row rows[] = {
      {"user.email | lower", "12:29: mappings.x.value: filter 'lower'"},
      {"user.email | upper", "12:29: mappings.x.value: filter 'upper'"},
      {"user.email | trim", "12:29: mappings.x.value: filter 'trim'"},
      {"user.email | replace('@', '.')", "12:29: mappings.x.value: filter 'replace'"},
      {"user.email | regex_replace('@.*', '')", "12:29: mappings.x.value: filter 'regex_replace'"},
      {"user.email | regex_search('[^@]+')", "12:29: mappings.x.value: filter 'regex_search'"},
      {"user.email | default('x')", "12:29: mappings.x.value: filter 'default'"},
      {"user.email | first", "12:29: mappings.x.value: filter 'first'"},
      {"user.email | last", "12:29: mappings.x.value: filter 'last'"},
      {"user.email | sort | join('')", "12:36: mappings.x.value: filter 'join'"},
      {"user.username | replace('.', '-')", "12:32: mappings.x.value: filter 'replace'"},
      {"user.email | session_name | lower", "12:44: mappings.x.value: filter 'lower'"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(WarningsOf(WithMapping("RoleSessionName", "value: \"{{ " + row.filters + " }}\"")),
              "test.yaml:" + row.expected + " can give two people one session name" + kApart);
  }
  EXPECT_EQ(
      WarningsOf(WithMapping("SourceIdentity", "value: \"{{ user.email | split('@') | first }}\"")),
      std::string("test.yaml:12:29: mappings.x.value: filter 'split' can give two people one "
                  "source identity") +
          kApart +
          "\ntest.yaml:12:42: mappings.x.value: filter 'first' can give two people one "
          "source identity" +
          kApart);
}

TEST(ResolveWarningsTest, WarnsWhereAnotherKeyMakesTwoPeopleMeet) {
  EXPECT_EQ(WarningsOf(WithMapping("RoleSessionName",
                                   "when: \"user.email matches '(?P<name>[^@]+)@.*'\"\n"
                                   "    value: \"{{ match.name }}\"")),
            std::string("test.yaml:13:16: mappings.x.value: 'match.name', a part of a text, can "
                        "give two people one session name") +
                kApart);
  EXPECT_EQ(WarningsOf(WithMapping("RoleSessionName",
                                   "for_each: name in user.email | regex_search('[^@]+')\n"
                                   "    value: \"{{ name | session_name }}\"")),
            std::string("test.yaml:12:36: mappings.x.for_each: filter 'regex_search' can give two "
                        "people one session name") +
                kApart);
}

TEST(ResolveWarningsTest, WarnsOfNamesThatEverybodyHas) {
  for (const std::string keys : {"value: \"employee\"", "value: \"{{ groups.name | first }}\"",
                                 "value: \"{{ application.slug | lower }}\"",
                                 "for_each: group in groups\n    value: \"{{ group.name }}\""}) {
    const std::string warnings = WarningsOf(WithMapping("RoleSessionName", keys));
    EXPECT_NE(warnings.find("mappings.x.value: says nothing of the person: all meet in one session "
                            "name; use user.username | session_name"),
              std::string::npos)
        << keys;
    EXPECT_EQ(warnings.find('\n'), std::string::npos) << warnings;
  }
}

TEST(ResolveWarningsTest, CapitalLettersTellPeopleApartWhereTheyAreKept) {
  EXPECT_EQ(WarningsOf(WithMapping("RoleSessionName", "value: \"{{ user.username | lower }}\"") +
                       "users: { case: keep }\n"),
            std::string("test.yaml:12:32: mappings.x.value: filter 'lower' can give two people one "
                        "session name") +
                kApart);
}

TEST(ResolveWarningsTest, WarnsOfNameIdsInWhichTwoPeopleMeet) {
  const auto warnings = [](const std::string& value) {
    return WarningsOf(With("preset:", "preset: aws\n    name_id_value: \"" + value + "\""));
  };
  EXPECT_EQ(warnings("{{ user.email }}"), "");
  EXPECT_EQ(warnings("{{ user.email | lower }}"),
            std::string("test.yaml:17:37: applications.aws.name_id_value: filter 'lower' can give "
                        "two people one NameID") +
                kApart);
  EXPECT_EQ(warnings("somebody"),
            "test.yaml:17:21: applications.aws.name_id_value: says nothing of the person: all meet "
            "in one NameID; use user.username | session_name");
}

TEST(ResolveWarningsTest, SaysOnceWhatTwoApplicationsUse) {
  const std::string yaml =
      WithMapping("RoleSessionName", "value: \"{{ user.job | lower }}\"") +
      "  aws-2: { preset: aws, allowed_accounts: [\"123412341234\"], mappings: [aws-role, x] }\n";
  const std::string warnings = WarningsOf(yaml);
  EXPECT_EQ(std::count(warnings.begin(), warnings.end(), '\n'), 1) << warnings;
}

// Security rule M6: who writes such an attribute decides what they may do.
TEST(ResolveWarningsTest, WarnsWhereAnAttributeThatPeopleWriteDecides) {
  struct Row {
    std::string saml_name;
    std::string keys;
    std::string place;
    std::string what;
  };
  const std::string provider = ",arn:aws:iam::123412341234:saml-provider/rolebridge\"";
  const std::string role = "\"arn:aws:iam::123412341234:role/a-";
  const Row rows[] = {
      {"Role", "value: " + role + "{{ user.job }}" + provider, "12:49: mappings.x.value", "roles"},
      {"Role",
       "values: [" + role + "x" + provider + ", " + role + "{{ user.job }}" + provider + "]",
       "12:140: mappings.x.values[1]", "roles"},
      {"Role", "for_each: job in user.job\n    value: " + role + "{{ job }}" + provider,
       "12:22: mappings.x.for_each", "roles"},
      {"Role", "when: \"'boss' in user.job\"\n    value: " + role + "boss" + provider,
       "12:22: mappings.x.when", "roles"},
      {"PrincipalTag:job", "value: \"{{ user.job | lower }}\"", "12:16: mappings.x.value",
       "the tag 'job'"},
      {"RoleSessionName", "value: \"{{ user.job }}\"", "12:16: mappings.x.value",
       "the session name"},
      {"SourceIdentity", "value: \"{{ user.job }}\"", "12:16: mappings.x.value",
       "the source identity"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(WarningsOf(WithMapping(row.saml_name, row.keys)),
              "test.yaml:" + row.place +
                  ": user.job is the attribute 'Title', which people can write themselves in many "
                  "directories, and it decides about " +
                  row.what + "; use one that administrators alone write");
  }
  EXPECT_EQ(WarningsOf(WithMapping("PrincipalTag:team", "value: \"{{ user.email }}\"")), "");
  EXPECT_EQ(WarningsOf(WithMapping("PrincipalTag:team", "value: \"{{ user.team }}\"")), "");
}

TEST(ResolveWarningsTest, PeopleWriteWhatTheConfigurationSaysThatTheyWrite) {
  std::string yaml = WithMapping("PrincipalTag:team", "value: \"{{ user.team }}\"");
  const std::string job = "job: Title }";
  yaml.replace(yaml.find(job), job.size(), job + ", self_writable: [departmentnumber]");
  EXPECT_EQ(WarningsOf(yaml),
            "test.yaml:12:16: mappings.x.value: user.team is the attribute 'departmentNumber', "
            "which people write themselves (self_writable), and it decides about the tag 'team'; "
            "use one that administrators alone write");
}

TEST(ResolveWarningsTest, WarnsOfPoliciesByWhatPeopleWrite) {
  std::string yaml = WithMapping("PrincipalTag:team", "value: \"{{ user.team }}\"");
  const std::string preset = "preset: aws\n";
  yaml.replace(
      yaml.find(preset), preset.size(),
      preset +
          "    policies:\n"
          "      - { name: a, require: \"user.job == 'boss'\", message: m }\n"
          "      - { name: b, any: [\"true\", \"'x' in user.job or user.job is defined\"], "
          "message: m }\n");
  const std::string start =
      ": user.job is the attribute 'Title', which people can write themselves in many directories, "
      "and it decides about who gets in; use one that administrators alone write";
  EXPECT_EQ(WarningsOf(yaml), "test.yaml:21:30: applications.aws.policies[0].require" + start +
                                  "\ntest.yaml:22:42: applications.aws.policies[1].any[1]" + start);
}

}  // namespace
}  // namespace rolebridge::config
