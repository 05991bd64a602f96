#include "bridge/store/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace rolebridge::store {
namespace {

// What nobody waits for is small; should no commit come for long, no further topics are taken.
constexpr size_t kMaxPosted = 10'000;

// Step n leads from version n to n + 1. Plain SQL: another engine will serve several nodes.
constexpr std::array<const char*, 1> kSchemaSteps = {R"(
  CREATE TABLE sessions(
    hash BLOB NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    uid BIGINT,
    assurance TEXT NOT NULL,
    client_address TEXT NOT NULL,
    authn_instant BIGINT NOT NULL,
    session_index TEXT NOT NULL,
    unique_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    created_since_boot BIGINT NOT NULL,
    created BIGINT NOT NULL,
    last_used_since_boot BIGINT NOT NULL,
    last_used BIGINT NOT NULL,
    steps TEXT NOT NULL);
  CREATE TABLE seen_requests(
    application TEXT NOT NULL,
    request_id TEXT NOT NULL,
    seen BIGINT NOT NULL,
    PRIMARY KEY(application, request_id));
  CREATE TABLE known_names(username TEXT NOT NULL PRIMARY KEY);
  CREATE TABLE audit(
    seq INTEGER NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    record TEXT NOT NULL,
    hash BLOB NOT NULL,
    mac BLOB NOT NULL);
  CREATE TABLE audit_checkpoint(
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    record TEXT NOT NULL,
    hash BLOB NOT NULL,
    mac BLOB NOT NULL,
    before BLOB NOT NULL);
  CREATE TABLE throttle(
    kind BIGINT NOT NULL,
    slot BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY(kind, slot));
)"};

// What is in it says who may be whom after a restart.
Result<void> CheckFolder(const std::string& directory) {
  struct stat status {};
  if (stat(directory.c_str(), &status) != 0) {
    return Error{ErrorCode::kUnavailable, "store: '" + directory + "': " + std::strerror(errno)};
  }
  if (S_ISDIR(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 077) == 0) {
    return {};
  }
  return Error{ErrorCode::kUnavailable,
               "store: '" + directory + "' must be a folder of this user alone, with mode 0700"};
}

Result<UniqueFd> Lock(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return Error{ErrorCode::kUnavailable, "store: '" + path + "': " + std::strerror(errno)};
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kUnavailable,
                 "store: '" + path + "' is held by another rolebridge-issuer; stop that first"};
  }
  return fd;
}

