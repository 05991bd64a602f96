#include "bridge/base/private_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace rolebridge {
namespace {

class PrivateFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/rolebridge-file-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text, mode_t mode) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }

  std::string folder_;
};

TEST_F(PrivateFileTest, ReadsASecretThatOthersCannotRead) {
  for (const mode_t mode : {0600U, 0400U, 0440U, 0640U}) {
    const Result<SecretString> secret = ReadSecretFile(Write("key", "hunter2", mode));
    ASSERT_TRUE(secret) << std::oct << mode;
    EXPECT_EQ(secret->Reveal(), "hunter2");
  }
}

TEST_F(PrivateFileTest, RefusesASecretThatOthersCanRead) {
  for (const mode_t mode : {0644U, 0604U, 0660U, 0601U}) {
    const Result<SecretString> secret = ReadSecretFile(Write("key", "hunter2", mode));
    ASSERT_FALSE(secret) << std::oct << mode;
    EXPECT_EQ(secret.error().code, ErrorCode::kPermissionDenied);
    EXPECT_EQ(secret.error().message.find("hunter2"), std::string::npos);
  }
}

TEST_F(PrivateFileTest, RefusesLinksFifosFoldersAndForeignOwners) {
  const std::string key = Write("key", "hunter2", 0600);
  const std::string link = folder_ + "/link";
  ASSERT_EQ(symlink(key.c_str(), link.c_str()), 0);
  EXPECT_FALSE(ReadSecretFile(link));
  const std::string fifo = folder_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(ReadSecretFile(fifo));
  EXPECT_FALSE(ReadSecretFile(folder_));
  const Result<SecretString> absent = ReadSecretFile(folder_ + "/absent");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(key.c_str(), 12345, 0), 0);
    EXPECT_FALSE(ReadSecretFile(key));
  }
}

TEST_F(PrivateFileTest, RefusesAConfigurationThatOthersCanWrite) {
  EXPECT_TRUE(ReadConfigFile(Write("c", "x", 0644), 16));
  EXPECT_FALSE(ReadConfigFile(Write("c", "x", 0664), 16));
  EXPECT_FALSE(ReadConfigFile(Write("c", "x", 0646), 16));
}

TEST_F(PrivateFileTest, ReadsUpToTheMaximum) {
  EXPECT_TRUE(ReadConfigFile(Write("c", std::string(16, 'x'), 0644), 16));
  const Result<std::string> longer = ReadConfigFile(Write("c", std::string(17, 'x'), 0644), 16);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, ErrorCode::kResourceExhausted);
}

}  // namespace
}  // namespace rolebridge
