#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bridge/base/result.h"
#include "ldap/connection.h"
#include "ldap/credentials.h"
#include "ldap/server_list.h"
#include "ldap/server_names.h"
#include "ldap/services.h"
#include "ldap/settings.h"
#include "ldap/watchdog.h"

namespace rolebridge::ldap {

// What a connection has to be beside usable.
struct Wish {
  bool must_be_new = false;
  std::string not_to = {};  // a server's URI
};

// At most settings.pool_size connections to the directory, lent to one thread each.
//
// Which server they go to is ServerList's to say. What is asked of one connection is answered by
// one server, wholly or not at all.
class Pool {
 public:
  // `settings` outlives this. `find_services`: who knows the servers of ldap+srv:// addresses.
  Pool(const Settings& settings, SecretString password,
       ServiceFinder find_services = SystemServiceFinder(), ServerNotice notice = {});
  ~Pool();  // may wait some seconds: for a probe under way, or the DNS
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // A connection as long as this lives. It goes back unless it has failed (security.md L12).
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Connection> connection, bool is_reused)
        : pool_(&pool), connection_(std::move(connection)), is_reused_(is_reused) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }
    bool is_reused() const { return is_reused_; }
    // It was an old one that the server had closed meanwhile, which says nothing about the server.
    bool WasClosedWhileIdle() const { return is_reused_ && connection_->was_lost(); }

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
    bool is_reused_;
  };

  // An idle connection, or, where there is none, a new one: of the first server in order that has
  // or gives one. Opening one never takes all the time that is left: there is enough to go on to
  // the next server, and to ask something.
  // Errors: kUnavailable, the DNS names no server; kDeadlineExceeded, all were lent until the
  // deadline; those of Connection::Open for the last server tried.
  Result<Lease> Borrow(Deadline deadline, const Wish& wish = {});

  // The servers as they are known, in the order of the settings.
  std::vector<ServerHealth> Servers() const;

  // Runs `use(Connection&)`, which returns a Result and only reads, on a borrowed connection. Where
  // the server had closed that one while it was idle, once more on a new one: a restarted directory
  // costs nobody a login. Where a server fails in the middle, once more on another server.
  template <typename Use>
  auto With(Deadline deadline, Use use) -> decltype(use(std::declval<Connection&>())) {
    Wish wish;
    while (true) {
      const auto lease = Borrow(deadline, wish);
      if (!lease) return lease.error();
      auto answer = use(**lease);
      if (answer || !FindAnother(*lease, wish)) return answer;
    }
  }

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    Deadline since;
  };
  bool FindAnother(const Lease& failed, Wish& wish);
  Result<Lease> BorrowInOrder(Deadline deadline, const Wish& wish);
  std::unique_ptr<Connection> TakeIdle(const std::string& uri);
  Result<std::unique_ptr<Connection>> Open(const std::string& uri, Deadline deadline);
  void NoteEnd(const std::string& uri, Deadline began, ServerList::Outcome outcome);
  void Return(std::unique_ptr<Connection> connection, bool was_closed_while_idle);
  void Keep(std::unique_ptr<Connection> connection);
  std::vector<Idle> TakeOut(const std::function<bool(const Idle&)>& is_meant);
  std::vector<Idle> TakeOutOf(const std::string& uri);
  void LookAfterServers();
  void Probe(const std::string& uri);
  void RefreshNames();
  void NoteFailure();
  void Tell(const std::string& uri, ServerList::Change change) const;

  const Settings& settings_;
  const Credentials credentials_;
  const ServerNotice notice_;
  Watchdog watchdog_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable returned_;
  std::condition_variable health_changed_;
  size_t lent_ = 0;
  std::vector<Idle> idle_;  // the last one lent is the first to be lent again
  ServerList servers_;
  Error no_server_;            // what to say while the list is empty
  bool knows_servers_ = true;  // false until the DNS was asked for the first time
  Deadline asks_dns_at_{};     // where the DNS has a say
  Deadline asks_dns_not_before_{};
  bool is_ending_ = false;
  // What follows is the thread's own.
  ServerNames names_;
  std::thread thread_;
};

}  // namespace rolebridge::ldap
