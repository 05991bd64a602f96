#include "bridge/issuer/state_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace rolebridge::issuer {
namespace {

class StateKeysTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/rolebridge-state-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  SystemRandom random_;
  std::string folder_;
};

TEST_F(StateKeysTest, AreTheSameAfterARestartAndDifferFromEachOther) {
  const Result<StateKeys> first = LoadStateKeys(folder_, random_);
  const Result<StateKeys> second = LoadStateKeys(folder_, random_);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(first->name_id.Reveal(), second->name_id.Reveal());
  EXPECT_EQ(first->sealing.Reveal(), second->sealing.Reveal());
  EXPECT_EQ(first->names.Reveal(), second->names.Reveal());
  EXPECT_NE(first->name_id.Reveal(), first->sealing.Reveal());
  EXPECT_NE(first->name_id.Reveal(), first->names.Reveal());
  EXPECT_EQ(first->name_id.size(), 32U);
}

TEST_F(StateKeysTest, RefusesAKeyThatOthersCanReadOrThatIsCut) {
  ASSERT_TRUE(LoadStateKeys(folder_, random_));
  const std::string path = folder_ + "/sealing.key";
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_FALSE(LoadStateKeys(folder_, random_));
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_TRUE(LoadStateKeys(folder_, random_));
  std::filesystem::resize_file(path, 31);
  EXPECT_FALSE(LoadStateKeys(folder_, random_));
}

TEST_F(StateKeysTest, RefusesAFolderThatIsNotThere) {
  const Result<StateKeys> keys = LoadStateKeys(folder_ + "/absent", random_);
  ASSERT_FALSE(keys);
  EXPECT_NE(keys.error().message.find("/absent/"), std::string::npos);
}

}  // namespace
}  // namespace rolebridge::issuer
