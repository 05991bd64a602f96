#include "bridge/store/seen_requests.h"

#include <gtest/gtest.h>

#include "tests/support/fakes.h"
#include "tests/support/opened_store.h"

namespace rolebridge::store {
namespace {

using rolebridge::testing::OpenedStore;
using std::chrono::minutes;

class SeenRequestsTest : public ::testing::Test {
 protected:
  SeenRequestsTest() { Start(); }
  void Start() {
    opened_.reset();
    opened_ = std::make_unique<OpenedStore>(folder_.path(), clock_, random_);
  }
  bool Answer(const std::string& application, const std::string& id) {
    std::optional<Change> change = opened_->seen_requests->Take(application, id);
    return change && opened_->store->Commit({*std::move(change)});
  }

  rolebridge::testing::FakeClock clock_;
  SystemRandom random_;
  rolebridge::testing::TemporaryFolder folder_;
  std::unique_ptr<OpenedStore> opened_;
};

TEST_F(SeenRequestsTest, AnswersEachOncePerApplication) {
  EXPECT_TRUE(Answer("aws", "_1"));
  EXPECT_FALSE(Answer("aws", "_1"));
  EXPECT_TRUE(Answer("aws", "_2"));
  EXPECT_TRUE(Answer("wiki", "_1"));
}

TEST_F(SeenRequestsTest, RemembersAcrossARestart) {
  EXPECT_TRUE(Answer("aws", "_1"));
  Start();
  EXPECT_FALSE(Answer("aws", "_1"));
  EXPECT_TRUE(Answer("aws", "_2"));
}

TEST_F(SeenRequestsTest, ForgetsAfterFifteenMinutes) {
  EXPECT_TRUE(Answer("aws", "_1"));
  clock_.Advance(minutes(14));
  EXPECT_FALSE(Answer("aws", "_1"));
  clock_.Advance(minutes(1));
  EXPECT_TRUE(Answer("aws", "_1"));
}

TEST_F(SeenRequestsTest, OneThatWasNotAnsweredMayBeAskedAgain) {
  EXPECT_TRUE(opened_->seen_requests->Take("aws", "_1"));
  opened_->seen_requests->GiveBack("aws", "_1");
  EXPECT_TRUE(Answer("aws", "_1"));
}

}  // namespace
}  // namespace rolebridge::store
