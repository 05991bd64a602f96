#include "bridge/issuer/state_keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "bridge/base/unique_fd.h"

namespace rolebridge::issuer {
namespace {

constexpr size_t kKeySize = 32;

Error FileError(ErrorCode code, const std::string& path, const std::string& what) {
  return {code, "state: '" + path + "': " + what};
}

Result<SecretString> ReadKey(int fd, const std::string& path) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
      (status.st_mode & 077) != 0) {
    return FileError(ErrorCode::kPermissionDenied, path,
                     "must be a regular file of this service with mode 0600");
  }
  SecretString key = SecretString::OfSize(kKeySize);
  if (status.st_size != kKeySize || read(fd, key.MutableReveal(), kKeySize) != kKeySize) {
    return FileError(ErrorCode::kUnavailable, path, "is not a key of 32 bytes; restore it");
  }
  return key;
}

// Written whole under another name first: a crash leaves no half a key under the real one.
Result<SecretString> MakeKey(const std::string& path, Random& random) {
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());
  const UniqueFd fd(
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return FileError(ErrorCode::kUnavailable, fresh, std::strerror(errno));
  SecretString key = SecretString::OfSize(kKeySize);
  random.Fill({reinterpret_cast<unsigned char*>(key.MutableReveal()), kKeySize});
  if (write(fd.get(), key.Reveal().data(), kKeySize) != kKeySize || fsync(fd.get()) != 0 ||
      rename(fresh.c_str(), path.c_str()) != 0) {
    return FileError(ErrorCode::kUnavailable, path, std::strerror(errno));
  }
  return key;
}

Result<SecretString> LoadOrMake(const std::string& path, Random& random) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (fd) return ReadKey(fd.get(), path);
  if (errno != ENOENT) return FileError(ErrorCode::kUnavailable, path, std::strerror(errno));
  return MakeKey(path, random);
}

}  // namespace

Result<StateKeys> LoadStateKeys(const std::string& directory, Random& random) {
  Result<SecretString> name_id = LoadOrMake(directory + "/name-id.key", random);
  if (!name_id) return name_id.error();
  Result<SecretString> sealing = LoadOrMake(directory + "/sealing.key", random);
  if (!sealing) return sealing.error();
  Result<SecretString> names = LoadOrMake(directory + "/names.key", random);
  if (!names) return names.error();
  Result<SecretString> devices = LoadOrMake(directory + "/devices.key", random);
  if (!devices) return devices.error();
  Result<SecretString> throttle = LoadOrMake(directory + "/throttle.key", random);
  if (!throttle) return throttle.error();
  return StateKeys{*std::move(name_id), *std::move(sealing), *std::move(names), *std::move(devices),
                   *std::move(throttle)};
}

}  // namespace rolebridge::issuer
