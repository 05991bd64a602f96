#include "ldap/pool.h"

#include <algorithm>
#include <utility>

namespace rolebridge::ldap {
namespace {

using std::chrono::steady_clock;

// Firewalls forget a connection that says nothing; ours is closed before that.
constexpr std::chrono::seconds kMaximumIdleTime{60};
constexpr std::chrono::seconds kServerRestsAfterFailure{30};

}  // namespace

Pool::Pool(const Settings& settings, SecretString password)
    : settings_(settings), password_(std::move(password)) {
  for (const std::string& uri : settings_.uris) servers_.push_back({uri});
}

Pool::~Pool() { idle_.clear(); }

Pool::Lease::~Lease() {
  if (connection_) pool_->Return(std::move(connection_));
}

Result<Pool::Lease> Pool::Borrow(Deadline deadline, bool must_be_new) {
  std::vector<Idle> dead;  // closed after the lock is gone
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock lock(mutex_);
    const bool is_free =
        returned_.wait_until(lock, deadline, [&] { return lent_ < settings_.pool_size; });
    if (!is_free) {
      return Error{ErrorCode::kDeadlineExceeded,
                   "ldap: all " + std::to_string(settings_.pool_size) + " connections are in use"};
    }
    ++lent_;
    // After one old connection was found dead, the others have hardly fared better.
    if (must_be_new) dead.swap(idle_);
    if (!must_be_new) connection = TakeIdle(dead);
  }
  dead.clear();
  if (connection) return Lease(*this, std::move(connection), true);

  auto opened = OpenAny(deadline);
  if (!opened) {
    Return(nullptr);
    return opened.error();
  }
  return Lease(*this, *std::move(opened), false);
}

std::unique_ptr<Connection> Pool::TakeIdle(std::vector<Idle>& dead) {
  const Deadline now = steady_clock::now();
  while (!idle_.empty()) {
    Idle last = std::move(idle_.back());
    idle_.pop_back();
    const bool is_old = now - last.since > kMaximumIdleTime;
    if (!is_old && !last.connection->HasNewsWhileIdle()) return std::move(last.connection);
    dead.push_back(std::move(last));
  }
  return nullptr;
}

Result<std::unique_ptr<Connection>> Pool::OpenAny(Deadline deadline) {
  Error last{ErrorCode::kUnavailable, "ldap: ldap.uris names no server"};
  for (const std::string& uri : ServersInOrder()) {
    auto opened = Connection::Open(settings_, uri, password_, watchdog_, deadline);
    NoteServer(uri, !opened);
    if (opened) return opened;
    last = opened.error();
  }
  return last;
}

std::vector<std::string> Pool::ServersInOrder() {
  const std::lock_guard lock(mutex_);
  const Deadline now = steady_clock::now();
  std::vector<std::string> rested;
  std::vector<std::string> resting;
  for (const Server& server : servers_) {
    const bool failed_lately =
        server.failed_at != Deadline{} && now - server.failed_at < kServerRestsAfterFailure;
    (failed_lately ? resting : rested).push_back(server.uri);
  }
  rested.insert(rested.end(), resting.begin(), resting.end());
  return rested;
}

void Pool::NoteServer(const std::string& uri, bool has_failed) {
  const std::lock_guard lock(mutex_);
  for (Server& server : servers_) {
    if (server.uri == uri) server.failed_at = has_failed ? steady_clock::now() : Deadline{};
  }
}

void Pool::Return(std::unique_ptr<Connection> connection) {
  const bool is_kept = connection && connection->is_usable();
  if (!is_kept) connection.reset();  // closed before its place is given to another
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (is_kept) idle_.push_back({std::move(connection), steady_clock::now()});
  }
  returned_.notify_one();
}

}  // namespace rolebridge::ldap
