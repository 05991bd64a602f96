#pragma once

#include <cstdint>
#include <string>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "bridge/base/unique_fd.h"

namespace rolebridge::store {

// The key behind the audit chain (security.md G3). After an hour of use it is replaced by a digest
// of itself and gone, so that whoever breaks in at noon cannot write records of the morning.
// Whoever was given the first key verifies all of them. For one thread at a time.
//
// It is overwritten in its place. A file system that copies on write, or a snapshot, keeps what was
// there all the same.
class AuditKey {
 public:
  // The key in the file at `path`; made where there is none, by one who then has nobody to show the
  // first key to (`rolebridge audit begin` has).
  // Errors: kPermissionDenied, not ours alone; kUnavailable, can't be read or written.
  static Result<AuditKey> Open(const std::string& path, SysSeconds now, Random& random);

  // A new first key in a new file that belongs to whom its folder belongs to, as 64 hexadecimal
  // digits: the only time that it is shown.
  // Errors: kInvalidArgument, there is one already; kUnavailable.
  static Result<SecretString> Begin(const std::string& path, SysSeconds now, Random& random);

  // Which of the keys the file at `path` holds; for a check from outside.
  static Result<int64_t> EpochIn(const std::string& path);

  // Whether it has been in use for an hour.
  bool IsDue(SysSeconds now) const;

  // Replaces it by the next one. Errors: kUnavailable, and the key stays.
  Result<void> Advance(SysSeconds now);

  // Counts the replacements.
  int64_t epoch() const { return epoch_; }
  const SecretString& key() const { return key_; }

 private:
  AuditKey(UniqueFd fd, int64_t epoch, SysSeconds since, SecretString key)
      : fd_(std::move(fd)), epoch_(epoch), since_(since), key_(std::move(key)) {}

  UniqueFd fd_;
  int64_t epoch_;
  SysSeconds since_;
  SecretString key_;
};

// The key that follows `key`.
SecretString NextAuditKey(const SecretString& key);

}  // namespace rolebridge::store
