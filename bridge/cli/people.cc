#include "bridge/cli/people.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "bridge/issuer/person_reader.h"
#include "bridge/issuer/username.h"

namespace rolebridge::cli {
namespace {

constexpr size_t kWorkers = 4;
constexpr size_t kProgressEvery = 1000;

}  // namespace

Result<void> ListPeople(const config::Config& config, ldap::Directory& directory,
                        std::vector<std::string>& usernames) {
  const Result<void> listed = directory.ForEachUsername([&](const std::string& name) {
    // A name that nobody can log in with gives nothing.
    if (auto username = issuer::CanonicalUsername(name, config.usernames)) {
      usernames.push_back(*std::move(username));
    }
    return true;
  });
  std::sort(usernames.begin(), usernames.end());
  usernames.erase(std::unique(usernames.begin(), usernames.end()), usernames.end());
  return listed;
}

Result<std::optional<mapping::Facts>> ReadPerson(ldap::Directory& directory,
                                                 const std::string& username) {
  const Result<ldap::Lookup> lookup = directory.Find(username);
  if (!lookup && lookup.error().code == ErrorCode::kNotFound) {
    return std::optional<mapping::Facts>();
  }
  if (!lookup) return lookup.error();
  if (lookup->person.account_state != ldap::AccountState::kActive) {
    return std::optional<mapping::Facts>();
  }
  return std::optional(issuer::FactsOf(username, *lookup));
}

Result<void> ForEachPerson(const std::vector<std::string>& usernames, std::ostream* progress,
                           const std::function<Result<void>(const std::string&)>& visit) {
  std::atomic<size_t> next{0};
  std::mutex mutex;  // of what follows, and of `progress`
  std::optional<Error> error;
  const auto work = [&] {
    for (size_t i = next++; i < usernames.size(); i = next++) {
      const Result<void> visited = visit(usernames[i]);
      const std::lock_guard lock(mutex);
      if (!visited) {
        next = usernames.size();
        if (!error) error = visited.error();
        return;
      }
      if (progress != nullptr && (i + 1) % kProgressEvery == 0) {
        *progress << "\r" << i + 1 << " of " << usernames.size() << " people" << std::flush;
      }
    }
  };
  std::vector<std::thread> workers;
  for (size_t i = 0; i < kWorkers; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  if (progress != nullptr) *progress << "\r\x1b[K";
  if (error) return *error;
  return {};
}

}  // namespace rolebridge::cli
