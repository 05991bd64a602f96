#include "bridge/store/audit_log.h"

#include <utility>

#include "bridge/crypto/crypto.h"
#include "bridge/store/big_endian.h"

namespace rolebridge::store {
namespace {

constexpr size_t kMaxProblems = 100;
// Of keys to go through on verifying, which is one an hour: a hundred years.
constexpr int64_t kMaxEpoch = 24 * 366 * 100;
// Enough for a busy hour, and short enough not to hold a sign-on up.
constexpr int64_t kRetiredAtOnce = 5'000;

const std::string& NoHash() {
  static const std::string zeros(32, '\0');
  return zeros;
}

int64_t Count(SysSeconds at) { return at.time_since_epoch().count(); }

std::string HashOf(const std::string& before, const AuditRecord& record) {
  return crypto::Sha256(before + BigEndian(record.seq) + BigEndian(Count(record.at)) +
                        BigEndian(record.epoch) + record.text);
}

// What stands before the first record that is kept.
struct Checkpoint {
  int64_t seq = 0;
  std::string hash = NoHash();
  SysSeconds made{};
  int64_t epoch = 0;
  std::string mac;
};

std::string TextOf(const Checkpoint& checkpoint) {
  return "checkpoint" + BigEndian(checkpoint.seq) + checkpoint.hash +
         BigEndian(Count(checkpoint.made)) + BigEndian(checkpoint.epoch);
}

Result<std::optional<Checkpoint>> ReadCheckpoint(Database& database) {
  std::optional<Checkpoint> checkpoint;
  const Result<void> read = database.ForEach(
      "SELECT seq, hash, made, epoch, mac FROM audit_checkpoint", [&](const Row& row) {
        checkpoint = Checkpoint{.seq = row.Integer(0),
                                .hash = row.Bytes(1),
                                .made = SysSeconds(std::chrono::seconds(row.Integer(2))),
                                .epoch = row.Integer(3),
                                .mac = row.Bytes(4)};
        return false;
      });
  if (!read) return read.error();
  return checkpoint;
}

// The keys one after the other; those asked for must not go backwards.
class Keys {
 public:
  explicit Keys(const SecretString& first) : key_(first.Reveal()) {}

  bool Fits(int64_t epoch, std::string_view text, std::string_view mac) {
    if (epoch < epoch_ || epoch > kMaxEpoch) return false;
    for (; epoch_ < epoch; ++epoch_) key_ = NextAuditKey(key_);
    return ConstantTimeEquals(crypto::HmacSha256(key_, text), mac);
  }

 private:
  SecretString key_;
  int64_t epoch_ = 0;
};

// Walks along the chain and writes down what does not fit.
class Walk {
 public:
  Walk(const SecretString* first_key, const std::optional<Checkpoint>& checkpoint) {
    if (first_key != nullptr) keys_.emplace(*first_key);
    if (!checkpoint) return;
    report_.starts_at_checkpoint = true;
    last_ = {.seq = checkpoint->seq, .hash = checkpoint->hash};
    // Its key is younger than those of the records that follow, so it is tried by keys of its own.
    if (first_key != nullptr &&
        !Keys(*first_key).Fits(checkpoint->epoch, TextOf(*checkpoint), checkpoint->mac)) {
      Complain("the checkpoint before record " + std::to_string(checkpoint->seq + 1) +
               " was not made with our key");
    }
  }

  void Visit(const AuditRecord& record) {
    if (report_.records++ == 0) report_.first = record.seq;
    report_.last = record.seq;
    const std::string name = "record " + std::to_string(record.seq);
    if (record.seq != last_.seq + 1) {
      Complain(MissingText(last_.seq + 1, record.seq - 1));
      // Where some are gone, this one's hash can't be known: go on from what it says.
    } else if (record.hash != HashOf(last_.hash, record)) {
      Complain(name + " was changed, or one before it");
    }
    if (record.epoch < last_.epoch) Complain(name + " is of an older key than the one before it");
    if (keys_ && !keys_->Fits(record.epoch, record.hash, record.mac)) {
      Complain(name + " was not made with our key");
    }
    last_ = {.seq = record.seq, .epoch = record.epoch, .hash = record.hash};
  }

  Verification Finish(std::optional<int64_t> current_epoch) {
    // A key is replaced when a record is about to be written with the next one.
    if (current_epoch && *current_epoch > last_.epoch) {
      Complain("the key was replaced " + std::to_string(*current_epoch - last_.epoch) +
               " times since the last record: the end of the chain is missing, or a write failed "
               "then (see the journal)");
    }
    return std::move(report_);
  }

