#include "bridge/base/certificate_notice.h"

#include <utility>

#include "bridge/base/log.h"

namespace rolebridge {
namespace {

constexpr std::chrono::hours kDaily{24};

void Tell(const EndingCertificate& certificate, SysSeconds now) {
  const bool has_ended = certificate.not_after < now;
  LogFields fields = {{"kind", certificate.kind}};
  if (!certificate.key.empty()) fields.emplace_back("key", certificate.key);
  if (!certificate.state.empty()) fields.emplace_back("state", certificate.state);
  if (!certificate.sha256.empty()) fields.emplace_back("sha256", certificate.sha256);
  fields.emplace_back("not_after", FormatUtc(certificate.not_after));
  fields.emplace_back("days_left", std::to_string(DaysLeft(certificate.not_after, now)));
  Log(has_ended ? LogPriority::kError : LogPriority::kWarning,
      has_ended ? "certificate_ended" : "certificate_ends", fields);
}

}  // namespace

long DaysLeft(SysSeconds not_after, SysSeconds now) {
  return std::chrono::floor<std::chrono::days>(not_after - now).count();
}

size_t CertificateNotice::Look(const std::vector<EndingCertificate>& certificates) {
  const BootTime boot = clock_.SinceBoot();
  if (told_ && boot - *told_ < kDaily && certificates == seen_) return 0;
  seen_ = certificates;
  told_ = boot;
  size_t count = 0;
  const SysSeconds now = clock_.Now();
  for (const EndingCertificate& certificate : certificates) {
    if (certificate.not_after - now >= kCertificateNotice) continue;
    Tell(certificate, now);
    ++count;
  }
  return count;
}

}  // namespace rolebridge
