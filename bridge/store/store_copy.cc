#include "bridge/store/store_copy.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "bridge/base/secret_string.h"
#include "bridge/store/audit_key.h"
#include "bridge/store/database.h"

namespace rolebridge::store {
namespace {

constexpr int kTries = 5;
constexpr off_t kMaxKey = 1024;

Error Failed(const std::string& path) {
  return {ErrorCode::kUnavailable, "store: '" + path + "': " + std::strerror(errno)};
}

Result<void> WriteFile(const std::string& path, std::string_view bytes) {
  const UniqueFd fd(
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd || write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    return Failed(path);
  }
  return {};
}

// It belongs to the issuer's user, whoever reads it here.
Result<SecretString> ReadKey(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0) return Failed(path);
  if (!S_ISREG(status.st_mode) || status.st_size > kMaxKey) {
    return Error{ErrorCode::kUnavailable, "store: '" + path + "' is no key"};
  }
  SecretString key = SecretString::OfSize(static_cast<size_t>(status.st_size));
  if (read(fd.get(), key.MutableReveal(), key.size()) != status.st_size) return Failed(path);
  return key;
}

Result<void> CopyDatabase(const std::string& from, const std::string& to) {
  unlink(to.c_str());
  const Result<Database> source = Database::Open(from, Database::Access::kReadOnly);
  if (!source) return source.error();
  Result<Database> target = Database::Open(to, Database::Access::kReadWrite);
  if (!target) return target.error();
  return source->CopyTo(*target);
}

}  // namespace

Result<void> CopyStore(const std::string& directory, const std::string& into) {
  const std::string key_path = directory + "/audit.key";
  // The key is replaced every hour, beside a record that tells of it. A copy of the two belongs
  // together where the key was the same before and after.
  for (int tries = kTries; tries > 0; --tries) {
    const Result<int64_t> before = AuditKey::EpochIn(key_path);
    if (!before) return before.error();
    const Result<SecretString> key = ReadKey(key_path);
    if (!key) return key.error();
    if (const auto copied = CopyDatabase(directory + "/store.db", into + "/store.db"); !copied) {
      return copied;
    }
    const Result<int64_t> after = AuditKey::EpochIn(key_path);
    if (!after) return after.error();
    if (*before == *after) return WriteFile(into + "/audit.key", key->Reveal());
  }
  return Error{ErrorCode::kUnavailable, "store: the audit key changed all the time; try again"};
}

Result<int64_t> PrepareCopy(const std::string& directory) {
  const std::string path = directory + "/store.db";
  Result<Database> database = Database::Open(path, Database::Access::kReadWrite);
  if (!database) return database.error();
  std::string verdict;
  const Result<void> checked = database->ForEach("PRAGMA quick_check(1)", [&](const Row& row) {
    verdict = row.Bytes(0);
    return false;
  });
  if (!checked) return checked.error();
  if (verdict != "ok") {
    return Error{ErrorCode::kInvalidArgument, "store: '" + path + "' is broken: " + verdict};
  }
  int64_t sessions = 0;
  const Result<void> counted =
      database->ForEach("SELECT count(*) FROM sessions", [&](const Row& row) {
        sessions = row.Integer(0);
        return false;
      });
  if (!counted) return counted.error();
  const Result<void> forgotten = database->Execute("DELETE FROM sessions");
  if (!forgotten) return forgotten.error();
  return sessions;
}

Result<UniqueFd> LockStore(const std::string& directory) {
  const std::string path = directory + "/store.lock";
  UniqueFd fd(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == ENOENT) return UniqueFd();  // there never was one
  if (!fd) return Failed(path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kUnavailable,
                 "store: '" + path +
                     "' is held by rolebridge-issuer; systemctl stop rolebridge.target first"};
  }
  return fd;
}

}  // namespace rolebridge::store
