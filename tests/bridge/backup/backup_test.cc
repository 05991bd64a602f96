#include "bridge/backup/backup.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "bridge/store/audit_key.h"
#include "tests/support/fakes.h"
#include "tests/support/opened_store.h"

namespace rolebridge::backup {
namespace {

namespace fs = std::filesystem;

const std::string kPassphrase = "correct horse battery";

class BackupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    host_.root = folder_.path() + "/host";
    other_.root = folder_.path() + "/other";
    for (const char* path :
         {"/etc/rolebridge/conf.d", "/etc/pam.d", "/var/lib/rolebridge",
          "/etc/systemd/system/rolebridge-issuer.service.d", "/etc/systemd/system/ssh.service.d"}) {
      fs::create_directories(host_.root + path);
    }
    fs::create_directories(other_.root);
    chmod((host_.root + "/var/lib/rolebridge").c_str(), 0700);
    Write("/etc/rolebridge/rolebridge.yaml", "url: https://sso.example.org\n");
    Write("/etc/rolebridge/saml.key", "the key", 0640);
    Write("/etc/rolebridge-pam.conf", "min_uid = 1000\n");
    Write("/etc/pam.d/rolebridge", "auth required pam_unix.so\n");
    Write("/etc/pam.d/rolebridge-mfa", "auth required pam_oath.so\n");
    Write("/etc/pam.d/login", "not ours");
    Write("/etc/systemd/system/rolebridge-issuer.service.d/ip.conf", "[Service]\n");
    Write("/etc/systemd/system/ssh.service.d/x.conf", "not ours");
    Write("/var/lib/rolebridge/name-id.key", "who is who", 0600);
    store_ = std::make_unique<rolebridge::testing::OpenedStore>(host_.root + "/var/lib/rolebridge",
                                                                clock_, random_);
    audit_key_.emplace(
        *store::AuditKey::Open(host_.root + "/var/lib/rolebridge/audit.key", clock_.now, random_));
    session_ = *store_->sessions->Create(
        {.username = "alice", .assurance = "password", .session_index = "_1"}, store_->Commit());
  }

  void Write(const std::string& path, const std::string& text, mode_t mode = 0644) {
    std::ofstream(host_.root + path) << text;
    chmod((host_.root + path).c_str(), mode);
  }
  static std::string Bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Result<Backup> Make() {
    crypto::SealRecipients recipients;
    recipients.passphrase = SecretString(kPassphrase);
    recipients.rounds = 1000;
    return MakeBackup(host_, file_, recipients, clock_.now, random_);
  }
  Result<Restored> PutBack(const Places& places, bool replaces = false,
                           const std::string& passphrase = kPassphrase) {
    crypto::SealOpener opener;
    opener.passphrase = SecretString(passphrase);
    return Restore(places, file_, opener, sha256_, replaces, clock_.now, random_);
  }
  // No scratch folder and no half file stays anywhere.
  void ExpectNothingLeftBehind() {
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      const std::string name = entry.path().filename();
      EXPECT_FALSE(name.starts_with(".rolebridge-") || name.ends_with(".partial")) << entry.path();
    }
  }

  const rolebridge::testing::TemporaryFolder folder_;
  const std::string file_ = folder_.path() + "/backup";
  Places host_;
  Places other_;
  rolebridge::testing::FakeClock clock_;
  SystemRandom random_;
  std::unique_ptr<rolebridge::testing::OpenedStore> store_;
  std::optional<store::AuditKey> audit_key_;
  SecretString session_;
  std::string sha256_;  // that a restore is told; empty: none
};

TEST_F(BackupTest, AnotherHostBecomesThisOne) {
  const auto made = Make();  // while the store is in use
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(std::count(made->names.begin(), made->names.end(), "etc/pam.d/rolebridge-mfa"), 1);
  const auto restored = PutBack(other_);
  ASSERT_TRUE(restored) << restored.error().message;
  for (const char* path :
       {"/etc/rolebridge/rolebridge.yaml", "/etc/rolebridge/saml.key", "/etc/rolebridge-pam.conf",
        "/etc/pam.d/rolebridge", "/etc/pam.d/rolebridge-mfa",
        "/etc/systemd/system/rolebridge-issuer.service.d/ip.conf",
        "/var/lib/rolebridge/name-id.key", "/var/lib/rolebridge/audit.key"}) {
    EXPECT_EQ(Bytes(other_.root + path), Bytes(host_.root + path)) << path;
    EXPECT_EQ(fs::status(other_.root + path).permissions(),
              fs::status(host_.root + path).permissions())
        << path;
  }
  EXPECT_FALSE(fs::exists(other_.root + "/etc/pam.d/login"));
  EXPECT_FALSE(fs::exists(other_.root + "/etc/systemd/system/ssh.service.d"));
  EXPECT_TRUE(restored->aside.empty());
  ExpectNothingLeftBehind();
}

TEST_F(BackupTest, NobodyIsLoggedInByABackup) {
  ASSERT_TRUE(Make());
  ASSERT_TRUE(store_->sessions->Use(session_.Reveal()));
  const auto restored = PutBack(other_);
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->sessions, 1);
  rolebridge::testing::OpenedStore reopened(other_.root + "/var/lib/rolebridge", clock_, random_);
  EXPECT_FALSE(reopened.sessions->Use(session_.Reveal()));
}

