#include "bridge/store/seen_requests.h"

#include <utility>

namespace rolebridge::store {
namespace {

constexpr auto kKept = std::chrono::minutes(15);
constexpr size_t kMaxSeen = 100'000;

}  // namespace

Result<std::unique_ptr<SeenRequests>> SeenRequests::Open(Store& store, const Clock& clock) {
  std::unique_ptr<SeenRequests> requests(new SeenRequests(clock));
  const Result<void> read = store.Read([&](Database& database) {
    return database.ForEach(
        "SELECT application, request_id FROM seen_requests WHERE seen > ?",
        [&](const Row& row) {
          requests->seen_.emplace(Key(row.Bytes(0), row.Bytes(1)), clock.SinceBoot());
          return true;
        },
        (clock.Now() - kKept).time_since_epoch().count());
  });
  if (!read) return read.error();
  return requests;
}

std::optional<Change> SeenRequests::Take(const std::string& application,
                                         const std::string& request_id) {
  const std::lock_guard lock(mutex_);
  const BootTime now = clock_.SinceBoot();
  std::erase_if(seen_, [&](const auto& entry) { return now - entry.second >= kKept; });
  if (seen_.size() >= kMaxSeen) return std::nullopt;
  if (!seen_.emplace(Key(application, request_id), now).second) return std::nullopt;
  return [application, request_id,
          seen = clock_.Now().time_since_epoch().count()](Database& database) -> Result<void> {
    const int64_t past = seen - std::chrono::seconds(kKept).count();
    Result<void> done = database.Execute("DELETE FROM seen_requests WHERE seen <= ?", past);
    if (!done) return done;
    return database.Execute("INSERT OR REPLACE INTO seen_requests VALUES(?, ?, ?)", application,
                            request_id, seen);
  };
}

void SeenRequests::GiveBack(const std::string& application, const std::string& request_id) {
  const std::lock_guard lock(mutex_);
  seen_.erase(Key(application, request_id));
}

}  // namespace rolebridge::store
