#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "bridge/base/channel.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::issuer {

// Serves a listening SOCK_SEQPACKET socket: one thread a connection, requests strictly one after
// the other on each, so that a slow one holds up nobody else (security.md C4).
class RequestServer {
 public:
  // `peer`: the uid of who asks. Nothing: end the connection.
  using Answerer = std::function<std::optional<SecretString>(std::string_view message, uid_t peer)>;

  struct Bounds {
    size_t connections = 128;                       // more than web has workers
    std::optional<std::chrono::milliseconds> idle;  // a connection that is quiet for longer ends
  };

  // `peer_uid`: who may connect (security.md C1), others are cut off and logged; without it,
  // whoever the socket's mode lets in.
  RequestServer(UniqueFd listener, std::optional<uid_t> peer_uid, size_t max_request, Bounds bounds,
                Answerer answerer);
  ~RequestServer();

  // Accepts until `stop_fd` becomes readable, then waits for the requests in progress. `tick` is
  // called at that interval at least.
  void ServeUntil(int stop_fd, const std::function<void()>& tick,
                  std::chrono::milliseconds interval = std::chrono::seconds(30));

 private:
  struct Connection {
    Channel channel;
    uid_t peer = 0;
    std::thread thread;
    bool ended = false;
  };
  void AcceptOne();
  void Serve(Connection& connection);
  void JoinEnded();

  const UniqueFd listener_;
  const std::optional<uid_t> peer_uid_;
  const size_t max_request_;
  const Bounds bounds_;
  const Answerer answerer_;
  std::mutex mutex_;
  std::list<Connection> connections_;
};

}  // namespace rolebridge::issuer
