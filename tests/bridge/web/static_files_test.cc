#include "bridge/web/static_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace rolebridge::web {
namespace {

class StaticFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "rolebridge-static-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }

  std::filesystem::path folder_;
};

TEST_F(StaticFilesTest, NamesAFileAfterItsBytes) {
  Write("a.css", "one");
  Write("notes.txt", "not served");
  auto files = LoadStaticFiles(folder_.string());
  ASSERT_TRUE(files.has_value());
  ASSERT_EQ(files->size(), 1u);
  const std::string before = files->front().path;
  EXPECT_TRUE(before.starts_with("/static/a."));
  EXPECT_EQ(files->front().content_type, "text/css; charset=utf-8");
  Write("a.css", "two");
  files = LoadStaticFiles(folder_.string());
  ASSERT_TRUE(files.has_value());
  EXPECT_NE(files->front().path, before);
}

TEST_F(StaticFilesTest, RefusesStrangeNamesAndGreatFiles) {
  Write("a b.css", "x");
  EXPECT_FALSE(LoadStaticFiles(folder_.string()).has_value());
  std::filesystem::remove(folder_ / "a b.css");
  Write("a.png", std::string(192 * 1024, 'x'));
  EXPECT_TRUE(LoadStaticFiles(folder_.string()).has_value());
  Write("a.png", std::string(192 * 1024 + 1, 'x'));
  EXPECT_FALSE(LoadStaticFiles(folder_.string()).has_value());
  EXPECT_FALSE(LoadStaticFiles((folder_ / "absent").string()).has_value());
}

}  // namespace
}  // namespace rolebridge::web