TEST_F(BackupTest, WhatIsThereIsMovedAsideAndOnlyWhenAsked) {
  ASSERT_TRUE(Make());
  store_.reset();
  Write("/etc/rolebridge/saml.key", "another key", 0640);
  const auto refused = PutBack(host_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("--replace"), std::string::npos);
  EXPECT_EQ(Bytes(host_.root + "/etc/rolebridge/saml.key"), "another key");
  ExpectNothingLeftBehind();
  const auto restored = PutBack(host_, /*replaces=*/true);
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(Bytes(host_.root + "/etc/rolebridge/saml.key"), "the key");
  ASSERT_EQ(restored->aside.size(), restored->files.size());
  EXPECT_EQ(Bytes(restored->aside.front() + "/saml.key"), "another key");
}

TEST_F(BackupTest, AnEmptyFolderOfThePackageIsNotInTheWay) {
  ASSERT_TRUE(Make());
  fs::create_directories(other_.root + "/etc/rolebridge");
  fs::create_directories(other_.root + "/var/lib/rolebridge");
  EXPECT_TRUE(PutBack(other_));
}

TEST_F(BackupTest, ThePackagesOwnFilesOnANewHostAreNotInTheWay) {
  ASSERT_TRUE(Make());
  const std::string stack = other_.root + "/etc/pam.d/rolebridge";
  fs::create_directories(other_.root + "/etc/pam.d");
  std::ofstream(stack) << "auth required pam_unix.so\n";
  const auto restored = PutBack(other_);
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_TRUE(restored->aside.empty());
  EXPECT_EQ(std::count(restored->files.begin(), restored->files.end(), stack), 0);
}

TEST_F(BackupTest, AFileThatDiffersIs) {
  ASSERT_TRUE(Make());
  fs::create_directories(other_.root + "/etc/pam.d");
  std::ofstream(other_.root + "/etc/pam.d/rolebridge") << "auth required pam_unix.so \n";
  EXPECT_FALSE(PutBack(other_));
}

TEST_F(BackupTest, NotUnderARunningIssuer) {
  ASSERT_TRUE(Make());
  const auto refused = PutBack(host_, /*replaces=*/true);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("stop rolebridge.target"), std::string::npos);
  EXPECT_TRUE(store_->sessions->Use(session_.Reveal()));
}

TEST_F(BackupTest, AWrongPassphraseOrAChangedFileLeavesAllAsItWas) {
  ASSERT_TRUE(Make());
  EXPECT_FALSE(PutBack(other_, false, "correct horse staple"));
  std::string bytes = Bytes(file_);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(file_, std::ios::binary) << bytes;
  const auto refused = PutBack(other_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
  EXPECT_FALSE(fs::exists(other_.root + "/etc/rolebridge"));
  EXPECT_FALSE(fs::exists(other_.root + "/var/lib/rolebridge"));
  ExpectNothingLeftBehind();
}

TEST_F(BackupTest, AnotherFileThanTheOneThatWasMadeIsRefused) {
  const auto made = Make();
  ASSERT_TRUE(made);
  sha256_ = std::string(64, '0');
  EXPECT_FALSE(PutBack(other_));
  EXPECT_FALSE(fs::exists(other_.root + "/etc/rolebridge"));
  sha256_ = made->sha256;
  EXPECT_TRUE(PutBack(other_));
}

TEST_F(BackupTest, ItsScratchIsNowhereWhereTheIssuersUserMayWrite) {
  // In the state folder that user could put another folder in its place.
  const std::string state = host_.root + "/var/lib/rolebridge";
  const auto before = fs::last_write_time(state);
  ASSERT_TRUE(Make());
  EXPECT_EQ(fs::last_write_time(state), before);
}

TEST_F(BackupTest, AMoveThatFailsUndoesThoseBeforeIt) {
  ASSERT_TRUE(Make());
  // What is to come at the place of rolebridge-pam.conf can't be put there: a file is its folder.
  fs::create_directories(other_.root + "/etc");
  std::ofstream(other_.root + "/etc/pam.d") << "a file";
  EXPECT_FALSE(PutBack(other_));
  EXPECT_FALSE(fs::exists(other_.root + "/etc/rolebridge"));
  EXPECT_FALSE(fs::exists(other_.root + "/etc/rolebridge-pam.conf"));
  ExpectNothingLeftBehind();
}

TEST_F(BackupTest, NeverOverAFileAndNotWithoutAConfiguration) {
  std::ofstream(file_) << "precious";
  EXPECT_FALSE(Make());
  EXPECT_EQ(Bytes(file_), "precious");
  fs::remove(file_);
  fs::remove(host_.root + "/etc/rolebridge/rolebridge.yaml");
  EXPECT_FALSE(Make());
  EXPECT_FALSE(fs::exists(file_));
  ExpectNothingLeftBehind();
}

TEST_F(BackupTest, IsReadableByItsOwnerAlone) {
  ASSERT_TRUE(Make());
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(Bytes(file_).find("the key"), std::string::npos);
}

}  // namespace
}  // namespace rolebridge::backup
