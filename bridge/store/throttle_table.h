#pragma once

#include <cstdint>
#include <functional>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/store/store.h"

namespace rolebridge::store {

// One count of failed logins. `kind` and `slot` say of what; whose they are can't be told from
// them.
struct ThrottleCount {
  uint32_t kind = 0;
  uint32_t slot = 0;
  uint32_t failures = 0;
  SysSeconds last{};
};

// The counts of failed logins, across restarts.
class ThrottleTable {
 public:
  explicit ThrottleTable(Store& store) : store_(store) {}

  // Errors: kUnavailable, the store can't be read.
  Result<void> ForEach(const std::function<void(const ThrottleCount&)>& visit);

  // Goes along with the next commit, which is that of the attempt's own record.
  void Save(const ThrottleCount& count);

 private:
  Store& store_;
};

}  // namespace rolebridge::store
