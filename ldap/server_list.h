#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rolebridge::ldap {

// Told when a server that was healthy fails, and when it is back; from any thread that asks the
// directory, and from the pool's own.
using ServerNotice = std::function<void(const std::string& uri, bool is_healthy)>;

struct ServerHealth {
  std::string uri;
  bool is_healthy = true;
  bool operator==(const ServerHealth&) const = default;
};

// Which server is asked first, and which one is left alone for now. Pure: whoever holds it does the
// locking, and hands in the time.
//
//   healthy --failed--> resting --its rest is over--> due --answered--> healthy
//
// Servers come in the order in which they were given, the healthy ones first. One that failed rests
// and is asked only when no healthy one is left; once it is due, whoever probes finds out whether
// it is back, so that no login has to. A rest is twice as long as the one before, until a server
// has been well for the longest of rests. A healthy server that somebody has been waiting for
// longer than `patience` comes behind the other healthy ones: it holds up who came first, and
// nobody who comes later.
class ServerList {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  struct Rules {
    std::chrono::milliseconds first_rest{5'000};
    std::chrono::milliseconds longest_rest{300'000};
    std::chrono::milliseconds patience{500};
    bool operator==(const Rules&) const = default;
  };

  // How an attempt ended. Undecided: it had too little time to say anything about the server.
  enum class Outcome { kAnswered, kFailed, kUndecided };

  ServerList(const std::vector<std::string>& uris, Rules rules);

  // From now on these are the servers. Of those that were before it remembers what it knew.
  void Replace(const std::vector<std::string>& uris);

  size_t size() const { return servers_.size(); }

  // All servers, the one to ask first at the front.
  std::vector<std::string> InOrder(Instant now) const;

  // What each of them is, in the order in which they were given.
  std::vector<ServerHealth> Health() const;

  // What became of a healthy server, or of one that was none.
  enum class Change { kNone, kFailed, kRecovered };

  // An attempt to get a connection. Each Began is followed by one Ended with the same `began`.
  void Began(std::string_view uri, Instant began);
  Change Ended(std::string_view uri, Instant began, Outcome outcome, Instant now);

  // The server has failed somebody who was talking to it.
  Change Failed(std::string_view uri, Instant now);

  // A server that is due and that nobody probes yet. From now on the caller does, until Ended.
  std::optional<std::string> TakeDue(Instant now);
  // When the next server will be due that nobody probes yet; none where all are healthy.
  std::optional<Instant> NextDue() const;

 private:
  struct Server {
    std::string uri;
    std::optional<Instant> rests_until = {};  // none: healthy
    std::chrono::milliseconds last_rest{0};
    Instant well_since{};
    std::multiset<Instant> attempts = {};  // when those under way began
    bool is_probed = false;
  };

  Server* Find(std::string_view uri);
  static Change Recover(Server& server, Instant now);
  Change Rest(Server& server, Instant now);

  const Rules rules_;
  std::vector<Server> servers_;
};

}  // namespace rolebridge::ldap
