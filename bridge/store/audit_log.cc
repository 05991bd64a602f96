#include "bridge/store/audit_log.h"

#include <utility>

#include "bridge/crypto/crypto.h"
#include "bridge/store/big_endian.h"

namespace rolebridge::store {
namespace {

constexpr size_t kMaxProblems = 100;
// Of keys to go through on verifying, which is one an hour: a hundred years.
constexpr int64_t kMaxEpoch = 24 * 366 * 100;
// With each record that is written: more than one, so that it catches up, and few enough not to
// hold a sign-on up.
constexpr int64_t kRetiredAtOnce = 4;
constexpr int64_t kPortion = 500;
constexpr std::string_view kClosing = R"({"event":"audit_key_replaced")";

const std::string& NoHash() {
  static const std::string zeros(32, '\0');
  return zeros;
}

int64_t Count(SysSeconds at) { return at.time_since_epoch().count(); }

bool IsClosing(const AuditRecord& record) { return record.text.starts_with(kClosing); }

// Of the key that the record after `record` is made with.
int64_t NextEpoch(const AuditRecord& record) {
  return IsClosing(record) ? record.epoch + 1 : record.epoch;
}

std::string HashOf(const std::string& before, const AuditRecord& record) {
  return crypto::Sha256(before + BigEndian(record.seq) + BigEndian(Count(record.at)) +
                        BigEndian(record.epoch) + record.text);
}

AuditRecord RecordIn(const Row& row) {
  return {.seq = row.Integer(0),
          .at = SysSeconds(std::chrono::seconds(row.Integer(1))),
          .epoch = row.Integer(2),
          .text = row.Bytes(3),
          .hash = row.Bytes(4),
          .mac = row.Bytes(5)};
}

// The last record that was retired, as it was, and the hash before it: its own code is by a key
// that is long gone, so that nobody makes one up.
struct Checkpoint {
  AuditRecord record;
  std::string before = NoHash();
};

Result<Checkpoint> ReadCheckpoint(Database& database) {
  Checkpoint checkpoint{.record = {.hash = NoHash()}};
  const Result<void> read =
      database.ForEach("SELECT seq, at, epoch, record, hash, mac, before FROM audit_checkpoint",
                       [&](const Row& row) {
                         checkpoint = {.record = RecordIn(row), .before = row.Bytes(6)};
                         return false;
                       });
  if (!read) return read.error();
  return checkpoint;
}

// What the next record follows: the last one there is, or the last that was retired.
Result<AuditRecord> ReadHead(Database& database) {
  std::optional<AuditRecord> head;
  const Result<void> read = database.ForEach(
      "SELECT seq, at, epoch, record, hash, mac FROM audit ORDER BY seq DESC LIMIT 1",
      [&](const Row& row) {
        head = RecordIn(row);
        return false;
      });
  if (!read) return read.error();
  if (head) return *std::move(head);
  Result<Checkpoint> checkpoint = ReadCheckpoint(database);
  if (!checkpoint) return checkpoint.error();
  return std::move(checkpoint->record);
}

Result<AuditRecord> Insert(Database& database, const AuditRecord& before, AuditRecord record,
                           const SecretString& key) {
  record.seq = before.seq + 1;
  record.hash = HashOf(before.hash, record);
  record.mac = crypto::HmacSha256(key, record.hash);
  Result<void> written =
      database.Execute("INSERT INTO audit VALUES(?, ?, ?, ?, ?, ?)", record.seq, Count(record.at),
                       record.epoch, record.text, Blob{record.hash}, Blob{record.mac});
  if (!written) return written.error();
  return record;
}

AuditRecord ClosingOf(SysSeconds at, int64_t epoch) {
  return {.at = at,
          .epoch = epoch,
          .text = std::string(kClosing) + R"(,"at":")" + FormatUtc(at) + "\"}",
          .hash = {},
          .mac = {}};
}

// The keys one after the other; those asked for must not go backwards.
class Keys {
 public:
  explicit Keys(const SecretString& first) : key_(first.Reveal()) {}

