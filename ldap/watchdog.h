#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "bridge/base/unique_fd.h"

namespace rolebridge::ldap {

using Deadline = std::chrono::steady_clock::time_point;

// Shuts sockets down at their deadline, from a thread of its own: libldap's own timeouts do not
// cover a TLS handshake, nor a TLS record of which half has arrived (security.md L4).
class Watchdog {
 public:
  // One connection as the watchdog sees it. It holds a duplicate of the descriptor: what libldap
  // closes meanwhile can't become somebody else's.
  class Watched {
   public:
    explicit Watched(Watchdog& watchdog) : watchdog_(watchdog) {}
    ~Watched();
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    // Takes the socket that libldap has just connected. False: the deadline has passed already.
    bool Attach(int socket);
    // From now on the deadline is this; a shutdown that has happened stays.
    void Arm(Deadline deadline);
    void Disarm();
    // True once the deadline has passed while armed.
    bool HasFired() const;
    // The duplicate, or -1.
    int socket() const { return socket_.get(); }

   private:
    friend class Watchdog;
    Watchdog& watchdog_;
    UniqueFd socket_;
    Deadline deadline_{};
    bool is_armed_ = false;
    bool has_fired_ = false;
  };

  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void Run();

  std::mutex mutex_;  // also guards every Watched
  std::condition_variable changed_;
  std::set<std::pair<Deadline, Watched*>> armed_;
  // When the thread looks next by itself. It is woken only for an earlier deadline, not for each
  // operation: those mostly end before, and a later one finds it still waiting for the first.
  Deadline looks_at_ = Deadline::max();
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace rolebridge::ldap
