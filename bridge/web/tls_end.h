#pragma once

#include <atomic>
#include <optional>

#include "bridge/base/certificate_notice.h"
#include "bridge/base/clock.h"

namespace rolebridge::web {

// Until when the certificate that browsers see is valid: the front tells it, /metrics and the
// journal show it.
class TlsEnd {
 public:
  explicit TlsEnd(const Clock& clock) : notice_(clock) {}

  // For one thread; cheap. Warns in the journal as CertificateNotice does; returns whether it did.
  bool Tell(SysSeconds not_after);
  // Safe to call from several threads. Nothing where there is no TLS here.
  std::optional<SysSeconds> Get() const;

 private:
  static constexpr SysSeconds::rep kNone = 0;
  CertificateNotice notice_;
  std::atomic<SysSeconds::rep> seconds_ = kNone;
};

}  // namespace rolebridge::web
