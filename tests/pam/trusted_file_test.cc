#include "pam/trusted_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/pam/test_folder.h"

namespace rolebridge::pam {
namespace {

constexpr uid_t kSomebody = 65534;

class TrustedFileTest : public testing::Test {
 protected:
  void ExpectRefused(const std::string& path, const std::string& part_of_message) {
    const auto text = ReadTrustedFile(path);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, ErrorCode::kPermissionDenied);
    EXPECT_NE(text.error().message.find(part_of_message), std::string::npos)
        << text.error().message;
  }
  TestFolder folder_;
};

TEST_F(TrustedFileTest, ReadsAFileOfRoot) {
  const auto text = ReadTrustedFile(folder_.Write("file", "text\n"));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "text\n");
}

TEST_F(TrustedFileTest, RefusesAFileThatOthersMayWrite) {
  ExpectRefused(folder_.Write("group", "x", 0664), "chmod go-w");
  ExpectRefused(folder_.Write("others", "x", 0646), "chmod go-w");
}

TEST_F(TrustedFileTest, RefusesSomebodyElsesFile) {
  const std::string path = folder_.Write("file", "x");
  ASSERT_EQ(chown(path.c_str(), kSomebody, 0), 0);
  ExpectRefused(path, "chown it to root");
}

TEST_F(TrustedFileTest, RefusesASymbolicLink) {
  folder_.Write("file", "x");
  ASSERT_EQ(symlink("file", (folder_ / "link").c_str()), 0);
  ExpectRefused(folder_ / "link", "symbolic link");
}

TEST_F(TrustedFileTest, RefusesAFifoWithoutWaitingForItsWriter) {
  ASSERT_EQ(mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  ExpectRefused(folder_ / "fifo", "no regular file");
}

TEST_F(TrustedFileTest, RefusesAFolderThatOthersMayWrite) {
  const std::string path = folder_.Write("pam.d/file", "x");
  chmod((folder_ / "pam.d").c_str(), 0777);
  ExpectRefused(path, "pam.d: is writable");
}

TEST_F(TrustedFileTest, RefusesMoreThan64KiB) {
  EXPECT_TRUE(ReadTrustedFile(folder_.Write("most", std::string(64 * 1024, 'x'))));
  const auto text = ReadTrustedFile(folder_.Write("more", std::string(64 * 1024 + 1, 'x')));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::kResourceExhausted);
}

// The kernel says 0 bytes of this one, and it has some: as a file does that grows meanwhile.
TEST_F(TrustedFileTest, TakesNoPartOfAFileForTheWhole) {
  const auto text = ReadTrustedFile("/proc/version");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(text.error().message.find("changed"), std::string::npos) << text.error().message;
}

TEST_F(TrustedFileTest, TellsAMissingFileFromARefusedOne) {
  const auto text = ReadTrustedFile(folder_ / "none");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace rolebridge::pam