  bool Fit(const AuditRecord& record) {
    if (record.epoch < epoch_ || record.epoch > kMaxEpoch) return false;
    for (; epoch_ < record.epoch; ++epoch_) key_ = NextAuditKey(key_);
    return ConstantTimeEquals(crypto::HmacSha256(key_, record.hash), record.mac);
  }

 private:
  SecretString key_;
  int64_t epoch_ = 0;
};

// Walks along the chain and writes down what does not fit.
class Walk {
 public:
  Walk(const SecretString* first_key, const Checkpoint& checkpoint) : last_(checkpoint.record) {
    if (first_key != nullptr) keys_.emplace(*first_key);
    if (last_.seq == 0) return;
    report_.retired_until = last_.at;
    const bool is_sound = last_.hash == HashOf(checkpoint.before, last_);
    if (!is_sound || (keys_ && !keys_->Fit(last_))) {
      Complain("record " + std::to_string(last_.seq) + ", the last one retired, is forged");
    }
  }

  void Visit(AuditRecord record) {
    if (report_.records++ == 0) report_.first = record.seq;
    report_.last = record.seq;
    const std::string name = "record " + std::to_string(record.seq);
    const bool follows = record.seq == last_.seq + 1;
    if (!follows) {
      Complain(MissingText(last_.seq + 1, record.seq - 1));
      // Where some are gone, this one's hash can't be known: go on from what it says.
    } else if (record.hash != HashOf(last_.hash, record)) {
      Complain(name + " was changed, or one before it");
    }
    if (follows) CheckKeys(name, record);
    if (keys_ && !keys_->Fit(record)) Complain(name + " was not made with our key");
    last_ = std::move(record);
  }

  Verification Finish(std::optional<int64_t> current_epoch) {
    const int64_t closed = NextEpoch(last_);
    if (current_epoch && *current_epoch > closed) {
      Complain("the key was replaced " + std::to_string(*current_epoch - closed) +
               " times since the last record: the end of the chain is missing");
    }
    return std::move(report_);
  }

 private:
  // One key after the other, each closed by a record of its own.
  void CheckKeys(const std::string& name, const AuditRecord& record) {
    if (record.epoch == NextEpoch(last_)) return;
    Complain("before " + name + " the end of what was written with another key is missing");
  }

  static std::string MissingText(int64_t from, int64_t to) {
    if (from == to) return "record " + std::to_string(from) + " is missing";
    return "records " + std::to_string(from) + " to " + std::to_string(to) + " are missing";
  }

  void Complain(std::string text) {
    if (report_.problems.size() < kMaxProblems) {
      report_.problems.push_back(std::move(text));
    } else {
      ++report_.more_problems;
    }
  }

