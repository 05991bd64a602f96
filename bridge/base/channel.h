#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "bridge/base/unique_fd.h"

namespace rolebridge {

// One end of a SOCK_SEQPACKET unix socket: whole messages, bounded and timed (security.md C2, C4).
class Channel {
 public:
  explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}

  // Errors: kNotFound, nobody listens at `path`; kUnavailable, it can't be reached.
  static Result<Channel> Connect(const std::string& path);

  // Sends one message. Errors: kDeadlineExceeded, the peer does not read; kUnavailable, it is gone.
  Result<void> Send(std::string_view message, std::chrono::milliseconds timeout);

  // The next message, of 1 to `maximum` bytes. Errors: kDeadlineExceeded, nothing came in time (the
  // channel stays usable); kUnavailable, the peer closed; kInvalidArgument, the message was longer
  // or carried file descriptors (they are closed): end the connection.
  Result<SecretString> Receive(size_t maximum, std::chrono::milliseconds timeout);

  int fd() const { return socket_.get(); }
  void Close() { socket_.Reset(); }
  bool is_open() const { return static_cast<bool>(socket_); }

 private:
  UniqueFd socket_;
};

// A listening SOCK_SEQPACKET socket at `path`, mode 0660, `group` if one is named. Replaces a stale
// socket file. Errors: kUnavailable, with the path and the reason.
Result<UniqueFd> ListenSeqpacket(const std::string& path, const std::optional<gid_t>& group);

// The user id of the process that connected `socket` (SO_PEERCRED).
Result<uid_t> PeerUid(int socket);

}  // namespace rolebridge
