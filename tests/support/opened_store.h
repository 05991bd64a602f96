#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "bridge/store/known_names.h"
#include "bridge/store/seen_requests.h"
#include "bridge/store/session_store.h"
#include "bridge/store/store.h"

namespace rolebridge::testing {

// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "rolebridge-test-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A real store and what the issuer loads from it, as at the start of a process.
struct OpenedStore {
  OpenedStore(const std::string& folder, const Clock& clock, Random& random,
              store::SessionBounds bounds = {.lifetime = std::chrono::hours(8),
                                             .idle = std::chrono::hours(1),
                                             .sessions = 100,
                                             .sessions_per_user = 10},
              std::string boot_id = "boot-1")
      : store(*store::Store::Open(folder)),
        sessions(*store::SessionStore::Open(*store, bounds, std::move(boot_id), clock, random)),
        seen_requests(*store::SeenRequests::Open(*store, clock)),
        known_names(*store::KnownNames::Open(*store)) {}

  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::SessionStore> sessions;
  std::unique_ptr<store::SeenRequests> seen_requests;
  std::unique_ptr<store::KnownNames> known_names;

  store::SessionStore::Commit Commit() {
    return [this](std::vector<store::Change> changes) { return store->Commit(std::move(changes)); };
  }
};

}  // namespace rolebridge::testing
