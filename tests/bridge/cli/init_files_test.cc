#include "bridge/cli/init_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace rolebridge::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class InitFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/rolebridge-init-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  FileWish Wish(const std::string& name, const std::string& text, mode_t mode = 0640) const {
    return {.path = Path(name), .contents = SecretString(text), .mode = mode, .group = getegid()};
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Put(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
    ASSERT_EQ(chmod(Path(name).c_str(), 0640), 0);
  }
  Result<FilePlan> Plan(std::vector<FileWish> wishes, bool may_replace = false) const {
    return PlanFiles({{Path("etc"), 0710, getegid()}}, std::move(wishes), may_replace);
  }
  std::vector<FileWish> Two(const std::string& first, const std::string& second) const {
    std::vector<FileWish> wishes;
    wishes.push_back(Wish("etc/a", first));
    wishes.push_back(Wish("b", second));
    return wishes;
  }
  mode_t ModeOf(const std::string& name) const {
    struct stat status {};
    return stat(Path(name).c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }
  size_t Count() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (entry.exists()) ++count;
    }
    return count;
  }

  std::string folder_;
};

TEST_F(InitFilesTest, WritesWithModesAndLeavesNothingBeside) {
  const auto plan = Plan(Two("one\n", "two\n"));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(Count(), 0U);  // planning changes nothing
  const auto done = CarryOut(*plan);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(Read("etc/a"), "one\n");
  EXPECT_EQ(ModeOf("etc/a"), 0640U);
  EXPECT_EQ(ModeOf("etc"), 0710U);
  EXPECT_EQ(Count(), 3U);
}

TEST_F(InitFilesTest, HasNothingToDoTheSecondTime) {
  ASSERT_TRUE(CarryOut(*Plan(Two("one\n", "two\n"))));
  const auto again = Plan(Two("one\n", "two\n"));
  ASSERT_TRUE(again);
  EXPECT_TRUE(ChangesNothing(*again));
}

TEST_F(InitFilesTest, LineEndBehindASecretIsNoOtherSecret) {
  Put("b", "two");
  EXPECT_EQ(Plan(Two("one\n", "two\n"))->files[1].fate, Fate::kKeep);
}

TEST_F(InitFilesTest, RefusesAllWhereOneHoldsSomethingElse) {
  Put("b", "mine\n");
  const auto refused = Plan(Two("secret one\n", "secret two\n"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("'" + Path("b") + "'"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("secret")));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("mine")));
  EXPECT_EQ(Count(), 1U);
}

TEST_F(InitFilesTest, ReplacesWhenToldSo) {
  Put("b", "mine\n");
  const auto plan = Plan(Two("one\n", "two\n"), true);
  ASSERT_TRUE(plan);
  std::ostringstream said;
  Describe(*plan, false, said);
  EXPECT_THAT(said.str(), HasSubstr("replace  " + Path("b")));
  ASSERT_TRUE(CarryOut(*plan));
  EXPECT_EQ(Read("b"), "two\n");
}

TEST_F(InitFilesTest, NeverReplacesAKey) {
  Put("b", "a key\n");
  std::vector<FileWish> wishes = Two("one\n", "another key\n");
  wishes[1].is_only_where_missing = true;
  const auto plan = Plan(std::move(wishes), true);
  ASSERT_TRUE(plan);
  ASSERT_TRUE(CarryOut(*plan));
  EXPECT_EQ(Read("b"), "a key\n");
}

TEST_F(InitFilesTest, GivesAKeptFileItsMode) {
  Put("b", "two\n");
  ASSERT_EQ(chmod(Path("b").c_str(), 0644), 0);
  const auto plan = Plan(Two("one\n", "two\n"));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->files[1].fate, Fate::kAdjust);
  ASSERT_TRUE(CarryOut(*plan));
  EXPECT_EQ(ModeOf("b"), 0640U);
}

TEST_F(InitFilesTest, LeavesAnAdministratorsFileAlone) {
  Put("b", "mine\n");
  ASSERT_EQ(chmod(Path("b").c_str(), 0600), 0);
  std::vector<FileWish> wishes = Two("one\n", "two\n");
  wishes[1].is_somebodys = true;
  const auto plan = Plan(std::move(wishes), true);
  ASSERT_TRUE(plan);
  ASSERT_TRUE(CarryOut(*plan));
  EXPECT_EQ(Read("b"), "mine\n");
  EXPECT_EQ(ModeOf("b"), 0600U);
}

TEST_F(InitFilesTest, FollowsNoSymbolicLink) {
  Put("elsewhere", "two\n");
  std::filesystem::create_symlink(Path("elsewhere"), Path("b"));
  const auto refused = Plan(Two("one\n", "two\n"), true);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("no regular file"));
}

TEST_F(InitFilesTest, OverwritesNothingThatAppearsMeanwhileAndTakesTheRestAway) {
  const auto plan = Plan(Two("one\n", "two\n"));
  ASSERT_TRUE(plan);
  Put("b", "appeared\n");
  const auto refused = CarryOut(*plan);
  ASSERT_FALSE(refused);
  EXPECT_EQ(Read("b"), "appeared\n");
  EXPECT_EQ(Count(), 1U);
}

// A configuration that names new keys must not outlive them.
TEST_F(InitFilesTest, ReplacesNothingWhereAFileCanNotBeAdjusted) {
  Put("b", "mine\n");
  Put("c", "kept\n");
  ASSERT_EQ(chmod(Path("c").c_str(), 0644), 0);
  std::vector<FileWish> wishes = Two("a new key\n", "two\n");
  wishes.push_back(Wish("c", "kept\n"));
  const auto plan = Plan(std::move(wishes), true);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->files[2].fate, Fate::kAdjust);
  std::filesystem::remove(Path("c"));
  const auto refused = CarryOut(*plan);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr(Path("c")));
  EXPECT_EQ(Read("b"), "mine\n");
  EXPECT_EQ(Count(), 1U);
}

TEST_F(InitFilesTest, TakesAllAwayWhereAFolderIsMissing) {
  std::vector<FileWish> wishes = Two("one\n", "two\n");
  wishes[1].path = Path("missing/b");
  const auto plan = Plan(std::move(wishes));
  ASSERT_TRUE(plan) << plan.error().message;
  const auto refused = CarryOut(*plan);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("missing/b"));
  EXPECT_EQ(Count(), 0U);
}

}  // namespace
}  // namespace rolebridge::cli
