#include "bridge/cli/check.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "bridge/cli/keys.h"
#include "tests/support/fakes.h"
#include "tests/support/sample_config.h"

namespace rolebridge::cli {
namespace {

using rolebridge::testing::kSampleYaml;
using rolebridge::testing::Replaced;

constexpr char kPamStack[] = "auth required pam_unix.so\naccount required pam_unix.so\n";

// A whole installation in a folder; each test spoils one thing in it.
class CheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/rolebridge-check-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    options_ = {.config_path = folder_ + "/rolebridge.yaml",
                .pam_folder = folder_,
                .pam_settings = folder_ + "/rolebridge-pam.conf"};
    Write("rolebridge.yaml", kSampleYaml);
    Write("rolebridge", kPamStack);
    Write("rolebridge-pam.conf", "min_uid = 1000\n");
    Write("ldap.secret", "secret\n");
    ASSERT_EQ(chmod((folder_ + "/ldap.secret").c_str(), 0600), 0);
    ASSERT_TRUE(MakeKeys({.folder = folder_, .name = "saml"}, clock_.now, random_));
    ASSERT_TRUE(MakeKeys({.folder = folder_, .name = "tls", .tls_host = "sso.example.org"},
                         clock_.now, random_));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  }

  // Expects that check finds something wrong and says `expected`.
  void ExpectWrong(const std::string& expected) {
    std::ostringstream out;
    EXPECT_FALSE(Check(options_, clock_, out));
    EXPECT_NE(out.str().find(expected), std::string::npos) << out.str();
  }

  rolebridge::testing::FakeClock clock_;
  SystemRandom random_;
  std::string folder_;
  CheckOptions options_;
};

TEST_F(CheckTest, FindsNothingWrongInASoundInstallation) {
  std::ostringstream out;
  EXPECT_TRUE(Check(options_, clock_, out)) << out.str();
  EXPECT_NE(out.str().find("RSA 2048"), std::string::npos) << out.str();
}

TEST_F(CheckTest, NamesAMistakeWithItsPlaceAndASuggestion) {
  Write("rolebridge.yaml", Replaced(kSampleYaml, "password_file", "pasword_file"));
  ExpectWrong("did you mean 'password_file'");
}

TEST_F(CheckTest, RefusesAKeyThatOthersCanRead) {
  ASSERT_EQ(chmod((folder_ + "/saml.key").c_str(), 0644), 0);
  ExpectWrong("saml.key");
}

TEST_F(CheckTest, RefusesAKeyThatIsNotTheCertificates) {
  std::filesystem::copy_file(folder_ + "/tls.crt", folder_ + "/saml.crt",
                             std::filesystem::copy_options::overwrite_existing);
  ExpectWrong("does not belong");
}

TEST_F(CheckTest, RefusesACertificateThatExpired) {
  clock_.now += std::chrono::years(11);
  ExpectWrong("expired");
}

TEST_F(CheckTest, RefusesATlsCertificateForAnotherHost) {
  Write("rolebridge.yaml",
        Replaced(kSampleYaml, "https://sso.example.org", "https://other.example.org"));
  ExpectWrong("is not for 'other.example.org'");
}

TEST_F(CheckTest, RefusesWhatWouldLogPeopleInWithoutASecret) {
  for (const auto& [stack, expected] :
       {std::pair("auth required pam_unix.so nullok\naccount required pam_unix.so\n", "nullok"),
        std::pair("auth sufficient pam_rootok.so\nauth required pam_unix.so\n"
                  "account required pam_unix.so\n",
                  "pam_rootok"),
        std::pair("auth sufficient pam_permit.so\naccount required pam_unix.so\n", "pam_permit"),
        std::pair("auth required pam_unix.so\n", "account")}) {
    Write("rolebridge", stack);
    ExpectWrong(expected);
  }
}

TEST_F(CheckTest, ChangingPasswordsTakesPasswordLines) {
  Write("rolebridge-pam.conf", "min_uid = 1000\nexpired_passwords = change\n");
  ExpectWrong("expired_passwords = change takes password lines");
  Write("rolebridge", std::string(kPamStack) + "password required pam_unix.so yescrypt\n");
  std::ostringstream out;
  Check(options_, clock_, out);
  EXPECT_EQ(out.str().find("expired_passwords"), std::string::npos) << out.str();
}

TEST_F(CheckTest, RefusesAPamServiceThatIsNotThere) {
  std::filesystem::remove(folder_ + "/rolebridge");
  ExpectWrong("pam service 'rolebridge'");
}

TEST_F(CheckTest, RefusesAClockThatFollowsNothing) {
  clock_.synchronised = false;
  ExpectWrong("clock");
}

TEST_F(CheckTest, RefusesAnEmptyBindPassword) {
  Write("ldap.secret", "\n");
  ASSERT_EQ(chmod((folder_ + "/ldap.secret").c_str(), 0600), 0);
  ExpectWrong("is empty");
}

TEST_F(CheckTest, SaysThatTheDirectoryCannotBeReached) {
  Write("rolebridge.yaml", Replaced(kSampleYaml, "127.0.0.1:389", "127.0.0.1:1"));
  options_.online = true;
  ExpectWrong("ldap");
}

TEST_F(CheckTest, NewKeysOverwriteNothing) {
  const Result<std::string> again =
      MakeKeys({.folder = folder_, .name = "saml"}, clock_.now, random_);
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("nothing was overwritten"), std::string::npos);
  struct stat status {};
  ASSERT_EQ(stat((folder_ + "/saml.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

}  // namespace
}  // namespace rolebridge::cli
