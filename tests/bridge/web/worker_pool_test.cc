#include "bridge/web/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace rolebridge::web {
namespace {

TEST(WorkerPoolTest, RefusesWhatIsAboveWorkersAndQueue) {
  std::atomic<int> done = 0;
  {
    WorkerPool pool(2, 3);
    std::promise<void> gate;
    const std::shared_future<void> opened = gate.get_future().share();
    for (int i = 0; i < 5; ++i) {
      EXPECT_FALSE(pool.IsFull());
      EXPECT_TRUE(pool.TrySubmit([&done, opened] {
        opened.wait();
        ++done;
      }));
    }
    EXPECT_TRUE(pool.IsFull());
    EXPECT_FALSE(pool.TrySubmit([&done] { done += 100; }));
    gate.set_value();
  }
  EXPECT_EQ(done, 5) << "what was taken is finished before the pool goes";
}

TEST(WorkerPoolTest, RunsJobsSideBySide) {
  WorkerPool pool(2, 1);
  std::promise<void> first;
  std::promise<void> second;
  // Each waits for the other: on one thread that would never end.
  ASSERT_TRUE(pool.TrySubmit([&] {
    first.set_value();
    second.get_future().wait();
  }));
  std::promise<void> met;
  ASSERT_TRUE(pool.TrySubmit([&] {
    first.get_future().wait();
    second.set_value();
    met.set_value();
  }));
  met.get_future().wait();
}

}  // namespace
}  // namespace rolebridge::web
