#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bridge/base/clock.h"

namespace rolebridge {

// From then on before its end, people are told of a certificate every day.
inline constexpr std::chrono::days kCertificateNotice{60};

struct EndingCertificate {
  std::string kind;  // "signing", "tls"
  std::string key;   // its name among others of the kind; empty where there is one
  std::string state;
  std::string sha256;  // in hex; empty where it is not known
  SysSeconds not_after{};

  bool operator==(const EndingCertificate&) const = default;
};

// Whole days until `not_after`, negative after it.
long DaysLeft(SysSeconds not_after, SysSeconds now);

// Tells the journal of certificates that end soon (certificate_ends) or have ended
// (certificate_ended): when it sees others than before, and once a day. For one thread.
class CertificateNotice {
 public:
  explicit CertificateNotice(const Clock& clock) : clock_(clock) {}

  // Cheap: may be called every few seconds. Returns how many it told of.
  size_t Look(const std::vector<EndingCertificate>& certificates);

 private:
  const Clock& clock_;
  std::vector<EndingCertificate> seen_;
  std::optional<BootTime> told_;
};

}  // namespace rolebridge
