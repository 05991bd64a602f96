#include "ldap/pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ldap/filter.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::steady_clock;

// Firewalls forget a connection that says nothing; ours is closed before that.
constexpr std::chrono::seconds kMaximumIdleTime{60};
constexpr const char* kNoAttributes = "1.1";  // RFC 4511 4.5.1.8
constexpr std::chrono::milliseconds kAskedAgainWithoutAServer{2000};
// For so many servers there is time if all of them hang; one that refuses takes none.
constexpr size_t kServersToWaitFor = 3;

// What opening a connection to the first of `servers` may take: a share that leaves as much for
// each of the others, and for the question itself.
Deadline ShareOf(Deadline deadline, size_t servers) {
  const Deadline now = steady_clock::now();
  const auto shares = static_cast<int>(std::min(servers, kServersToWaitFor)) + 1;
  return now + (deadline - now) / shares;
}

}  // namespace

Pool::Pool(const Settings& settings, SecretString password, ServiceFinder find_services,
           ServerNotice notice)
    : settings_(settings),
      credentials_(settings.bind, std::move(password)),
      notice_(std::move(notice)),
      servers_({}, settings_.server_rules),
      names_(settings_.uris, std::move(find_services)) {
  servers_.Replace(names_.uris());
  no_server_ = names_.failure();
  knows_servers_ = !names_.has_services();
  // Where there is no other server to go to meanwhile, whoever asks is the probe.
  if (settings_.uris.size() > 1 || names_.has_services()) {
    thread_ = std::thread([this] { LookAfterServers(); });
  }
}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  health_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  idle_.clear();
}

Pool::Lease::~Lease() {
  if (!connection_) return;
  const bool was_closed_while_idle = WasClosedWhileIdle();
  pool_->Return(std::move(connection_), was_closed_while_idle);
}

Result<Pool::Lease> Pool::Borrow(Deadline deadline, const Wish& wish) {
  {
    std::unique_lock lock(mutex_);
    const auto is_told = [&] { return knows_servers_ || servers_.size() > 0; };
    if (!returned_.wait_until(lock, deadline, is_told)) {
      return Error{ErrorCode::kDeadlineExceeded, "ldap: no answer of the DNS in time"};
    }
    const auto is_free = [&] { return lent_ < settings_.pool_size; };
    if (!returned_.wait_until(lock, deadline, is_free)) {
      return Error{ErrorCode::kDeadlineExceeded,
                   "ldap: all " + std::to_string(settings_.pool_size) + " connections are in use"};
    }
    ++lent_;
  }
  auto lease = BorrowInOrder(deadline, wish);
  if (!lease) Return(nullptr, false);
  return lease;
}

Result<Pool::Lease> Pool::BorrowInOrder(Deadline deadline, const Wish& wish) {
  std::vector<std::string> order;
  Error last;
  {
    const std::lock_guard lock(mutex_);
    order = servers_.InOrder(steady_clock::now());
    last = no_server_;
  }
  std::erase(order, wish.not_to);
  for (size_t i = 0; i < order.size(); ++i) {
    if (!wish.must_be_new) {
      if (auto idle = TakeIdle(order[i])) return Lease(*this, std::move(idle), true);
    }
    auto opened = Open(order[i], ShareOf(deadline, order.size() - i));
    if (opened) return Lease(*this, *std::move(opened), false);
    last = opened.error();
  }
  return last;
}

std::unique_ptr<Connection> Pool::TakeIdle(const std::string& uri) {
  const auto is_old = [oldest = steady_clock::now() - kMaximumIdleTime](const Idle& idle) {
    return idle.since < oldest || idle.connection->HasNewsWhileIdle();
  };
  std::vector<Idle> old;  // closed after the lock is gone
  const std::lock_guard lock(mutex_);
  old = TakeOut(is_old);
  const auto last = std::find_if(idle_.rbegin(), idle_.rend(),
                                 [&](const Idle& idle) { return idle.connection->uri() == uri; });
  if (last == idle_.rend()) return nullptr;
  auto connection = std::move(last->connection);
  idle_.erase(std::next(last).base());
  return connection;
}

Result<std::unique_ptr<Connection>> Pool::Open(const std::string& uri, Deadline deadline) {
  const Deadline began = steady_clock::now();
  {
    std::vector<Idle> surplus;
    const std::lock_guard lock(mutex_);
    // Those that are idle are of other servers; the one that has been for longest makes room.
    if (lent_ + idle_.size() > settings_.pool_size && !idle_.empty()) {
      surplus.push_back(std::move(idle_.front()));
      idle_.erase(idle_.begin());
    }
    servers_.Began(uri, began);
  }
  auto opened = Connection::Open(settings_, uri, credentials_, watchdog_, deadline);
  using Outcome = ServerList::Outcome;
  const bool is_undecided = !opened && opened.error().code == ErrorCode::kDeadlineExceeded &&
                            !IsFairTime(deadline - began, settings_);
  NoteEnd(uri, began,
          opened         ? Outcome::kAnswered
          : is_undecided ? Outcome::kUndecided
                         : Outcome::kFailed);
  return opened;
}

