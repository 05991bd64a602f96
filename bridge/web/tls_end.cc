#include "bridge/web/tls_end.h"

namespace rolebridge::web {

bool TlsEnd::Tell(SysSeconds not_after) {
  seconds_ = not_after.time_since_epoch().count();
  return notice_.Look(
             {{.kind = "tls", .key = "", .state = "", .sha256 = "", .not_after = not_after}}) > 0;
}

std::optional<SysSeconds> TlsEnd::Get() const {
  const SysSeconds::rep seconds = seconds_;
  if (seconds == kNone) return std::nullopt;
  return SysSeconds(std::chrono::seconds(seconds));
}

}  // namespace rolebridge::web
