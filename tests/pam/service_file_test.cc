#include "pam/service_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/pam/test_folder.h"

namespace rolebridge::pam {
namespace {

class ServiceFileTest : public testing::Test {
 protected:
  Result<std::vector<StackLine>> Read(const std::string& text) {
    folder_.Write("rolebridge", text);
    return ReadServiceFile(folder_.path(), "rolebridge");
  }
  std::string MistakeIn(const std::string& text) {
    const auto lines = Read(text);
    return lines ? "" : lines.error().message;
  }
  TestFolder folder_;
};

TEST_F(ServiceFileTest, TheShippedFileIsSound) {
  const std::string text = ReadFile(std::string(ROLEBRIDGE_SOURCE_DIR) + "/etc/pam.d/rolebridge");
  const auto lines = Read(text);
  ASSERT_TRUE(lines) << lines.error().message;
  // P3, P4: nothing in it lets anybody in without a password.
  for (const StackLine& line : *lines) {
    EXPECT_TRUE(line.module == "pam_unix.so" || line.module == "pam_nologin.so") << line.module;
    for (const std::string& argument : line.arguments) EXPECT_NE(argument, "nullok");
  }
}

TEST_F(ServiceFileTest, ReadsTypeControlModuleAndArguments) {
  const auto lines = Read(
      "# comment\n"
      "auth [success=1 default=ignore] pam_unix.so  try_first_pass\tnodelay # more\n"
      "-Account required \\\n   pam_sss.so\n");
  ASSERT_TRUE(lines) << lines.error().message;
  ASSERT_EQ(lines->size(), 2U);
  EXPECT_EQ((*lines)[0].type, "auth");
  EXPECT_EQ((*lines)[0].control, "[success=1 default=ignore]");
  EXPECT_EQ((*lines)[0].module, "pam_unix.so");
  EXPECT_EQ((*lines)[0].arguments, (std::vector<std::string>{"try_first_pass", "nodelay"}));
  EXPECT_EQ((*lines)[0].line, 2U);
  EXPECT_EQ((*lines)[1].type, "account");
  EXPECT_EQ((*lines)[1].module, "pam_sss.so");
}

TEST_F(ServiceFileTest, FollowsIncludes) {
  folder_.Write("common-auth", "auth required pam_unix.so nullok\n");
  folder_.Write("both", "auth required pam_a.so\naccount required pam_b.so\n");
  const auto lines = Read("@include common-auth\nauth substack both\naccount include both\n");
  ASSERT_TRUE(lines) << lines.error().message;
  ASSERT_EQ(lines->size(), 3U);
  EXPECT_EQ((*lines)[0].file, folder_ / "common-auth");
  EXPECT_EQ((*lines)[1].module, "pam_a.so");
  EXPECT_EQ((*lines)[2].module, "pam_b.so");
}

TEST_F(ServiceFileTest, AnIncludeThatBringsNoLineOfItsTypeCountsForNothing) {
  folder_.Write("empty", "session required pam_a.so\n");
  EXPECT_NE(MistakeIn("auth include empty\naccount required pam_unix.so\n").find("no auth line"),
            std::string::npos);
}

TEST_F(ServiceFileTest, DemandsAuthAndAccount) {
  EXPECT_NE(MistakeIn("auth required pam_unix.so\n").find("no account line"), std::string::npos);
  EXPECT_NE(MistakeIn("account required pam_unix.so\n").find("no auth line"), std::string::npos);
  EXPECT_NE(MistakeIn("#auth required pam_unix.so\n#account required pam_unix.so\n"), "");
}

TEST_F(ServiceFileTest, RefusesWhatPamConfDoesNotKnow) {
  const std::string sound = "auth required pam_unix.so\naccount required pam_unix.so\n";
  EXPECT_EQ(MistakeIn(sound), "");
  for (const char* line : {"authh required pam_unix.so", "auth required", "auth", "@include",
                           "auth include", "@include ../common-auth", "auth include /etc/pam.d/x",
                           "@include no-such-file", "auth [success=ok pam_unix.so"}) {
    EXPECT_NE(MistakeIn(sound + line), "") << line;
  }
  EXPECT_EQ(MistakeIn(sound + "authh required pam_unix.so"),
            (folder_ / "rolebridge") + ":3: 'authh' is no type of pam.conf(5)");
}

TEST_F(ServiceFileTest, EndsAtIncludesInACircleOrWithoutEnd) {
  EXPECT_NE(MistakeIn("@include rolebridge\n").find("16 deep"), std::string::npos);
  folder_.Write("twice", "@include leaf\n@include leaf\n@include leaf\n@include leaf\n");
  folder_.Write("leaf", "auth required pam_unix.so\n");
  std::string many;
  for (int i = 0; i < 20; ++i) many += "@include twice\n";
  EXPECT_NE(MistakeIn(many).find("64 files"), std::string::npos);
}

TEST_F(ServiceFileTest, AnIncludedFileHasToBeRootsAloneToo) {
  folder_.Write("loose", "auth required pam_permit.so\n", 0666);
  EXPECT_NE(MistakeIn("@include loose\naccount required pam_unix.so\n").find("writable"),
            std::string::npos);
}

TEST_F(ServiceFileTest, AMissingFileIsNotReplacedByOther) {
  folder_.Write("other", "auth required pam_permit.so\naccount required pam_permit.so\n");
  const auto lines = ReadServiceFile(folder_.path(), "rolebridge");
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace rolebridge::pam
