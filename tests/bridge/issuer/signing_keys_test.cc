#include "bridge/issuer/signing_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "bridge/saml/signing_key.h"
#include "tests/support/fakes.h"
#include "tests/support/opened_store.h"

namespace rolebridge::issuer {
namespace {

using std::chrono::days;

class SigningKeysTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  // NAME.key and NAME.crt, valid for `years`.
  void Make(const std::string& name, int years) {
    const auto pair = saml::MakeKeyPair(name, {}, 2048, years, clock_.now, random_);
    ASSERT_TRUE(pair);
    std::ofstream(Path(name + ".crt")) << pair->certificate_pem;
    std::ofstream(Path(name + ".key")) << pair->key_pem.Reveal();
    ASSERT_EQ(chmod(Path(name + ".crt").c_str(), 0644), 0);
    ASSERT_EQ(chmod(Path(name + ".key").c_str(), 0600), 0);
  }
  void WriteStates(const std::string& text) const {
    std::ofstream(Path("states")) << text;
    ASSERT_EQ(chmod(Path("states").c_str(), 0644), 0);
  }
  config::Config Folder() const {
    config::Config config;
    config.signing_folder = folder_.path();
    config.signing_position = {"rolebridge.yaml", 3, 17};
    return config;
  }
  config::Config List(const std::vector<std::string>& names) const {
    config::Config config;
    for (const std::string& name : names) {
      config::KeyPair& pair = config.signing.emplace_back();
      pair.certificate = Path(name + ".crt");
      pair.key = Path(name + ".key");
      pair.position = {"rolebridge.yaml", 4, 5};
    }
    return config;
  }
  static std::string Names(const SigningKeys& keys) {
    std::string names;
    for (const PublishedKey& key : keys.published) {
      names += key.name + ":" + std::string(saml::ToString(key.state)) + " ";
    }
    return names;
  }
  std::string WhyNot(const config::Config& config) const {
    const auto keys = LoadSigningKeys(config, clock_.now);
    return keys ? "" : keys.error().message;
  }

  const rolebridge::testing::TemporaryFolder folder_;
  rolebridge::testing::FakeClock clock_;
  SystemRandom random_;
};

TEST_F(SigningKeysTest, TheActiveOneSignsAndThoseOfTheMetadataAreLoaded) {
  for (const char* const name : {"a", "b", "c", "d"}) Make(name, 2);
  WriteStates(
      "gone retired 2026-01-01T00:00:00Z\na former 2026-01-01T00:00:00Z\n"
      "b published 2026-01-01T00:00:00Z\nc active 2026-01-01T00:00:00Z\n"
      "d next 2026-01-01T00:00:00Z\n");
  const auto keys = LoadSigningKeys(Folder(), clock_.now);
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(Names(*keys), "c:active a:former b:published ");
  EXPECT_EQ(keys->certificates_base64.size(), 3U);
  EXPECT_EQ(keys->certificates_base64[0], keys->signer.key().certificate_base64());
  EXPECT_EQ(keys->published[0].fingerprint, keys->signer.key().fingerprint());
  EXPECT_EQ(OtherFingerprints(keys->published),
            keys->published[1].fingerprint + " " + keys->published[2].fingerprint);
}

TEST_F(SigningKeysTest, WhatExpiredAndDoesNotSignIsLeftOutOfTheMetadata) {
  Make("new", 5);
  Make("old", 1);
  WriteStates("old former 2026-01-01T00:00:00Z\nnew active 2026-01-01T00:00:00Z\n");
  clock_.now += days(400);
  for (const config::Config& config : {Folder(), List({"new", "old"})}) {
    const auto keys = LoadSigningKeys(config, clock_.now);
    ASSERT_TRUE(keys) << keys.error().message;
    EXPECT_EQ(keys->certificates_base64.size(), 1U);
    EXPECT_EQ(keys->published.size(), 2U) << "it is warned of all the same";
  }
}

TEST_F(SigningKeysTest, NothingSignsWithAnExpiredCertificate) {
  Make("new", 5);
  Make("old", 1);
  WriteStates("old active 2026-01-01T00:00:00Z\nnew published 2026-01-01T00:00:00Z\n");
  clock_.now += days(400);
  for (const config::Config& config : {Folder(), List({"old", "new"})}) {
    EXPECT_NE(WhyNot(config).find("the certificate expired at"), std::string::npos);
  }
}

TEST_F(SigningKeysTest, SaysWhereAndWhatIsWrong) {
  EXPECT_EQ(WhyNot(Folder()), "rolebridge.yaml:3:17: signing_folder: '" + folder_.path() +
                                  "' has no keys; make one with 'rolebridge keys new'");
  WriteStates("a active 2026-01-01T00:00:00Z\n");
  EXPECT_EQ(WhyNot(Folder()), "rolebridge.yaml:3:17: signing_folder: '" + Path("a.crt") +
                                  "': cannot be opened: No such file or directory");
  Make("a", 1);
  Make("b", 1);
  std::filesystem::copy_file(Path("b.key"), Path("a.key"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(WhyNot(Folder()), "rolebridge.yaml:3:17: signing_folder: '" + Path("a.key") +
                                  "' with '" + Path("a.crt") +
                                  "': the key does not belong to the certificate");
  WriteStates("a active now\n");
  EXPECT_EQ(WhyNot(Folder()), "rolebridge.yaml:3:17: signing_folder: " + Path("states") +
                                  ":1: 'now' is no instant; write it like 2026-01-31T10:05:00Z");
}

TEST_F(SigningKeysTest, AKeyOfAListIsCalledAsItsCertificateFile) {
  EXPECT_EQ(KeyNameOf("/etc/rolebridge/saml.crt"), "saml");
  EXPECT_EQ(KeyNameOf("saml.2026.pem"), "saml.2026");
  EXPECT_EQ(KeyNameOf("/run/credentials/saml"), "saml");
  EXPECT_EQ(KeyNameOf(".crt"), ".crt");
}

}  // namespace
}  // namespace rolebridge::issuer
