#include "bridge/saml/key_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "bridge/base/private_file.h"

namespace rolebridge::saml {
namespace {

constexpr char kStates[] = "states";
constexpr char kNewStates[] = "states.new";
constexpr size_t kMaxStates = 16 * 1024;

Error SystemError(ErrorCode code, const std::string& path) {
  return {code, "'" + path + "': " + std::strerror(errno)};
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(fd) == 0;
}

}  // namespace

Result<KeyFolder> KeyFolder::Open(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) {
    return SystemError(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kPermissionDenied, path);
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return SystemError(ErrorCode::kUnavailable, path);
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return Error{ErrorCode::kPermissionDenied,
                 "'" + path + "': belongs to uid " + std::to_string(status.st_uid) +
                     "; it must belong to root or to the user that reads it"};
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{ErrorCode::kPermissionDenied,
                 "'" + path + "': can be written by its group or by others; chmod go-w"};
  }
  KeyFolder folder(path, std::move(fd));
  const Result<void> read = folder.Read();
  if (!read) return read.error();
  return folder;
}

Result<KeyFolder> KeyFolder::OpenToChange(const std::string& path) {
  Result<KeyFolder> folder = Open(path);
  if (!folder) return folder;
  if (flock(folder->fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kUnavailable,
                 "'" + path + "': another 'rolebridge keys' is changing it; try again"};
  }
  // What was read before the lock may be old.
  const Result<void> read = folder->Read();
  if (!read) return read.error();
  return folder;
}

Result<void> KeyFolder::Read() {
  const std::string path = path_ + "/" + kStates;
  const Result<std::string> text = ReadConfigFile(path, kMaxStates);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    states_ = {};
    return {};
  }
  if (!text) return text.error();
  Result<KeyStates> states = KeyStates::Parse(*text, path);
  if (!states) return states.error();
  states_ = *std::move(states);
  return {};
}

std::string KeyFolder::CertificatePath(std::string_view name) const {
  return path_ + "/" + std::string(name) + ".crt";
}

std::string KeyFolder::KeyPath(std::string_view name) const {
  return path_ + "/" + std::string(name) + ".key";
}

Result<void> KeyFolder::Write(const KeyStates& states) {
  const std::string path = path_ + "/" + kNewStates;
  unlinkat(fd_.get(), kNewStates, 0);  // of a command that was killed
  const Result<void> written = AddFile(kNewStates, states.Text(), 0644, static_cast<gid_t>(-1));
  if (!written) return written.error();
  if (renameat(fd_.get(), kNewStates, fd_.get(), kStates) != 0) {
    const Error error = SystemError(ErrorCode::kUnavailable, path);
    unlinkat(fd_.get(), kNewStates, 0);
    return error;
  }
  states_ = states;
  if (fsync(fd_.get()) != 0) return SystemError(ErrorCode::kUnavailable, path_);
  return {};
}

Result<void> KeyFolder::AddFiles(const std::string& name, std::string_view certificate_pem,
                                 const SecretString& key_pem) {
  struct stat status {};
  if (fstat(fd_.get(), &status) != 0) return SystemError(ErrorCode::kUnavailable, path_);
  const Result<void> key = AddFile(name + ".key", key_pem.Reveal(), 0640, status.st_gid);
  if (!key) return key.error();
  const Result<void> certificate =
      AddFile(name + ".crt", certificate_pem, 0644, static_cast<gid_t>(-1));
  if (!certificate) {
    unlinkat(fd_.get(), (name + ".key").c_str(), 0);
    return certificate.error();
  }
  if (fsync(fd_.get()) != 0) return SystemError(ErrorCode::kUnavailable, path_);
  return {};
}

Result<void> KeyFolder::AddFile(const std::string& name, std::string_view bytes, mode_t mode,
                                gid_t group) {
  const std::string path = path_ + "/" + name;
  const UniqueFd fd(
      openat(fd_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) {
    const bool is_there = errno == EEXIST;
    Error error = SystemError(ErrorCode::kUnavailable, path);
    if (is_there) error.message += "; nothing was overwritten";
    return error;
  }
  // The group first: nobody of another one may read it, not even for a moment.
  if (fchown(fd.get(), static_cast<uid_t>(-1), group) != 0 || fchmod(fd.get(), mode) != 0 ||
      !WriteAll(fd.get(), bytes)) {
    const Error error = SystemError(ErrorCode::kUnavailable, path);
    unlinkat(fd_.get(), name.c_str(), 0);
    return error;
  }
  return {};
}

void KeyFolder::RemoveFiles(const std::string& name) {
  unlinkat(fd_.get(), (name + ".key").c_str(), 0);
  unlinkat(fd_.get(), (name + ".crt").c_str(), 0);
}

Result<bool> KeyFolder::DeleteKey(const std::string& name) {
  if (unlinkat(fd_.get(), (name + ".key").c_str(), 0) != 0) {
    if (errno == ENOENT) return false;
    return SystemError(ErrorCode::kUnavailable, KeyPath(name));
  }
  if (fsync(fd_.get()) != 0) return SystemError(ErrorCode::kUnavailable, path_);
  return true;
}

}  // namespace rolebridge::saml
