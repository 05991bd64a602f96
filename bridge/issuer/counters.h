#pragma once

#include <atomic>
#include <cstdint>

namespace rolebridge::issuer {

// What this process has done since it started; for status and metrics.
struct Counters {
  std::atomic<uint64_t> logins{0};
  std::atomic<uint64_t> refusals{0};  // of logins
  std::atomic<uint64_t> responses{0};
};

}  // namespace rolebridge::issuer
