#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "bridge/base/result.h"
#include "bridge/store/store.h"

namespace rolebridge::store {

// The names that have ever logged in here. Others are never written down as typed, since people
// type passwords into the name field (security.md G2). Safe to call from several threads.
class KnownNames {
 public:
  // Errors: kUnavailable, the store can't be read.
  static Result<std::unique_ptr<KnownNames>> Open(Store& store);

  bool Contains(const std::string& username) const;

  void Add(const std::string& username);

 private:
  explicit KnownNames(Store& store) : store_(store) {}

  Store& store_;
  mutable std::mutex mutex_;
  std::set<std::string> names_;
};

}  // namespace rolebridge::store