 private:
  static std::string MissingText(int64_t from, int64_t to) {
    if (from == to) return "record " + std::to_string(from) + " is missing";
    return "records " + std::to_string(from) + " to " + std::to_string(to) + " are missing";
  }

  void Complain(std::string text) {
    if (report_.problems.size() < kMaxProblems) report_.problems.push_back(std::move(text));
  }

  struct Last {
    int64_t seq = 0;
    int64_t epoch = 0;
    std::string hash = NoHash();
  };
  Verification report_;
  std::optional<Keys> keys_;
  Last last_;
};

}  // namespace

Result<void> AuditLog::Append(SysSeconds at, const std::string& text, std::vector<Change> also) {
  also.push_back([this, at, &text](Database& database) { return Write(database, at, text); });
  return store_.Commit(std::move(also));
}

Result<void> AuditLog::Write(Database& database, SysSeconds at, const std::string& text) {
  const int64_t epoch_before = key_.epoch();
  if (Result<void> advanced = key_.Advance(at); !advanced) return advanced;
  AuditRecord record{.seq = 1, .at = at, .epoch = key_.epoch(), .text = text};
  std::string before = NoHash();
  Result<void> read = database.ForEach("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
                                       [&](const Row& row) {
                                         record.seq = row.Integer(0) + 1;
                                         before = row.Bytes(1);
                                         return false;
                                       });
  if (!read) return read;
  if (record.seq == 1) {
    const Result<std::optional<Checkpoint>> checkpoint = ReadCheckpoint(database);
    if (!checkpoint) return checkpoint.error();
    if (*checkpoint) {
      record.seq = (*checkpoint)->seq + 1;
      before = (*checkpoint)->hash;
    }
  }
  record.hash = HashOf(before, record);
  record.mac = crypto::HmacSha256(key_.key(), record.hash);
  Result<void> written =
      database.Execute("INSERT INTO audit VALUES(?, ?, ?, ?, ?, ?)", record.seq, Count(at),
                       record.epoch, record.text, Blob{record.hash}, Blob{record.mac});
  if (!written || key_.epoch() == epoch_before) return written;
  return Retire(database, at);
}

Result<void> AuditLog::Retire(Database& database, SysSeconds now) {
  if (!retention_) return {};
  // Only from the old end on, without a gap: up to the first one that is young enough.
  Checkpoint checkpoint{.made = now, .epoch = key_.epoch()};
  Result<void> read = database.ForEach(
      "SELECT seq, hash, at FROM audit ORDER BY seq LIMIT ?",
      [&](const Row& row) {
        if (row.Integer(2) >= Count(now - *retention_)) return false;
        checkpoint.seq = row.Integer(0);
        checkpoint.hash = row.Bytes(1);
        return true;
      },
      kRetiredAtOnce);
  if (!read || checkpoint.seq == 0) return read;
  checkpoint.mac = crypto::HmacSha256(key_.key(), TextOf(checkpoint));
  Result<void> done = database.Execute("DELETE FROM audit WHERE seq <= ?", checkpoint.seq);
  if (done) done = database.Execute("DELETE FROM audit_checkpoint");
  if (!done) return done;
  return database.Execute("INSERT INTO audit_checkpoint VALUES(?, ?, ?, ?, ?)", checkpoint.seq,
                          Blob{checkpoint.hash}, Count(checkpoint.made), checkpoint.epoch,
                          Blob{checkpoint.mac});
}

Result<void> ForEachRecord(Database& database, int64_t first,
                           const std::function<bool(const AuditRecord&)>& visit) {
  return database.ForEach(
      "SELECT seq, at, epoch, record, hash, mac FROM audit WHERE seq >= ? ORDER BY seq",
      [&](const Row& row) {
        return visit({.seq = row.Integer(0),
                      .at = SysSeconds(std::chrono::seconds(row.Integer(1))),
                      .epoch = row.Integer(2),
                      .text = row.Bytes(3),
                      .hash = row.Bytes(4),
                      .mac = row.Bytes(5)});
      },
      first);
}

Result<Verification> Verify(Database& database, const SecretString* first_key,
                            std::optional<int64_t> current_epoch) {
  const Result<std::optional<Checkpoint>> checkpoint = ReadCheckpoint(database);
  if (!checkpoint) return checkpoint.error();
  Walk walk(first_key, *checkpoint);
  const Result<void> read = ForEachRecord(database, 0, [&](const AuditRecord& record) {
    walk.Visit(record);
    return true;
  });
  if (!read) return read.error();
  return walk.Finish(current_epoch);
}

}  // namespace rolebridge::store
