#include "pam/trusted_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "bridge/base/unique_fd.h"

namespace rolebridge::pam {
namespace {

constexpr off_t kMaxBytes = 65'536;

Error Untrusted(const std::string& path, const std::string& why) {
  return {ErrorCode::kPermissionDenied, path + ": " + why};
}

std::optional<Error> WrongOwnerOrMode(const std::string& path, const struct stat& status) {
  if (status.st_uid != 0) return Untrusted(path, "belongs to somebody else; chown it to root");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Untrusted(path, "is writable by group or others; chmod go-w it");
  }
  return std::nullopt;
}

// Whoever may write in the folder may put another file in its place.
std::optional<Error> CheckFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) {
    return Error{ErrorCode::kNotFound, folder + ": " + std::strerror(errno)};
  }
  return WrongOwnerOrMode(folder, status);
}

// Room for what is there, since room for the largest would have to be cleared at each login, and
// for a byte more, by which a file shows that it grew.
Result<std::string> ReadAll(const std::string& path, int fd, size_t expected_size) {
  std::string text(expected_size + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{ErrorCode::kInternal, path + ": " + std::strerror(errno)};
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size != expected_size) {
    return Error{ErrorCode::kUnavailable, path + ": changed while it was read; try again"};
  }
  text.resize(size);
  return text;
}

}  // namespace

Result<std::string> ReadTrustedFile(const std::string& path) {
  if (const std::optional<Error> error = CheckFolderOf(path)) return *error;
  // O_NONBLOCK: opening a fifo must not wait for its writer.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ELOOP) return Untrusted(path, "is a symbolic link; use a regular file");
  if (!fd) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kPermissionDenied;
    return Error{code, path + ": " + std::strerror(errno)};
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) {
    return Error{ErrorCode::kInternal, path + ": " + std::strerror(errno)};
  }
  if (!S_ISREG(status.st_mode)) return Untrusted(path, "is no regular file");
  if (const std::optional<Error> error = WrongOwnerOrMode(path, status)) return *error;
  if (status.st_size > kMaxBytes) {
    return Error{ErrorCode::kResourceExhausted, path + ": is longer than 64 KiB"};
  }
  return ReadAll(path, fd.get(), static_cast<size_t>(status.st_size));
}

}  // namespace rolebridge::pam
