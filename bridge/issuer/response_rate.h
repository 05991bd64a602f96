#pragma once

#include <cstddef>
#include <deque>
#include <mutex>

#include "bridge/base/clock.h"

namespace rolebridge::issuer {

// How many responses left in the last minute, whoever they were for. Safe to call from several
// threads.
class ResponseRate {
 public:
  explicit ResponseRate(const Clock& clock) : clock_(clock) {}

  // Counts one more; false, and it does not count, where there were `most` already.
  bool Take(size_t most) {
    const std::lock_guard lock(mutex_);
    const BootTime now = clock_.SinceBoot();
    while (!last_minute_.empty() && now - last_minute_.front() >= std::chrono::minutes(1)) {
      last_minute_.pop_front();
    }
    if (last_minute_.size() >= most) return false;
    last_minute_.push_back(now);
    return true;
  }

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::deque<BootTime> last_minute_;
};

}  // namespace rolebridge::issuer
