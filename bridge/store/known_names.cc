#include "bridge/store/known_names.h"

namespace rolebridge::store {

Result<std::unique_ptr<KnownNames>> KnownNames::Open(Store& store) {
  std::unique_ptr<KnownNames> known(new KnownNames(store));
  const Result<void> read = store.Read([&](Database& database) {
    return database.ForEach("SELECT username FROM known_names", [&](const Row& row) {
      known->names_.insert(row.Bytes(0));
      return true;
    });
  });
  if (!read) return read.error();
  return known;
}

bool KnownNames::Contains(const std::string& username) const {
  const std::lock_guard lock(mutex_);
  return names_.contains(username);
}

void KnownNames::Add(const std::string& username) {
  const std::lock_guard lock(mutex_);
  if (!names_.insert(username).second) return;
  store_.Post("name " + username, [username](Database& database) {
    return database.Execute("INSERT OR IGNORE INTO known_names VALUES(?)", username);
  });
}

}  // namespace rolebridge::store