void Pool::NoteEnd(const std::string& uri, Deadline began, ServerList::Outcome outcome) {
  std::vector<Idle> dead;
  auto change = ServerList::Change::kNone;
  {
    const std::lock_guard lock(mutex_);
    change = servers_.Ended(uri, began, outcome, steady_clock::now());
    if (outcome == ServerList::Outcome::kFailed) {
      dead = TakeOutOf(uri);
      NoteFailure();
    }
  }
  health_changed_.notify_one();
  Tell(uri, change);
}

void Pool::Return(std::unique_ptr<Connection> connection, bool was_closed_while_idle) {
  std::vector<Idle> dead;
  const bool is_kept = connection && connection->is_usable();
  const bool has_server_failed = connection && connection->has_server_failed();
  const std::string uri = connection ? connection->uri() : "";
  if (!is_kept) connection.reset();  // closed before its place is given to another
  auto change = ServerList::Change::kNone;
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (is_kept) idle_.push_back({std::move(connection), steady_clock::now()});
    // After one connection was found dead, the idle ones have hardly fared better.
    if (has_server_failed) dead = TakeOutOf(uri);
    if (has_server_failed && !was_closed_while_idle) {
      change = servers_.Failed(uri, steady_clock::now());
      NoteFailure();
    }
  }
  returned_.notify_one();
  if (has_server_failed) health_changed_.notify_one();
  Tell(uri, change);
}

void Pool::Tell(const std::string& uri, ServerList::Change change) const {
  if (notice_ && change != ServerList::Change::kNone) {
    notice_(uri, change == ServerList::Change::kRecovered);
  }
}

std::vector<ServerHealth> Pool::Servers() const {
  const std::lock_guard lock(mutex_);
  return servers_.Health();
}

bool Pool::FindAnother(const Lease& failed, Wish& wish) {
  if (failed.WasClosedWhileIdle() && !wish.must_be_new) {
    wish.must_be_new = true;
    return true;
  }
  const std::lock_guard lock(mutex_);
  const bool has_another = servers_.size() > 1 && wish.not_to.empty();
  if (!failed->has_server_failed() || !has_another) return false;
  wish = {.not_to = failed->uri()};
  return true;
}

std::vector<Pool::Idle> Pool::TakeOut(const std::function<bool(const Idle&)>& is_meant) {
  const auto first = std::stable_partition(idle_.begin(), idle_.end(), std::not_fn(is_meant));
  std::vector<Idle> out(std::make_move_iterator(first), std::make_move_iterator(idle_.end()));
  idle_.erase(first, idle_.end());
  return out;
}

std::vector<Pool::Idle> Pool::TakeOutOf(const std::string& uri) {
  return TakeOut([&](const Idle& idle) { return idle.connection->uri() == uri; });
}

// Where a server has failed, the DNS may know of another by now.
void Pool::NoteFailure() { asks_dns_at_ = std::min(asks_dns_at_, asks_dns_not_before_); }

void Pool::LookAfterServers() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    const Deadline now = steady_clock::now();
    auto next = servers_.NextDue();
    if (names_.has_services()) next = std::min(next.value_or(asks_dns_at_), asks_dns_at_);
    if (names_.has_services() && now >= asks_dns_at_) {
      lock.unlock();
      RefreshNames();
      lock.lock();
    } else if (const auto uri = servers_.TakeDue(now)) {
      lock.unlock();
      Probe(*uri);
      lock.lock();
    } else if (next) {
      health_changed_.wait_until(lock, *next);
    } else {
      health_changed_.wait(lock);
    }
  }
}

void Pool::RefreshNames() {
  const auto lifetime = names_.Refresh();
  {
    const std::lock_guard lock(mutex_);
    const Deadline now = steady_clock::now();
    servers_.Replace(names_.uris());
    no_server_ = names_.failure();
    knows_servers_ = true;
    // Where there is none, people are waiting.
    asks_dns_not_before_ =
        now + (servers_.size() > 0 ? settings_.between_dns_questions : kAskedAgainWithoutAServer);
    asks_dns_at_ = servers_.size() > 0 ? now + lifetime : asks_dns_not_before_;
  }
  returned_.notify_all();
}

// Somebody who connects and asks for the one entry that each server has: there are those that let
// in everybody and then say nothing.
void Pool::Probe(const std::string& uri) {
  const Deadline began = steady_clock::now();
  const SearchRequest root{.base = "",
                           .scope = SearchScope::kBase,
                           .filter = PresenceFilter("objectClass"),
                           .attributes = {kNoAttributes},
                           .maximum_entries = 1,
                           .may_be_missing = true};
  auto opened = Connection::Open(settings_, uri, credentials_, watchdog_,
                                 began + 2 * settings_.connect_timeout);
  bool is_back = false;
  if (opened) {
    const auto found = (*opened)->Search(root, steady_clock::now() + settings_.connect_timeout);
    const bool is_silent = !found && found.error().code == ErrorCode::kDeadlineExceeded;
    // A server that refuses to show that entry is there, too.
    is_back = found || (!is_silent && !(*opened)->has_server_failed());
  }
  NoteEnd(uri, began, is_back ? ServerList::Outcome::kAnswered : ServerList::Outcome::kFailed);
  if (is_back && (*opened)->is_usable()) Keep(*std::move(opened));
}

// What was opened for a probe, for whoever comes next, where there is room.
void Pool::Keep(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  if (lent_ + idle_.size() >= settings_.pool_size) return;
  idle_.push_back({std::move(connection), steady_clock::now()});
}

}  // namespace rolebridge::ldap
