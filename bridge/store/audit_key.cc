#include "bridge/store/audit_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "bridge/crypto/crypto.h"
#include "bridge/store/big_endian.h"

namespace rolebridge::store {
namespace {

constexpr size_t kKeySize = 32;
constexpr size_t kNumberSize = 8;
constexpr size_t kFileSize = 2 * kNumberSize + kKeySize;  // epoch, since when, key
constexpr auto kKept = std::chrono::hours(1);

Error FileError(ErrorCode code, const std::string& path, const std::string& what) {
  return {code, "audit: '" + path + "': " + what};
}

SecretString FileOf(int64_t epoch, SysSeconds since, const SecretString& key) {
  std::string bytes = BigEndian(epoch) + BigEndian(since.time_since_epoch().count());
  bytes.append(key.Reveal());
  SecretString file(bytes);
  WipeString(bytes);
  return file;
}

// In place and in one sector: the bytes of the key before are overwritten, not just unlinked.
bool WriteTo(int fd, const SecretString& file) {
  return pwrite(fd, file.Reveal().data(), kFileSize, 0) == static_cast<ssize_t>(kFileSize) &&
         fsync(fd) == 0;
}

Result<SecretString> ReadFrom(int fd, const std::string& path) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 077) != 0) {
    return FileError(ErrorCode::kPermissionDenied, path, "must be a regular file with mode 0600");
  }
  SecretString file = SecretString::OfSize(kFileSize);
  if (status.st_size != kFileSize ||
      pread(fd, file.MutableReveal(), kFileSize, 0) != static_cast<ssize_t>(kFileSize)) {
    return FileError(ErrorCode::kUnavailable, path, "is no audit key; restore it");
  }
  return file;
}

// Whole under another name first, and under the real one only once it is on the disk.
Result<SecretString> Make(const std::string& path, SysSeconds now, Random& random) {
  const std::string folder = path.substr(0, path.rfind('/'));
  const UniqueFd folder_fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat owner {};
  if (!folder_fd || fstat(folder_fd.get(), &owner) != 0) {
    return FileError(ErrorCode::kUnavailable, folder, std::strerror(errno));
  }
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());
  const UniqueFd fd(
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  SecretString key = SecretString::OfSize(kKeySize);
  random.Fill({reinterpret_cast<unsigned char*>(key.MutableReveal()), kKeySize});
  if (!fd || !WriteTo(fd.get(), FileOf(0, now, key)) ||
      (geteuid() == 0 && fchown(fd.get(), owner.st_uid, owner.st_gid) != 0) ||
      link(fresh.c_str(), path.c_str()) != 0 || unlink(fresh.c_str()) != 0 ||
      fsync(folder_fd.get()) != 0) {
    const int reason = errno;
    unlink(fresh.c_str());
    const ErrorCode code = reason == EEXIST ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable;
    return FileError(code, path, std::strerror(reason));
  }
  return key;
}

}  // namespace

SecretString NextAuditKey(const SecretString& key) {
  std::string digest = crypto::HmacSha256(key, "rolebridge audit: the next key");
  SecretString next(digest);
  WipeString(digest);
  return next;
}

Result<AuditKey> AuditKey::Open(const std::string& path, SysSeconds now, Random& random) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == ENOENT) {
    if (Result<SecretString> made = Make(path, now, random); !made) return made.error();
    fd = UniqueFd(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!fd) return FileError(ErrorCode::kUnavailable, path, std::strerror(errno));
  Result<SecretString> file = ReadFrom(fd.get(), path);
  if (!file) return file.error();
  const std::string_view bytes = file->Reveal();
  const int64_t since = FromBigEndian(bytes.substr(kNumberSize, kNumberSize));
  return AuditKey(std::move(fd), FromBigEndian(bytes.substr(0, kNumberSize)),
                  SysSeconds(std::chrono::seconds(since)),
                  SecretString(bytes.substr(2 * kNumberSize)));
}

Result<SecretString> AuditKey::Begin(const std::string& path, SysSeconds now, Random& random) {
  Result<SecretString> key = Make(path, now, random);
  if (!key) return key;
  std::string hex = ToHex(key->Reveal());
  SecretString shown(hex);
  WipeString(hex);
  return shown;
}

Result<int64_t> AuditKey::EpochIn(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return FileError(ErrorCode::kUnavailable, path, std::strerror(errno));
  const Result<SecretString> file = ReadFrom(fd.get(), path);
  if (!file) return file.error();
  return FromBigEndian(file->Reveal().substr(0, kNumberSize));
}

bool AuditKey::IsDue(SysSeconds now) const {
  // Records come with instants in about their order; a clock that was really set back keeps no key.
  return now - since_ >= kKept || since_ - now >= kKept;
}

Result<void> AuditKey::Advance(SysSeconds now) {
  SecretString next = NextAuditKey(key_);
  if (!WriteTo(fd_.get(), FileOf(epoch_ + 1, now, next))) {
    return Error{ErrorCode::kUnavailable,
                 std::string("audit: cannot replace the key: ") + std::strerror(errno)};
  }
  key_ = std::move(next);
  ++epoch_;
  since_ = now;
  return {};
}

}  // namespace rolebridge::store
