#include "bridge/web/renewed_tls.h"

#include <sys/stat.h>

#include <utility>

#include "bridge/base/log.h"

namespace rolebridge::web {

RenewedTls::Stamp RenewedTls::StampOf(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, status.st_ctim};
}

RenewedTls::Stamps RenewedTls::StampsOf(const TlsFiles& files) {
  return {StampOf(files.certificate), StampOf(files.key)};
}

Result<RenewedTls> RenewedTls::Create(TlsFiles files) {
  // Before they are read: what is written after that is seen at the next look.
  const Stamps seen = StampsOf(files);
  Result<TlsContext> context = TlsContext::Create(files);
  if (!context) return context.error();
  return RenewedTls(std::move(files), seen, *std::move(context));
}

void RenewedTls::LookOnce() {
  const Stamps now = StampsOf(files_);
  const auto is_same = [](const Stamp& one, const Stamp& other) {
    return one.device == other.device && one.inode == other.inode && one.size == other.size &&
           one.changed.tv_sec == other.changed.tv_sec &&
           one.changed.tv_nsec == other.changed.tv_nsec;
  };
  if (is_same(now[0], seen_[0]) && is_same(now[1], seen_[1])) return;
  seen_ = now;
  Result<TlsContext> context = TlsContext::Create(files_);
  if (!context) {
    Log(LogPriority::kError, "certificate_not_renewed", {{"reason", context.error().message}});
    return;
  }
  context_ = *std::move(context);
  Log(LogPriority::kNotice, "certificate_renewed", {{"certificate", files_.certificate}});
}

}  // namespace rolebridge::web
