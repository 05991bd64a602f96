#include "bridge/cli/init_installation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/bridge/cli/init_host_for_tests.h"

namespace rolebridge::cli {
namespace {

using ::testing::HasSubstr;

class InstallationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    answers_.url = "https://sso.example.org";
    answers_.ldap_uris = {"ldaps://ldap.example.org"};
    answers_.bind_dn = "cn=rolebridge,dc=example,dc=org";
    answers_.bind_password = SecretString("a secret");
    answers_.users_base = "ou=people,dc=example,dc=org";
    answers_.groups_base = "ou=groups,dc=example,dc=org";
    answers_.accounts = {{"production", "123412341234"}};
    answers_.roles = {"ReadOnly"};
    host_.network.addresses = {{"ldap.example.org", {"192.0.2.10", "2001:db8::10"}},
                               {"ldap2.example.org", {"192.0.2.10", "192.0.2.11"}},
                               {"localhost", {"127.0.0.1", "::1"}},
                               {"192.0.2.20", {"192.0.2.20"}}};
    host_.Put("resolv.conf", "nameserver 127.0.0.53\nnameserver 192.0.2.53\n");
  }
  Result<Installation> Composed() {
    return Compose(host_.options, host_.World(), answers_, {.issuer = 64801, .web = 64802});
  }
  // What the drop-in lets the issuer reach; "none" without one.
  std::string Allowed() {
    const auto installation = Composed();
    if (!installation) return installation.error().message;
    for (const FileWish& file : installation->files) {
      if (!file.path.ends_with("/directory.conf")) continue;
      const std::string text(file.contents.Reveal());
      return text.substr(text.find('=') + 1);
    }
    return "none";
  }
  HostForTests host_;
  Answers answers_;
};

TEST_F(InstallationTest, OpensTheWayToServersAndResolversThatAreElsewhere) {
  answers_.ldap_uris = {"ldaps://ldap.example.org", "ldap://ldap2.example.org:1389",
                        "ldapi://%2Frun%2Fslapd"};
  EXPECT_EQ(Allowed(), "192.0.2.10 192.0.2.11 192.0.2.53 2001:db8::10\n");
}

TEST_F(InstallationTest, AddressNeedsNoResolver) {
  answers_.ldap_uris = {"ldaps://192.0.2.20"};
  EXPECT_EQ(Allowed(), "192.0.2.20\n");
}

TEST_F(InstallationTest, DirectoryOnThisHostNeedsNoWay) {
  answers_.ldap_uris = {"ldaps://localhost"};
  EXPECT_EQ(Allowed(), "none");
}

TEST_F(InstallationTest, ServerWithoutAnAddressIsNamed) {
  answers_.ldap_uris = {"ldaps://typo.example.org"};
  EXPECT_THAT(Allowed(), HasSubstr("'typo.example.org'"));
  answers_.is_offline = true;
  EXPECT_EQ(Allowed(), "none");
  EXPECT_THAT(host_.errors.str(), HasSubstr("'typo.example.org'"));
}

TEST_F(InstallationTest, LoaderHasTheLastWord) {
  answers_.accounts = {{"a", "123412341234"}, {"a", "210987654321"}};
  const auto refused = Composed();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("rolebridge.yaml:"));
}

TEST_F(InstallationTest, DryRunMakesNoKeys) {
  host_.options.is_dry_run = true;
  const auto installation = Composed();
  ASSERT_TRUE(installation) << installation.error().message;
  for (const FileWish& file : installation->files) {
    EXPECT_TRUE(!file.path.ends_with(".key") || file.contents.empty()) << file.path;
  }
}

TEST_F(InstallationTest, SecretsAreForTheirReadersAlone) {
  const auto installation = Composed();
  ASSERT_TRUE(installation) << installation.error().message;
  size_t secrets = 0;
  for (const FileWish& file : installation->files) {
    const bool is_secret = file.path.ends_with(".key") || file.path.ends_with(".secret");
    if (!is_secret) continue;
    ++secrets;
    EXPECT_EQ(file.mode, 0640U) << file.path;
    EXPECT_EQ(file.group, file.path.ends_with("/tls.key") ? 64802U : 64801U) << file.path;
  }
  EXPECT_EQ(secrets, 3U);
}

}  // namespace
}  // namespace rolebridge::cli
