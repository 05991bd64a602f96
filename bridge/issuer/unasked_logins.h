#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/base/clock.h"

namespace rolebridge::issuer {

// Of a flood of logins that PAM never hears of, one record a minute and network tells how many
// there were: strangers must not be able to fill the disk. Safe to call from several threads.
class UnaskedLogins {
 public:
  explicit UnaskedLogins(const Clock& clock) : clock_(clock) {}

  // Counts one that ended at `stage`. How many others there were since the last one that was put on
  // record, where this one is to be; nothing where it is just counted.
  std::optional<uint32_t> Count(std::string_view stage, std::string_view client_address);

 private:
  struct Unasked {
    bool has_record = false;
    BootTime recorded{};
    uint32_t others = 0;  // since then
  };

  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Unasked> unasked_;  // by stage and network
};

}  // namespace rolebridge::issuer
