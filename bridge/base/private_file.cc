#include "bridge/base/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "bridge/base/unique_fd.h"

namespace rolebridge {
namespace {

constexpr size_t kMaxSecretFile = 64 * 1024;

Error FileError(ErrorCode code, const std::string& path, const std::string& what) {
  return {code, "'" + path + "': " + what};
}

struct OpenFile {
  UniqueFd fd;
  size_t size;
};

// `forbidden`: mode bits that must not be set.
Result<OpenFile> Open(const std::string& path, mode_t forbidden, const char* remedy,
                      size_t maximum) {
  // O_NONBLOCK: opening a fifo must not wait for a writer.
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    if (errno == ELOOP) {
      return FileError(ErrorCode::kPermissionDenied, path,
                       "is a symbolic link; name the file itself");
    }
    return FileError(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kPermissionDenied, path,
                     std::string("cannot be opened: ") + std::strerror(errno));
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return FileError(ErrorCode::kPermissionDenied, path, "is not a regular file");
  }
  // What systemd hands to a service belongs to that service's user, in a folder where nobody but
  // the service manager can put it.
  const bool is_credential =
      path.starts_with("/run/credentials/") && path.find("/../") == std::string::npos;
  if (status.st_uid != 0 && status.st_uid != geteuid() && !is_credential) {
    return FileError(ErrorCode::kPermissionDenied, path,
                     "belongs to uid " + std::to_string(status.st_uid) +
                         "; it must belong to root or to the user that reads it");
  }
  if ((status.st_mode & forbidden) != 0)
    return FileError(ErrorCode::kPermissionDenied, path, remedy);
  const auto size = static_cast<size_t>(status.st_size);
  if (size > maximum) {
    return FileError(ErrorCode::kResourceExhausted, path,
                     "is larger than " + std::to_string(maximum) + " bytes");
  }
  return OpenFile{std::move(fd), size};
}

// Fills `size` bytes at `buffer` and finds the end of the file there: not one that grows meanwhile.
bool ReadWhole(int fd, char* buffer, size_t size) {
  size_t filled = 0;
  while (filled < size) {
    const ssize_t got = read(fd, buffer + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    filled += static_cast<size_t>(got);
  }
  char more = 0;
  return read(fd, &more, 1) == 0;
}

}  // namespace

Result<std::string> ReadConfigFile(const std::string& path, size_t maximum) {
  Result<OpenFile> file = Open(path, S_IWGRP | S_IWOTH,
                               "can be written by its group or by others; chmod go-w", maximum);
  if (!file) return file.error();
  std::string text(file->size, '\0');
  if (!ReadWhole(file->fd.get(), text.data(), text.size())) {
    return FileError(ErrorCode::kUnavailable, path, "changed while it was read; try again");
  }
  return text;
}

Result<SecretString> ReadSecretFile(const std::string& path) {
  Result<OpenFile> file =
      Open(path, S_IWGRP | S_IRWXO, "holds a secret and is open to others; chmod 0640 or less",
           kMaxSecretFile);
  if (!file) return file.error();
  SecretString secret = SecretString::OfSize(file->size);
  if (!ReadWhole(file->fd.get(), secret.MutableReveal(), secret.size())) {
    return FileError(ErrorCode::kUnavailable, path, "changed while it was read; try again");
  }
  return secret;
}

}  // namespace rolebridge