Result<void> Migrate(Database& database, const std::string& path) {
  int64_t version = 0;
  Result<void> read = database.ForEach("PRAGMA user_version", [&](const Row& row) {
    version = row.Integer(0);
    return true;
  });
  if (!read) return read;
  if (version > static_cast<int64_t>(kSchemaSteps.size())) {
    return Error{ErrorCode::kUnavailable,
                 "store: '" + path + "' was written by a newer version of rolebridge (" +
                     std::to_string(version) + "); install that, or restore a backup"};
  }
  for (auto step = static_cast<size_t>(version); step < kSchemaSteps.size(); ++step) {
    Result<void> done =
        database.Script("BEGIN IMMEDIATE;" + std::string(kSchemaSteps.at(step)) +
                        "PRAGMA user_version=" + std::to_string(step + 1) + "; COMMIT");
    if (!done) return done;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> Store::Open(const std::string& directory) {
  if (Result<void> checked = CheckFolder(directory); !checked) return checked.error();
  Result<UniqueFd> lock = Lock(directory + "/store.lock");
  if (!lock) return lock.error();
  const std::string path = directory + "/store.db";
  Result<Database> database = Database::Open(path, Database::Access::kReadWrite);
  if (!database) return database.error();
  if (Result<void> migrated = Migrate(*database, path); !migrated) return migrated.error();
  return std::unique_ptr<Store>(new Store(*std::move(database), *std::move(lock)));
}

Result<void> Store::Commit(std::vector<Change> changes) {
  Waiting mine{.changes = std::move(changes)};
  std::unique_lock lock(mutex_);
  queue_.push_back(&mine);
  mine.woken.wait(lock, [&] { return mine.is_done || !is_busy_; });
  if (!mine.is_done) Lead(lock);
  return mine.result;
}

void Store::Post(std::string topic, Change change, Loss loss) {
  const std::lock_guard lock(mutex_);
  const bool is_full = posted_.size() >= kMaxPosted && !posted_.contains(topic);
  if (is_full && loss == Loss::kAllowed) return;
  posted_.insert_or_assign(std::move(topic), std::move(change));
}

Result<void> Store::CommitPosted() {
  {
    const std::lock_guard lock(mutex_);
    if (posted_.empty()) return {};
  }
  return Commit({});
}

Result<void> Store::Read(const Change& read) {
  std::unique_lock lock(mutex_);
  is_free_.wait(lock, [&] { return !is_busy_; });
  is_busy_ = true;
  lock.unlock();
  const Result<void> done = read(database_);
  lock.lock();
  Free();
  return done;
}

Result<void> Store::Probe() {
  {
    const std::lock_guard lock(mutex_);
    if (last_commit_succeeded_) return {};
  }
  // Has to touch a page, else there is nothing to write.
  return Commit({[](Database& database) {
                   return database.Execute("INSERT INTO seen_requests VALUES('', '', 0)");
                 },
                 [](Database& database) {
                   return database.Execute("DELETE FROM seen_requests WHERE application = ''");
                 }});
}

// The queue holds the caller's own work, so its turn ends with that done.
void Store::Lead(std::unique_lock<std::mutex>& lock) {
  std::vector<Waiting*> batch = std::exchange(queue_, {});
  Posted posted = std::exchange(posted_, {});
  is_busy_ = true;
  lock.unlock();
  const bool has_posted = CommitAll(batch, posted);
  lock.lock();
  if (!has_posted) posted_.merge(posted);  // what came meanwhile is newer, and stays
  for (Waiting* waiting : batch) {
    waiting->is_done = true;
    last_commit_succeeded_ = waiting->result.has_value();
    waiting->woken.notify_one();
  }
  Free();
}

// Whoever leads takes the whole queue along, so one of it is enough: others would wake to find the
// database busy and sleep again.
void Store::Free() {
  is_busy_ = false;
  is_free_.notify_one();
  if (!queue_.empty()) queue_.front()->woken.notify_one();
}

bool Store::CommitAll(std::vector<Waiting*>& batch, const Posted& posted) {
  const auto run = [&](const std::vector<Change>& changes) -> Result<void> {
    for (const Change& change : changes) {
      if (Result<void> done = change(database_); !done) return done;
    }
    return {};
  };
  const Result<void> together = Transaction([&]() -> Result<void> {
    for (const auto& [topic, change] : posted) {
      if (Result<void> done = change(database_); !done) return done;
    }
    for (const Waiting* waiting : batch) {
      if (Result<void> done = run(waiting->changes); !done) return done;
    }
    return {};
  });
  if (together) return true;
  if (together.error().code != ErrorCode::kInvalidArgument) {
    for (Waiting* waiting : batch) waiting->result = together;
    return false;
  }
  // One of them can't be made: each by itself, so that it takes nobody along.
  for (const auto& [topic, change] : posted) {
    const Change& posted_change = change;
    [[maybe_unused]] const Result<void> done =
        Transaction([&] { return posted_change(database_); });
  }
  for (Waiting* waiting : batch) {
    waiting->result = Transaction([&] { return run(waiting->changes); });
  }
  return true;
}

Result<void> Store::Transaction(const std::function<Result<void>()>& work) {
  ++transactions_;
  if (Result<void> begun = database_.Execute("BEGIN IMMEDIATE"); !begun) return begun;
  Result<void> done = work();
  if (done) done = database_.Execute("COMMIT");
  // A full disk may have rolled it back already.
  if (!done && database_.IsInTransaction()) {
    [[maybe_unused]] const Result<void> undone = database_.Execute("ROLLBACK");
  }
  return done;
}

}  // namespace rolebridge::store
