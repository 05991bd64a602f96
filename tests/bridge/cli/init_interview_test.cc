#include "bridge/cli/init_interview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "tests/bridge/cli/init_host_for_tests.h"

namespace rolebridge::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// The directory itself is asked in tests/integration/init_test.py.
class InterviewTest : public ::testing::Test {
 protected:
  void SetUp() override {
    host_.options.is_offline = true;
    host_.network.services["ldaps example.org"] = {
        {.priority = 2, .host = "ldap2.example.org", .port = 636},
        {.priority = 1, .host = "ldap1.example.org", .port = 636},
        {.priority = 0, .host = "ldap.example.net", .port = 636}};
  }
  void AnswerByFlags() {
    host_.Put("secret", "a secret\n");
    ASSERT_EQ(chmod(host_.Path("secret").c_str(), 0600), 0);
    InitOptions& options = host_.options;
    options.is_unattended = true;
    options.url = "sso.example.org";
    options.ldap_uris = {"ldaps://ldap.example.org"};
    options.ldap_base = "dc=example,dc=org";
    options.bind_dn = "cn=rolebridge,dc=example,dc=org";
    options.bind_password_file = host_.Path("secret");
    options.accounts = {"production=123412341234"};
    options.roles = {"ReadOnly"};
  }
  HostForTests host_;
};

TEST_F(InterviewTest, OffersWhatTheDnsSaysWithinTheOwnDomain) {
  host_.Put("resolv.conf", "search example.org\n");
  const auto answers = Interview(
      host_.options,
      host_.World("\n\n\n\ncn=rolebridge,dc=example,dc=org\na secret\ndc=example,dc=org\n\n\n\n"
                  "production=123412341234\nReadOnly\n"));
  ASSERT_TRUE(answers) << answers.error().message << host_.out.str();
  EXPECT_EQ(answers->url, "https://sso.example.org");
  EXPECT_THAT(answers->ldap_uris,
              ElementsAre("ldaps://ldap1.example.org", "ldaps://ldap2.example.org"));
  EXPECT_EQ(answers->users_base, "ou=people,dc=example,dc=org");
  EXPECT_EQ(answers->bind_password.Reveal(), "a secret");
  EXPECT_THAT(host_.out.str(), Not(HasSubstr("a secret")));
}

TEST_F(InterviewTest, BelievesNoDnsWhereNobodySeesWhatItSays) {
  host_.Put("resolv.conf", "search example.org\n");
  AnswerByFlags();
  host_.options.ldap_uris.clear();
  const auto refused = Interview(host_.options, host_.World());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("missing, and without a default: --ldap-uri"));
}

TEST_F(InterviewTest, FlagsAnswerEverything) {
  AnswerByFlags();
  const auto answers = Interview(host_.options, host_.World());
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(host_.out.str(), "");
  EXPECT_EQ(answers->groups_base, "ou=groups,dc=example,dc=org");
  EXPECT_EQ(answers->roles_by, RolesBy::kAttribute);
  EXPECT_THAT(answers->accounts, ElementsAre(AccountAnswer{"production", "123412341234"}));
}

TEST_F(InterviewTest, FilesOfTheHostAnswerWhatFlagsDoNot) {
  AnswerByFlags();
  host_.options.ldap_uris.clear();
  host_.options.ldap_base.clear();
  std::filesystem::create_directory(host_.Path("sssd"));
  host_.Put("sssd/sssd.conf",
            "[domain/a]\nldap_uri = ldaps://sssd.example.org\nldap_search_base = dc=sssd\n");
  const auto answers = Interview(host_.options, host_.World());
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_THAT(answers->ldap_uris, ElementsAre("ldaps://sssd.example.org"));
  EXPECT_EQ(answers->users_base, "ou=people,dc=sssd");
}

TEST_F(InterviewTest, RolesOfOneAccountAreNotTakenForThoseOfSeveral) {
  AnswerByFlags();
  host_.options.accounts.emplace_back("012341234123");
  EXPECT_EQ(Interview(host_.options, host_.World())->roles_by, RolesBy::kAccountAttribute);
  host_.options.roles_by = "attribute";
  const auto refused = Interview(host_.options, host_.World());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("--roles-by"));
}

TEST_F(InterviewTest, CertificateAndKeyGoTogether) {
  AnswerByFlags();
  host_.options.tls_key = host_.Path("secret");
  const auto refused = Interview(host_.options, host_.World());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("--tls-certificate"));
}

TEST_F(InterviewTest, EmptyPasswordFileIsNoPassword) {
  AnswerByFlags();
  host_.Put("secret", "\n\n");
  const auto refused = Interview(host_.options, host_.World());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("--bind-password-file"));
}

TEST(HostOfUrlTest, IsTheHostAlone) {
  EXPECT_EQ(HostOfUrl("https://sso.example.org"), "sso.example.org");
  EXPECT_EQ(HostOfUrl("https://sso.example.org:8443"), "sso.example.org");
  EXPECT_EQ(HostOfUrl("ldaps://[2001:db8::1]:636"), "2001:db8::1");
}

}  // namespace
}  // namespace rolebridge::cli
