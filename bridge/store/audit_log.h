#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "bridge/store/audit_key.h"
#include "bridge/store/store.h"

namespace rolebridge::store {

// One record as it is kept. `text` is JSON, and what is hashed is that text, byte for byte.
struct AuditRecord {
  int64_t seq = 0;  // from 1, without a gap
  SysSeconds at{};
  int64_t epoch = 0;  // of the key that made `mac`
  std::string text;
  std::string hash;  // SHA-256 of the hash before, seq, at, epoch and text
  std::string mac;   // HMAC-SHA-256 of hash
};

// The chained record of what this bridge did (security.md G3). Appending goes through Store, so
// that a record stands in one transaction with what it tells of. Safe to call from several threads.
//
// The last record under each key says that the key was replaced, and the next one is of the next
// key. So records that were taken away at the end of the chain are missed as soon as one follows:
// the key that would have to close what is left is gone. The key's file is overwritten after the
// transaction is on the disk; a crash in between leaves it one behind, which the next start mends.
class AuditLog {
 public:
  // `retention`: older records are retired, a few with each that is written; kept for good without.
  // Errors: kPermissionDenied, `key` is not the one that the chain goes on with; kUnavailable.
  static Result<std::unique_ptr<AuditLog>> Open(Store& store, AuditKey key, SysSeconds now,
                                                std::optional<std::chrono::seconds> retention);

  // From now on.
  void SetRetention(std::optional<std::chrono::seconds> retention);

  // Returns when the record and `also` are on the disk. Errors: kUnavailable, and none of it is.
  Result<void> Append(SysSeconds at, const std::string& text, std::vector<Change> also);

  // For a timer: closes what the key has been in use for, once that is an hour, so that it is gone
  // although nothing happens.
  Result<void> CloseIfDue(SysSeconds now);

 private:
  AuditLog(Store& store, AuditKey key, std::optional<std::chrono::seconds> retention)
      : store_(store), key_(std::move(key)), retention_(retention) {}
  Result<void> CatchUp(SysSeconds now);
  Result<AuditRecord> Write(Database& database, SysSeconds at, const std::string& text) const;
  Result<void> CheckHead(Database& database) const;
  Result<void> Retire(Database& database, SysSeconds now) const;
  void Committed(SysSeconds at, AuditRecord last);

  Store& store_;
  std::mutex mutex_;  // of what follows; transactions come one at a time, their ends do not
  AuditKey key_;
  AuditRecord last_;  // that was committed by this process; seq 0 before that
  std::optional<std::chrono::seconds> retention_;
};

// Visits the records from `first` on, oldest first, until `visit` says false. In portions: whoever
// takes long over one keeps no transaction open.
Result<void> ForEachRecord(Database& database, int64_t first,
                           const std::function<bool(const AuditRecord&)>& visit);

// Where to begin reading for what was written from `since` on: after the last record that is older.
Result<int64_t> FirstRecordSince(Database& database, SysSeconds since);

// What is wrong with a chain, in the words of a report.
struct Verification {
  int64_t records = 0;
  int64_t first = 0;  // sequence numbers
  int64_t last = 0;
  std::optional<SysSeconds> retired_until;  // when the last one that was retired had been written
  std::vector<std::string> problems;        // the first hundred
  int64_t more_problems = 0;
};

// Goes through the whole chain. `first_key`: what `rolebridge audit begin` showed; without it only
// the hashes are checked, which finds damage and clumsy hands, not somebody who hashed anew.
// `current_epoch`: of the key file, against which a chain whose end was cut off is found.
Result<Verification> Verify(Database& database, const SecretString* first_key,
                            std::optional<int64_t> current_epoch);

}  // namespace rolebridge::store
