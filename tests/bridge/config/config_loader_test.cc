#include "bridge/config/config_loader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bridge/aws/attributes.h"
#include "bridge/config/yaml_reader.h"
#include "tests/bridge/config/mistakes_for_tests.h"

namespace rolebridge::config {
namespace {

namespace fs = std::filesystem;

// A folder of its own, as an administrator would have it.
class ConfigLoaderTest : public ::testing::Test {
 protected:
  ConfigLoaderTest() {
    char name[] = "/tmp/rolebridge-config-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~ConfigLoaderTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) {
    const std::string parent = fs::path(Path(name)).parent_path();
    fs::create_directories(parent);
    if (parent != folder_) chmod(parent.c_str(), 0755);  // whatever the umask is
    std::ofstream(Path(name)) << text;
    chmod(Path(name).c_str(), 0644);
  }
  LoadResult Load() const { return LoadConfig(Path("rolebridge.yaml")); }
  // Without the folder's name, which differs each time.
  std::string LoadMistakes() const {
    std::string lines = Lines(Load().mistakes);
    for (size_t at; (at = lines.find(folder_ + "/")) != std::string::npos;) {
      lines.erase(at, folder_.size() + 1);
    }
    return lines;
  }

  std::string folder_;
};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST_F(ConfigLoaderTest, LoadsOneFile) {
  Write("rolebridge.yaml", SmallConfig());
  const LoadResult result = Load();
  ASSERT_EQ(Lines(result.mistakes), "");
  EXPECT_EQ(result.config->signing[0].key, folder_ + "/saml.key");
  EXPECT_EQ(result.config->hash.size(), 64u);
}

TEST_F(ConfigLoaderTest, LoadsARelativePath) {
  Write("rolebridge.yaml", SmallConfig());
  const std::string before = fs::current_path();
  fs::current_path(folder_);
  const LoadResult result = LoadConfig("rolebridge.yaml");
  fs::current_path(before);
  ASSERT_EQ(Lines(result.mistakes), "");
  EXPECT_EQ(result.config->signing[0].key, folder_ + "/saml.key");
}

TEST_F(ConfigLoaderTest, MergesTheFolderByName) {
  Write("rolebridge.yaml", SmallConfig());
  Write("conf.d/10-more.yaml",
        "mappings:\n  more: { saml_name: x, value: \"{{ vars.a }}\" }\n"
        "applications:\n  more: { audience: \"x:y\", acs_urls: [https://x/], mappings: [more] }\n");
  Write("conf.d/20-vars.yaml", "vars: { a: b }\nbranding: { site_name: Example }\n");
  Write("conf.d/README", "not: read: at: all");
  Write("conf.d/.hidden.yaml", "not: read: at: all");
  const LoadResult result = Load();
  ASSERT_EQ(Lines(result.mistakes), "");
  ASSERT_EQ(result.config->applications.size(), 2u);
  EXPECT_EQ(result.config->applications[1].slug, "more");
  EXPECT_EQ(ToString(result.config->applications[1].position),
            folder_ + "/conf.d/10-more.yaml:4:3");
  EXPECT_EQ(result.config->branding.site_name, "Example");
}

TEST_F(ConfigLoaderTest, RefusesTheSameNameTwice) {
  Write("rolebridge.yaml", SmallConfig());
  Write("conf.d/a.yaml",
        "url: https://other.example.org\nmappings:\n  aws-role: { saml_name: x, value: y }\n");
  EXPECT_EQ(LoadMistakes(),
            "conf.d/a.yaml:1:1: url: stands in rolebridge.yaml:1:1 already; keep one of the two\n"
            "conf.d/a.yaml:3:3: mappings.aws-role: stands in rolebridge.yaml:10:3 already; keep "
            "one of the two");
}

TEST_F(ConfigLoaderTest, ReportsAllFilesInTheirOrder) {
  Write("rolebridge.yaml", With("url:", "url: x"));
  Write("conf.d/b.yaml", "limits: { connections: 1 }\n");
  Write("conf.d/a.yaml", "users: { case: x }\nclock: { require_synchronised: 1 }\n");
  EXPECT_EQ(LoadMistakes(),
            "rolebridge.yaml:1:6: url: 'x' is not allowed; use https://host or https://host:port\n"
            "conf.d/a.yaml:1:16: users.case: 'x' is not allowed; use fold or keep\n"
            "conf.d/a.yaml:2:32: clock.require_synchronised: '1' is not true or false; use one of "
            "those two words\n"
            "conf.d/b.yaml:1:24: limits.connections: '1' is out of range; use a number from 16 to "
            "16384");
}

TEST_F(ConfigLoaderTest, ReadsNoFurtherThanBrokenYaml) {
  Write("rolebridge.yaml", With("url:", "url: x"));
  Write("conf.d/a.yaml", "users: 'x' y\n");
  EXPECT_EQ(LoadMistakes(),
            "conf.d/a.yaml:1:12: users: the quotes end before the value does; put all of it in "
            "quotes: users: \"'x' y\"");
}

// security.md Y5.
TEST_F(ConfigLoaderTest, RefusesFilesThatOthersCanWrite) {
  Write("rolebridge.yaml", SmallConfig());
  for (const mode_t mode : {0664u, 0646u, 0666u}) {
    chmod(Path("rolebridge.yaml").c_str(), mode);
    EXPECT_NE(LoadMistakes().find("can be written by its group or by others"), std::string::npos);
    EXPECT_FALSE(Load().config.has_value());
  }
  chmod(Path("rolebridge.yaml").c_str(), 0600);
  EXPECT_EQ(LoadMistakes(), "");
}

TEST_F(ConfigLoaderTest, RefusesFoldersThatOthersCanWrite) {
  Write("rolebridge.yaml", SmallConfig());
  Write("conf.d/a.yaml", "users: { case: keep }\n");
  chmod(Path("conf.d").c_str(), 0775);
  EXPECT_EQ(LoadMistakes(), "conf.d: can be written by its group or by others; chmod go-w");
  chmod(Path("conf.d").c_str(), 0755);
  EXPECT_EQ(LoadMistakes(), "");
  chmod(folder_.c_str(), 0777);
  EXPECT_NE(LoadMistakes(), "");
  chmod(folder_.c_str(), 0755);
}

TEST_F(ConfigLoaderTest, RefusesWhatIsNoRegularFile) {
  Write("real.yaml", SmallConfig());
  fs::create_symlink("real.yaml", Path("rolebridge.yaml"));
  EXPECT_NE(LoadMistakes().find("symbolic link"), std::string::npos);
  fs::remove(Path("rolebridge.yaml"));
  ASSERT_EQ(mkfifo(Path("rolebridge.yaml").c_str(), 0600), 0);
  EXPECT_NE(LoadMistakes().find("not a regular file"), std::string::npos);
  fs::remove(Path("rolebridge.yaml"));
  EXPECT_NE(LoadMistakes().find("cannot be opened"), std::string::npos);
  fs::create_directory(Path("rolebridge.yaml"));
  EXPECT_NE(LoadMistakes(), "");
}

TEST_F(ConfigLoaderTest, RefusesASymbolicLinkInTheFolder) {
  Write("rolebridge.yaml", SmallConfig());
  Write("conf.d/a.yaml", "users: { case: keep }\n");
  fs::create_symlink(Path("conf.d/a.yaml"), Path("conf.d/b.yaml"));
  EXPECT_NE(LoadMistakes().find("symbolic link"), std::string::npos);
  EXPECT_FALSE(Load().config.has_value());
}

TEST_F(ConfigLoaderTest, RefusesAnotherOwner) {
  if (geteuid() != 0) return;  // only root can give a file away
  Write("rolebridge.yaml", SmallConfig());
  ASSERT_EQ(chown(Path("rolebridge.yaml").c_str(), 12345, 12345), 0);
  EXPECT_NE(LoadMistakes().find("belongs to uid 12345"), std::string::npos);
}

TEST_F(ConfigLoaderTest, ReadsFilesToTheirLimitAndNoMore) {
  Write("rolebridge.yaml", SmallConfig());
  for (int i = 0; i < 63; ++i) {
    Write("conf.d/" + std::to_string(i) + ".yaml", "vars: { v" + std::to_string(i) + ": x }\n");
  }
  EXPECT_EQ(LoadMistakes(), "");
  Write("conf.d/63.yaml", "vars: { v63: x }\n");
  EXPECT_EQ(LoadMistakes(), "conf.d: has more than 63 files; join some of them");
}

TEST_F(ConfigLoaderTest, RefusesAFileThatIsTooLarge) {
  Write("rolebridge.yaml", SmallConfig() + std::string(kMaxYamlBytes, '\n'));
  EXPECT_NE(LoadMistakes().find("is larger than 1048576 bytes"), std::string::npos);
}

// security.md Y6.
TEST_F(ConfigLoaderTest, HashesWhatIsInForce) {
  Write("rolebridge.yaml", SmallConfig());
  const std::string alone = Load().config->hash;
  EXPECT_EQ(Load().config->hash, alone);
  Write("rolebridge.yaml", SmallConfig() + "# x\n");
  const std::string changed = Load().config->hash;
  EXPECT_NE(changed, alone);
  Write("rolebridge.yaml", SmallConfig());
  Write("conf.d/a.yaml", "vars: { a: b }\n");
  const std::string with_folder = Load().config->hash;
  EXPECT_NE(with_folder, alone);
  fs::rename(Path("conf.d/a.yaml"), Path("conf.d/b.yaml"));
  EXPECT_NE(Load().config->hash, with_folder);
}

TEST_F(ConfigLoaderTest, TakesTheSampleThatIsShipped) {
  const std::string path = std::string(ROLEBRIDGE_SOURCE_DIR) + "/etc/rolebridge.yaml";
  const LoadResult result = ParseConfig(ReadAll(path), "rolebridge.yaml", "/etc/rolebridge");
  EXPECT_EQ(Lines(result.mistakes), "");
  EXPECT_EQ(Lines(result.warnings), "");
  ASSERT_TRUE(result.config.has_value());
  EXPECT_EQ(result.config->applications.at(0).mappings.size(), 2u);
}

// What stands in the sample as a comment works as well.
TEST_F(ConfigLoaderTest, TakesTheSampleWithItsCommentedPartsSwitchedOn) {
  std::string text = ReadAll(std::string(ROLEBRIDGE_SOURCE_DIR) + "/etc/rolebridge.yaml");
  for (const std::string part :
       {"\n# - name: mfa", "\n#   service:", "\n#   context_class:", "\n#   valid:", "\n# ca_file:",
        "\n# aws-role", "\n#   saml_name:", "\n#   for_each:", "\n#   when:", "\n#   value:",
        "\n#     arn:", "\n#   values:", "\n#     - "}) {
    size_t found = 0;
    for (size_t at; (at = text.find(part)) != std::string::npos; ++found) text[at + 1] = ' ';
    EXPECT_GT(found, 0u) << part;
  }
  // Elsewhere the mark stands before what it hides, at the section's own depth.
  for (const std::string part :
       {"\n# grants:", "\n#   \"cloud admins\"", "\n# tests:", "\n#   - name: reader",
        "\n#     user:", "\n#     groups:", "\n#     application:", "\n#     roles:",
        " # max_login_age", " # role_settings", " #   - { roles", " # - name: administrators",
        " #   roles:", " #   any:", " #     - \"client", " #     - \"now",
        " #   assurance:", " #   message:"}) {
    const size_t at = text.find(part);
    ASSERT_NE(at, std::string::npos) << part;
    text.erase(at + 1, 2);
  }
  const LoadResult result = ParseConfig(text, "rolebridge.yaml", "/etc/rolebridge");
  EXPECT_EQ(Lines(result.mistakes), "");
  EXPECT_EQ(result.warnings.size(), 4u) << Lines(result.warnings);  // no application uses them
  ASSERT_TRUE(result.config.has_value());
  EXPECT_EQ(result.config->tests.size(), 1u);
  EXPECT_EQ(result.config->applications.at(0).policies.size(), 2u);
  EXPECT_EQ(result.config->grants.size(), 1u);
}

TEST_F(ConfigLoaderTest, TakesTheConfigurationOfTheDesign) {
  const std::string design = R"yaml(url: https://sso.example.org

listen:
  address: "[::]:443"                    # or unix: /run/… behind a proxy
  tls: { certificate: tls.crt, key: tls.key }
  trusted_proxies: []                    # only these are believed about X-Forwarded-For

signing:                                 # the first signs; all are published in metadata
  - { certificate: saml.crt, key: saml.key }

session: { lifetime: 8h, idle: 1h }      # the session at this bridge, nothing at AWS

assurance:                               # lowest first; each level is a PAM service that proves it
  - { name: password, service: rolebridge, context_class: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport" }
  - { name: mfa, service: rolebridge-mfa, context_class: "https://refeds.org/profile/mfa", valid: 15m }

ldap:
  uris: [ldaps://ldap1.example.org, ldaps://ldap2.example.org]
  bind: { dn: "cn=rolebridge,ou=services,dc=example,dc=org", password_file: ldap.secret }
  users:
    base: ou=people,dc=example,dc=org
    filter: "(uid={{ username }})"       # substituted values are always escaped
    attributes: { email: mail, full_name: cn }
  groups:
    base: ou=groups,dc=example,dc=org
    membership: rfc2307bis               # rfc2307 | rfc2307bis | memberof
    attributes: { aws_role: awsRole, aws_account: awsAccount }   # template name: LDAP attribute

mappings:
  aws-role:
    saml_name: https://aws.amazon.com/SAML/Attributes/Role
    for_each: group in groups, role in group.aws_role
    value: "arn:aws:iam::123412341234:role/{{ role }},arn:aws:iam::123412341234:saml-provider/rolebridge"
  aws-session-name:
    saml_name: https://aws.amazon.com/SAML/Attributes/RoleSessionName
    value: "{{ user.username }}"

applications:
  aws:                                   # the slug, as it stands in URLs
    name: Amazon Web Services
    entity_id: https://sso.example.org/saml/aws      # who we are to this application
    audience: urn:amazon:webservices
    acs_urls: [https://signin.aws.amazon.com/saml, https://eu-west-1.signin.aws.amazon.com/saml]
    binding: post
    assertion_lifetime: 5m
    aws_session_duration: 8h             # SessionDuration; left out unless set
    allowed_accounts: ["123412341234"]
    allowed_roles: ["*"]
    mappings: [aws-role, aws-session-name]
    policies:
      - { name: staff only, require: "'staff' in groups.name", message: Ask the help desk to be added to the group staff. }
)yaml";
  const LoadResult result = Parsed(design);
  EXPECT_EQ(Lines(result.mistakes), "");
  ASSERT_TRUE(result.config.has_value());
  // Whoever writes awsRole names any role of the account, and nothing else stands before it.
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_NE(Lines(result.warnings).find("applications.aws.allowed_roles"), std::string::npos);
}

TEST_F(ConfigLoaderTest, PutsAMistakeInOneLine) {
  EXPECT_EQ(ToString(Mistake{{"f", 4, 2}, "x: y"}), "f:4:2: x: y");
  EXPECT_EQ(ToString(Mistake{{"f", 0, 0}, "x"}), "f: x");
  EXPECT_EQ(ToString(Mistake{{}, "x"}), "x");
}

}  // namespace
}  // namespace rolebridge::config
