#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/store/store.h"

namespace rolebridge::store {

// Which AuthnRequests were answered within the last fifteen minutes, so that none is answered twice
// (security.md I7), across a restart too. Safe to call from several threads.
class SeenRequests {
 public:
  // Errors: kUnavailable, the store can't be read.
  static Result<std::unique_ptr<SeenRequests>> Open(Store& store, const Clock& clock);

  // Takes the request for the caller, and gives what has to be stored with the record of the
  // answer. Nothing where it was taken already, or where a hundred thousand are on the list.
  std::optional<Change> Take(const std::string& application, const std::string& request_id);

  // For a request that was taken and then not answered.
  void GiveBack(const std::string& application, const std::string& request_id);

 private:
  explicit SeenRequests(const Clock& clock) : clock_(clock) {}
  using Key = std::pair<std::string, std::string>;  // application, request

  const Clock& clock_;
  std::mutex mutex_;
  std::map<Key, BootTime> seen_;
};

}  // namespace rolebridge::store
