#include "bridge/issuer/clock_guard.h"

#include "bridge/base/version.h"

namespace rolebridge::issuer {
namespace {

constexpr std::chrono::milliseconds kLargestStep = std::chrono::seconds(60);

}  // namespace

ClockGuard::ClockGuard(const Clock& clock) : clock_(clock), offset_(Offset()) {}

std::chrono::milliseconds ClockGuard::Offset() const {
  return clock_.Now().time_since_epoch() - clock_.SinceBoot();
}

std::optional<std::string> ClockGuard::Objection(bool require_synchronised) {
  if (clock_.Now() < kReleasedAt) {
    return "the clock says " + FormatUtc(clock_.Now()) +
           ", which is before this version was released; set it";
  }
  {
    const std::lock_guard lock(mutex_);
    const auto offset = Offset();
    if (std::chrono::abs(offset - offset_) > kLargestStep) stepped_ = true;
    if (!stepped_) offset_ = offset;
    if (stepped_) {
      return "the clock was set by more than a minute; if it is right now, confirm it by "
             "restarting rolebridge-issuer";
    }
  }
  if (require_synchronised && !clock_.IsSynchronised()) {
    return "the kernel says that the clock follows no time source; start a time service (chrony, "
           "systemd-timesyncd), or set clock.require_synchronised: false";
  }
  return std::nullopt;
}

}  // namespace rolebridge::issuer
