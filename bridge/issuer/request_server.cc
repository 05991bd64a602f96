#include "bridge/issuer/request_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "bridge/base/log.h"

namespace rolebridge::issuer {
namespace {

constexpr std::chrono::milliseconds kSendTimeout = std::chrono::seconds(5);
// Nothing is asked of a quiet connection; it only looks up now and then.
constexpr std::chrono::milliseconds kIdle = std::chrono::minutes(10);

}  // namespace

RequestServer::RequestServer(UniqueFd listener, std::optional<uid_t> peer_uid, size_t max_request,
                             Bounds bounds, Answerer answerer)
    : listener_(std::move(listener)),
      peer_uid_(peer_uid),
      max_request_(max_request),
      bounds_(bounds),
      answerer_(std::move(answerer)) {}

RequestServer::~RequestServer() {
  {
    const std::lock_guard lock(mutex_);
    for (Connection& connection : connections_) shutdown(connection.channel.fd(), SHUT_RD);
  }
  for (Connection& connection : connections_) {
    if (connection.thread.joinable()) connection.thread.join();
  }
}

void RequestServer::ServeUntil(int stop_fd, const std::function<void()>& tick,
                               std::chrono::milliseconds interval) {
  while (true) {
    std::array<pollfd, 2> waiting = {pollfd{listener_.get(), POLLIN, 0},
                                     pollfd{stop_fd, POLLIN, 0}};
    const int ready = poll(waiting.data(), waiting.size(), static_cast<int>(interval.count()));
    if (ready < 0 && errno != EINTR) return;
    if (waiting[1].revents != 0) return;
    tick();
    JoinEnded();
    if (waiting[0].revents != 0) AcceptOne();
  }
}

void RequestServer::AcceptOne() {
  UniqueFd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket) {
    // Out of descriptors or the peer went: nothing is lost by waiting a moment (security.md H11).
    Log(LogPriority::kWarning, "accept_failed", {{"error", std::strerror(errno)}});
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return;
  }
  const Result<uid_t> peer = PeerUid(socket.get());
  if (!peer || (peer_uid_ && *peer != *peer_uid_)) {
    Log(LogPriority::kWarning, "peer_refused",
        {{"uid", peer ? std::to_string(*peer) : "unknown"},
         {"expected", peer_uid_ ? std::to_string(*peer_uid_) : "any"}});
    return;
  }
  const std::lock_guard lock(mutex_);
  if (connections_.size() >= bounds_.connections) {
    Log(LogPriority::kWarning, "peer_refused", {{"reason", "too many connections"}});
    return;
  }
  connections_.push_back({Channel(std::move(socket)), *peer, {}, false});
  Connection& connection = connections_.back();
  try {
    connection.thread = std::thread([this, &connection] { Serve(connection); });
  } catch (const std::system_error& error) {
    // No thread is to be had: this connection ends, the others go on.
    Log(LogPriority::kWarning, "accept_failed", {{"error", error.what()}});
    connections_.pop_back();
  }
}

void RequestServer::Serve(Connection& connection) {
  while (true) {
    const Result<SecretString> message =
        connection.channel.Receive(max_request_, bounds_.idle.value_or(kIdle));
    const bool is_quiet = !message && message.error().code == ErrorCode::kDeadlineExceeded;
    if (is_quiet && !bounds_.idle) continue;
    if (!message) {
      if (message.error().code == ErrorCode::kInvalidArgument) {
        Log(LogPriority::kWarning, "request_refused", {{"reason", message.error().message}});
      }
      break;
    }
    const std::optional<SecretString> reply = answerer_(message->Reveal(), connection.peer);
    if (!reply) {
      Log(LogPriority::kWarning, "request_refused", {{"reason", "malformed or unknown"}});
      break;
    }
    if (!connection.channel.Send(reply->Reveal(), kSendTimeout)) break;
  }
  const std::lock_guard lock(mutex_);
  // The peer learns at once; the descriptor itself goes when the thread is joined.
  shutdown(connection.channel.fd(), SHUT_RDWR);
  connection.ended = true;
}

void RequestServer::JoinEnded() {
  std::list<Connection> ended;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = connections_.begin(); it != connections_.end();) {
      const auto next = std::next(it);
      if (it->ended) ended.splice(ended.end(), connections_, it);
      it = next;
    }
  }
  for (Connection& connection : ended) connection.thread.join();
}

}  // namespace rolebridge::issuer
