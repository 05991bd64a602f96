#include "bridge/issuer/unasked_logins.h"

#include <utility>

#include "bridge/issuer/throttle.h"

namespace rolebridge::issuer {
namespace {

constexpr auto kQuiet = std::chrono::minutes(1);
constexpr auto kKept = std::chrono::minutes(10);
constexpr size_t kMaxPlaces = 10'000;

}  // namespace

std::optional<uint32_t> UnaskedLogins::Count(std::string_view stage,
                                             std::string_view client_address) {
  const BootTime now = clock_.SinceBoot();
  const std::lock_guard lock(mutex_);
  std::erase_if(unasked_, [&](const auto& entry) { return now - entry.second.recorded >= kKept; });
  const std::string key = std::string(stage) + NetworkOf(std::string(client_address), 24, 48);
  if (!unasked_.contains(key) && unasked_.size() >= kMaxPlaces) return std::nullopt;
  Unasked& unasked = unasked_[key];
  if (unasked.has_record && now - unasked.recorded < kQuiet) {
    ++unasked.others;
    return std::nullopt;
  }
  unasked.has_record = true;
  unasked.recorded = now;
  return std::exchange(unasked.others, 0);
}

}  // namespace rolebridge::issuer
