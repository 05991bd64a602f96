#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "bridge/base/clock.h"

namespace rolebridge::issuer {

// Whether the wall clock may be believed: an assertion that is valid next year is a key handed out
// (security.md O8). Safe to call from several threads.
class ClockGuard {
 public:
  explicit ClockGuard(const Clock& clock);

  // Why nothing may be issued now, or nothing where all is well. The wall clock may drift against
  // the time since boot as a time service slews it; a step of more than a minute between two calls
  // is refused until this process is started again. `require_synchronised`: the key of that name.
  std::optional<std::string> Objection(bool require_synchronised);

 private:
  std::chrono::milliseconds Offset() const;

  const Clock& clock_;
  std::mutex mutex_;
  std::chrono::milliseconds offset_;  // wall clock minus time since boot, as last believed
  bool stepped_ = false;
};

}  // namespace rolebridge::issuer
