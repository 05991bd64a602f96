#pragma once

#include <functional>
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
// that a record stands in one transaction with what it tells of.
class AuditLog {
 public:
  // `retention`: records older than that are retired, about once an hour; kept for good without.
  AuditLog(Store& store, AuditKey key, std::optional<std::chrono::seconds> retention)
      : store_(store), key_(std::move(key)), retention_(retention) {}

  // Returns when the record and `also` are on the disk. Errors: kUnavailable, and none of it is.
  Result<void> Append(SysSeconds at, const std::string& text, std::vector<Change> also);

 private:
  Result<void> Write(Database& database, SysSeconds at, const std::string& text);
  Result<void> Retire(Database& database, SysSeconds now);

  Store& store_;
  AuditKey key_;  // touched within a transaction only, and those come one at a time
  const std::optional<std::chrono::seconds> retention_;
};

// Visits the records from `first` on, oldest first, until `visit` says false.
Result<void> ForEachRecord(Database& database, int64_t first,
                           const std::function<bool(const AuditRecord&)>& visit);

// What is wrong with a chain, in the words of a report.
struct Verification {
  int64_t records = 0;
  int64_t first = 0;  // sequence numbers
  int64_t last = 0;
  bool starts_at_checkpoint = false;  // older ones were retired
  std::vector<std::string> problems;  // the first hundred
};

// Goes through the whole chain. `first_key`: what `rolebridge audit begin` showed; without it only
// the hashes are checked, which finds damage and clumsy hands, not somebody who hashed anew.
// `current_epoch`: of the key file, against which a chain whose end was cut off is found.
Result<Verification> Verify(Database& database, const SecretString* first_key,
                            std::optional<int64_t> current_epoch);

}  // namespace rolebridge::store
