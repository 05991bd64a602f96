#include "bridge/store/throttle_table.h"

namespace rolebridge::store {

Result<void> ThrottleTable::ForEach(const std::function<void(const ThrottleCount&)>& visit) {
  return store_.Read([&](Database& database) {
    return database.ForEach("SELECT kind, slot, failures, last FROM throttle", [&](const Row& row) {
      visit({.kind = static_cast<uint32_t>(row.Integer(0)),
             .slot = static_cast<uint32_t>(row.Integer(1)),
             .failures = static_cast<uint32_t>(row.Integer(2)),
             .last = SysSeconds(std::chrono::seconds(row.Integer(3)))});
      return true;
    });
  });
}

void ThrottleTable::Save(const ThrottleCount& count) {
  const std::string topic =
      "throttle " + std::to_string(count.kind) + " " + std::to_string(count.slot);
  store_.Post(topic, [count](Database& database) -> Result<void> {
    if (count.failures == 0) {
      return database.Execute("DELETE FROM throttle WHERE kind = ? AND slot = ?",
                              int64_t{count.kind}, int64_t{count.slot});
    }
    return database.Execute("INSERT OR REPLACE INTO throttle VALUES(?, ?, ?, ?)",
                            int64_t{count.kind}, int64_t{count.slot}, int64_t{count.failures},
                            int64_t{count.last.time_since_epoch().count()});
  });
}

}  // namespace rolebridge::store
