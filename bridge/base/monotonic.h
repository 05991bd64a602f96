#pragma once

#include <chrono>

namespace rolebridge {

// For measuring how long something took, and for nothing that is decided by it: that is Clock's.
inline std::chrono::nanoseconds MonotonicNow() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace rolebridge