  Verification report_;
  std::optional<Keys> keys_;
  AuditRecord last_;
};

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::Open(Store& store, AuditKey key, SysSeconds now,
                                                 std::optional<std::chrono::seconds> retention) {
  std::unique_ptr<AuditLog> log(new AuditLog(store, std::move(key), retention));
  if (Result<void> done = log->CatchUp(now); !done) return done.error();
  return log;
}

// The key's file is as far as the chain, or one behind after a crash.
Result<void> AuditLog::CatchUp(SysSeconds now) {
  AuditRecord head;
  const Result<void> read = store_.Read([&](Database& database) -> Result<void> {
    Result<AuditRecord> found = ReadHead(database);
    if (!found) return found.error();
    head = *std::move(found);
    return {};
  });
  if (!read) return read;
  const int64_t due = NextEpoch(head);
  if (key_.epoch() + 1 == due) return key_.Advance(now);
  // Under the very key it was made with, the last record can be judged.
  const bool fits = head.seq == 0 || head.epoch != key_.epoch() ||
                    ConstantTimeEquals(crypto::HmacSha256(key_.key(), head.hash), head.mac);
  if (key_.epoch() == due && fits) return {};
  return Error{ErrorCode::kPermissionDenied,
               "audit: the chain goes on with key " + std::to_string(due) +
                   ", and audit.key is key " + std::to_string(key_.epoch()) +
                   ": one of the two was exchanged. Restore the one that belongs to the other; "
                   "where that is not to be had, keep both for whoever asks, and move store.db, "
                   "store.db-wal and audit.key away to begin anew"};
}

void AuditLog::SetRetention(std::optional<std::chrono::seconds> retention) {
  const std::lock_guard lock(mutex_);
  retention_ = retention;
}

Result<void> AuditLog::Append(SysSeconds at, const std::string& text, std::vector<Change> also) {
  AuditRecord mine;
  also.push_back([&, this](Database& database) {
    const std::lock_guard lock(mutex_);
    Result<AuditRecord> written = Write(database, at, text);
    if (!written) return Result<void>(written.error());
    mine = *std::move(written);
    return Retire(database, at);
  });
  if (Result<void> committed = store_.Commit(std::move(also)); !committed) return committed;
  Committed(at, std::move(mine));
  return {};
}

Result<void> AuditLog::CloseIfDue(SysSeconds now) {
  {
    const std::lock_guard lock(mutex_);
    if (!key_.IsDue(now)) return {};
  }
  AuditRecord mine;
  const auto close = [&, this](Database& database) -> Result<void> {
    const std::lock_guard lock(mutex_);
    Result<AuditRecord> head = ReadHead(database);
    if (!head) return head.error();
    // Nothing was written with this key, or another thread was first.
    if (head->seq == 0 || IsClosing(*head) || head->epoch != key_.epoch()) return {};
    if (Result<void> sound = CheckHead(database); !sound) return sound;
    Result<AuditRecord> closing = Insert(database, *head, ClosingOf(now, key_.epoch()), key_.key());
    if (!closing) return closing.error();
    mine = *std::move(closing);
    return {};
  };
  Result<void> committed = store_.Commit({close});
  if (committed && mine.seq > 0) Committed(now, std::move(mine));
  return committed;
}

// Of several that were committed together the last one counts, whoever's turn comes first. What
// happened is on record; where its key can't be replaced, it lives on until the next commit.
void AuditLog::Committed(SysSeconds at, AuditRecord last) {
  const std::lock_guard lock(mutex_);
  if (key_.epoch() < NextEpoch(last)) static_cast<void>(key_.Advance(at));
  if (last.seq > last_.seq) last_ = std::move(last);
}

Result<AuditRecord> AuditLog::Write(Database& database, SysSeconds at,
                                    const std::string& text) const {
  if (Result<void> sound = CheckHead(database); !sound) return sound.error();
  Result<AuditRecord> head = ReadHead(database);
  if (!head) return head;
  const bool is_open = head->seq > 0 && head->epoch == key_.epoch() && !IsClosing(*head);
  if (is_open && key_.IsDue(at)) {
    head = Insert(database, *head, ClosingOf(at, key_.epoch()), key_.key());
    if (!head) return head;
  }
  const int64_t epoch = NextEpoch(*head);
  // One ahead of the file where that waits for this transaction's end.
  const SecretString next = epoch == key_.epoch() ? SecretString() : NextAuditKey(key_.key());
  return Insert(database, *head, {.at = at, .epoch = epoch, .text = text, .hash = {}, .mac = {}},
                next.empty() ? key_.key() : next);
}

// Somebody who has the file open beside us, and takes away or changes what we wrote, is noticed
// before we write on.
Result<void> AuditLog::CheckHead(Database& database) const {
  if (last_.seq == 0) return {};
  bool is_there = false;
  const Result<void> read = database.ForEach(
      "SELECT hash FROM audit WHERE seq = ?",
      [&](const Row& row) {
        is_there = row.Bytes(0) == last_.hash;
        return false;
      },
      last_.seq);
  if (!read || is_there) return read;
  return Error{ErrorCode::kUnavailable,
               "audit: record " + std::to_string(last_.seq) +
                   " was changed or taken away behind our back; see rolebridge audit verify"};
}

Result<void> AuditLog::Retire(Database& database, SysSeconds now) const {
  if (!retention_) return {};
  Result<Checkpoint> checkpoint = ReadCheckpoint(database);
  if (!checkpoint) return checkpoint.error();
  const int64_t retired = checkpoint->record.seq;
  bool is_sound = true;
  Result<void> read = database.ForEach(
      "SELECT seq, at, epoch, record, hash, mac FROM audit ORDER BY seq LIMIT ?",
      [&](const Row& row) {
        AuditRecord record = RecordIn(row);
        // The last one that we wrote is what CheckHead goes by.
        if (record.at >= now - *retention_ || record.seq == last_.seq) return false;
        // What does not fit stays, for whoever verifies: it must not be retired into oblivion.
        is_sound = record.seq == checkpoint->record.seq + 1 &&
                   record.hash == HashOf(checkpoint->record.hash, record);
        if (!is_sound) return false;
        *checkpoint = {.record = std::move(record), .before = checkpoint->record.hash};
        return true;
      },
      kRetiredAtOnce);
  const AuditRecord& last = checkpoint->record;
  if (!read || last.seq == retired) return read;
  Result<void> done = database.Execute("DELETE FROM audit WHERE seq <= ?", last.seq);
  if (done) done = database.Execute("DELETE FROM audit_checkpoint");
  if (!done) return done;
  return database.Execute("INSERT INTO audit_checkpoint VALUES(?, ?, ?, ?, ?, ?, ?)", last.seq,
                          Count(last.at), last.epoch, last.text, Blob{last.hash}, Blob{last.mac},
                          Blob{checkpoint->before});
}

namespace {

Result<std::vector<AuditRecord>> ReadPortion(Database& database, int64_t first) {
  std::vector<AuditRecord> portion;
  const Result<void> read = database.ForEach(
      "SELECT seq, at, epoch, record, hash, mac FROM audit WHERE seq >= ? ORDER BY seq LIMIT ?",
      [&](const Row& row) {
        portion.push_back(RecordIn(row));
        return true;
      },
      first, kPortion);
  if (!read) return read.error();
  return portion;
}

}  // namespace

Result<void> ForEachRecord(Database& database, int64_t first,
                           const std::function<bool(const AuditRecord&)>& visit) {
  while (true) {
    const Result<std::vector<AuditRecord>> portion = ReadPortion(database, first);
    if (!portion) return portion.error();
    for (const AuditRecord& record : *portion) {
      if (!visit(record)) return {};
    }
    if (portion->empty()) return {};
    first = portion->back().seq + 1;
  }
}

Result<int64_t> FirstRecordSince(Database& database, SysSeconds since) {
  int64_t first = 0;
  // From the end back: as far as the answer is long, and no index that each record would pay for.
  const Result<void> read = database.ForEach(
      "SELECT seq FROM audit WHERE at < ? ORDER BY seq DESC LIMIT 1",
      [&](const Row& row) {
        first = row.Integer(0) + 1;
        return false;
      },
      Count(since));
  if (!read) return read.error();
  return first;
}

Result<Verification> Verify(Database& database, const SecretString* first_key,
                            std::optional<int64_t> current_epoch) {
  // What is retired meanwhile must not be missed between the checkpoint and the oldest record;
  // later on we are ahead of it.
  if (Result<void> begun = database.Execute("BEGIN"); !begun) return begun.error();
  const Result<Checkpoint> checkpoint = ReadCheckpoint(database);
  const auto oldest = ReadPortion(database, 0);
  if (Result<void> ended = database.Execute("COMMIT"); !ended) return ended.error();
  if (!checkpoint) return checkpoint.error();
  if (!oldest) return oldest.error();

  Walk walk(first_key, *checkpoint);
  for (const AuditRecord& record : *oldest) walk.Visit(record);
  const int64_t rest = oldest->empty() ? 1 : oldest->back().seq + 1;
  const Result<void> read = ForEachRecord(database, rest, [&](const AuditRecord& record) {
    walk.Visit(record);
    return true;
  });
  if (!read) return read.error();
  return walk.Finish(current_epoch);
}

}  // namespace rolebridge::store
