#pragma once

#include <sys/types.h>

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
  // Nothing: end the connection.
  using Answerer = std::function<std::optional<SecretString>(std::string_view message)>;

  // `peer_uid`: who may connect (security.md C1); others are cut off and logged.
  RequestServer(UniqueFd listener, uid_t peer_uid, size_t max_request, Answerer answerer);
  ~RequestServer();

  // Accepts until `stop_fd` becomes readable, then waits for the requests in progress. `tick` is
  // called every half minute at least.
  void ServeUntil(int stop_fd, const std::function<void()>& tick);

 private:
  struct Connection {
    Channel channel;
    std::thread thread;
    bool ended = false;
  };
  void AcceptOne();
  void Serve(Connection& connection);
  void JoinEnded();

  const UniqueFd listener_;
  const uid_t peer_uid_;
  const size_t max_request_;
  const Answerer answerer_;
  std::mutex mutex_;
  std::list<Connection> connections_;
};

}  // namespace rolebridge::issuer
