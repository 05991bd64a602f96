#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "ldap/connection.h"
#include "ldap/settings.h"
#include "ldap/watchdog.h"

namespace rolebridge::ldap {

// At most settings.pool_size connections to the directory, lent to one thread each.
//
// Servers are tried in the order of settings.uris; one that failed is tried last for half a minute.
class Pool {
 public:
  Pool(const Settings& settings, SecretString password);
  ~Pool();
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

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
    bool is_reused_;
  };

  // An idle connection, or, where there is none or `must_be_new`, a new one.
  // Errors: kDeadlineExceeded, all were lent until the deadline; those of Connection::Open for the
  // last server tried.
  Result<Lease> Borrow(Deadline deadline, bool must_be_new = false);

  // Runs `use(Connection&)`, which returns a Result, on a borrowed connection. Where that was an
  // old one which the server had closed meanwhile, once more on a new one: a restarted directory
  // costs nobody a login.
  template <typename Use>
  auto With(Deadline deadline, Use use) -> decltype(use(std::declval<Connection&>())) {
    {
      const auto lease = Borrow(deadline);
      if (!lease) return lease.error();
      auto answer = use(**lease);
      if (answer || !lease->is_reused() || !(*lease)->was_lost()) return answer;
    }
    const auto lease = Borrow(deadline, true);
    if (!lease) return lease.error();
    return use(**lease);
  }

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    Deadline since;
  };
  struct Server {
    std::string uri;
    Deadline failed_at{};  // epoch: has not
  };

  std::unique_ptr<Connection> TakeIdle(std::vector<Idle>& dead);
  Result<std::unique_ptr<Connection>> OpenAny(Deadline deadline);
  std::vector<std::string> ServersInOrder();
  void NoteServer(const std::string& uri, bool has_failed);
  void Return(std::unique_ptr<Connection> connection);

  const Settings& settings_;
  const SecretString password_;
  Watchdog watchdog_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable returned_;
  size_t lent_ = 0;
  std::vector<Idle> idle_;  // the last one lent is the first to be lent again
  std::vector<Server> servers_;
};

}  // namespace rolebridge::ldap
