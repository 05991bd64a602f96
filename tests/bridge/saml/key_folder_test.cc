#include "bridge/saml/key_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace rolebridge::saml {
namespace {

constexpr SysSeconds kThen = std::chrono::sys_days(std::chrono::year(2026) / 11 / 1);

class KeyFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/rolebridge-keys-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    path_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(path_); }

  std::string Read(const std::string& name) const {
    std::ifstream file(path_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  mode_t ModeOf(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(stat((path_ + "/" + name).c_str(), &status), 0) << name;
    return status.st_mode & 07777;
  }
  void Write(const std::string& name, const std::string& text, mode_t mode) const {
    std::ofstream(path_ + "/" + name) << text;
    ASSERT_EQ(chmod((path_ + "/" + name).c_str(), mode), 0);
  }
  std::string WhyNotOpen() const {
    const Result<KeyFolder> folder = KeyFolder::Open(path_);
    return folder ? "" : folder.error().message;
  }

  std::string path_;
};

TEST_F(KeyFolderTest, AnEmptyOneHasNoKeys) {
  const Result<KeyFolder> folder = KeyFolder::Open(path_);
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_TRUE(folder->states().keys().empty());
}

TEST_F(KeyFolderTest, ReadsWhatWasWritten) {
  {
    Result<KeyFolder> folder = KeyFolder::OpenToChange(path_);
    ASSERT_TRUE(folder);
    KeyStates states;
    ASSERT_TRUE(states.Add("one", kThen));
    ASSERT_TRUE(folder->Write(states));
    ASSERT_TRUE(states.Add("two", kThen));
    ASSERT_TRUE(folder->Write(states));
    EXPECT_EQ(folder->states().keys().size(), 2U);
  }
  const Result<KeyFolder> again = KeyFolder::Open(path_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->states().keys().size(), 2U);
  EXPECT_EQ(ModeOf("states"), 0644U);
  EXPECT_FALSE(std::filesystem::exists(path_ + "/states.new"));
}

TEST_F(KeyFolderTest, OneChangesItAtATimeAndReadersDoNotWait) {
  Result<KeyFolder> first = KeyFolder::OpenToChange(path_);
  ASSERT_TRUE(first);
  const Result<KeyFolder> second = KeyFolder::OpenToChange(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message,
            "'" + path_ + "': another 'rolebridge keys' is changing it; try again");
  EXPECT_TRUE(KeyFolder::Open(path_));
  first = Error{ErrorCode::kInternal, "closed"};
  EXPECT_TRUE(KeyFolder::OpenToChange(path_));
}

TEST_F(KeyFolderTest, AFileThatAKilledCommandLeftIsInNobodysWay) {
  Write("states.new", "half a li", 0600);
  Result<KeyFolder> folder = KeyFolder::OpenToChange(path_);
  ASSERT_TRUE(folder);
  KeyStates states;
  ASSERT_TRUE(states.Add("one", kThen));
  ASSERT_TRUE(folder->Write(states));
  EXPECT_EQ(Read("states"), states.Text());
}

TEST_F(KeyFolderTest, NewFilesAreClosedToOthersAndOverwriteNothing) {
  Result<KeyFolder> folder = KeyFolder::OpenToChange(path_);
  ASSERT_TRUE(folder);
  ASSERT_TRUE(folder->AddFiles("one", "certificate", SecretString("key")));
  EXPECT_EQ(ModeOf("one.key"), 0640U);
  EXPECT_EQ(ModeOf("one.crt"), 0644U);
  EXPECT_EQ(Read("one.key"), "key");
  const Result<void> again = folder->AddFiles("one", "other", SecretString("other"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "'" + path_ + "/one.key': File exists; nothing was overwritten");
  EXPECT_EQ(Read("one.key"), "key");

  Write("two.crt", "somebody's", 0644);
  EXPECT_FALSE(folder->AddFiles("two", "certificate", SecretString("key")));
  EXPECT_FALSE(std::filesystem::exists(path_ + "/two.key")) << "no key without its certificate";
  EXPECT_EQ(Read("two.crt"), "somebody's");
}

TEST_F(KeyFolderTest, DeletesAKeyOnce) {
  Result<KeyFolder> folder = KeyFolder::OpenToChange(path_);
  ASSERT_TRUE(folder);
  ASSERT_TRUE(folder->AddFiles("one", "certificate", SecretString("key")));
  EXPECT_TRUE(*folder->DeleteKey("one"));
  EXPECT_FALSE(*folder->DeleteKey("one"));
  EXPECT_EQ(Read("one.crt"), "certificate");
}

TEST_F(KeyFolderTest, RefusesWhatOthersCouldHaveWritten) {
  for (const mode_t mode : {0770U, 0707U, 0722U}) {
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    EXPECT_EQ(WhyNotOpen(),
              "'" + path_ + "': can be written by its group or by others; chmod go-w");
  }
  ASSERT_EQ(chmod(path_.c_str(), 0700), 0);
  Write("states", "", 0664);
  EXPECT_NE(WhyNotOpen().find("can be written by its group"), std::string::npos);
  Write("states", std::string(16 * 1024 + 1, '#'), 0644);
  EXPECT_NE(WhyNotOpen().find("is larger than 16384 bytes"), std::string::npos);
  std::filesystem::remove(path_ + "/states");
  ASSERT_EQ(symlink("/etc/hostname", (path_ + "/states").c_str()), 0);
  EXPECT_NE(WhyNotOpen().find("is a symbolic link"), std::string::npos);
}

TEST_F(KeyFolderTest, RefusesWhatIsNoFolder) {
  EXPECT_EQ(KeyFolder::Open(path_ + "/none").error().code, ErrorCode::kNotFound);
  Write("file", "", 0600);
  EXPECT_FALSE(KeyFolder::Open(path_ + "/file"));
  ASSERT_EQ(symlink(path_.c_str(), (path_ + "/link").c_str()), 0);
  EXPECT_FALSE(KeyFolder::Open(path_ + "/link"));
}

TEST_F(KeyFolderTest, NamesFileAndLineOfWhatIsWrong) {
  Write("states", "a active yesterday\n", 0644);
  EXPECT_EQ(WhyNotOpen(), path_ +
                              "/states:1: 'yesterday' is no instant; write it like "
                              "2026-01-31T10:05:00Z");
}

}  // namespace
}  // namespace rolebridge::saml
