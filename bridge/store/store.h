#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/unique_fd.h"
#include "bridge/store/database.h"

namespace rolebridge::store {

// One piece of work within a transaction. It may run a second time, where a neighbour in the same
// transaction failed, so it depends on the database and its own values alone.
using Change = std::function<Result<void>(Database&)>;

// What outlives this process: one SQLite file in the state directory. Safe to call from several
// threads.
//
// Group commit: whoever finds nobody committing takes along what all others have brought meanwhile,
// so that durability costs each a wait and not a disk flush of its own. A change that can't be made
// (kInvalidArgument) fails alone; where the file can't be written, all of them have failed.
class Store {
 public:
  // Errors: kUnavailable: the directory or the file can't be used, is held by another issuer, or
  // was written by a newer version. The message names the path.
  static Result<std::unique_ptr<Store>> Open(const std::string& directory);

  // Returns when all of `changes` are on the disk, or none is. Errors: kUnavailable.
  Result<void> Commit(std::vector<Change> changes);

  // Takes `change` along with the next commit that succeeds; nobody waits for it. It stands in for
  // one that still waits under the same `topic`, so that a value that changes often is written
  // once. Those of different topics are made in any order.
  // Where too much waits, because nothing could be written for long, only what must not be lost is
  // taken.
  enum class Loss { kAllowed, kNever };
  void Post(std::string topic, Change change, Loss loss = Loss::kAllowed);
  // For a timer, so that what was posted does not wait for long.
  Result<void> CommitPosted();

  // Outside of any transaction; `read` may post.
  Result<void> Read(const Change& read);

  // Whether something can be written at this moment: by the last commit, or else by trying.
  Result<void> Probe();

  // Transactions so far, for tests of group commit.
  uint64_t transactions() const { return transactions_; }

 private:
  using Posted = std::unordered_map<std::string, Change>;
  struct Waiting {
    std::vector<Change> changes;
    bool is_done = false;
    Result<void> result;
    std::condition_variable woken = {};  // it is done, or it is its turn to lead
  };

  Store(Database database, UniqueFd lock)
      : database_(std::move(database)), lock_(std::move(lock)) {}
  void Lead(std::unique_lock<std::mutex>& lock);
  // Lets one reader and one of the queue at the database; under mutex_.
  void Free();
  // False where `posted` has to be tried again.
  bool CommitAll(std::vector<Waiting*>& batch, const Posted& posted);
  Result<void> Transaction(const std::function<Result<void>()>& work);

  mutable std::mutex mutex_;
  std::condition_variable is_free_;  // for those who read
  bool is_busy_ = false;             // somebody uses database_
  std::vector<Waiting*> queue_;
  Posted posted_;
  bool last_commit_succeeded_ = false;
  std::atomic<uint64_t> transactions_{0};

  Database database_;
  const UniqueFd lock_;  // held by flock(2) for as long as we live
};

}  // namespace rolebridge::store
