#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rolebridge::web {

// A fixed number of threads and a bounded queue before them. A job must not throw.
class WorkerPool {
 public:
  // `waiting`: how many jobs may wait beyond those that run.
  WorkerPool(size_t workers, size_t waiting);
  // Finishes what was submitted.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False where the queue is full; `job` is then not taken.
  [[nodiscard]] bool TrySubmit(std::function<void()> job);
  // True where TrySubmit would refuse now.
  bool IsFull() const;

 private:
  void Work();

  const size_t capacity_;  // running and waiting
  mutable std::mutex mutex_;
  std::condition_variable job_ready_;
  std::deque<std::function<void()>> jobs_;
  size_t running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rolebridge::web
