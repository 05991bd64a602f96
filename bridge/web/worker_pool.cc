#include "bridge/web/worker_pool.h"

#include <csignal>

#include <utility>

namespace rolebridge::web {

WorkerPool::WorkerPool(size_t workers, size_t waiting) : capacity_(workers + waiting) {
  // Threads inherit the mask: signals are for the I/O thread alone, so that none interrupts a
  // handler's system call.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (size_t i = 0; i < workers; ++i) threads_.emplace_back([this] { Work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  job_ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::TrySubmit(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (running_ + jobs_.size() >= capacity_) return false;
    jobs_.push_back(std::move(job));
  }
  job_ready_.notify_one();
  return true;
}

bool WorkerPool::IsFull() const {
  const std::lock_guard lock(mutex_);
  return running_ + jobs_.size() >= capacity_;
}

void WorkerPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    job_ready_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    ++running_;
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
    --running_;
  }
}

}  // namespace rolebridge::web
