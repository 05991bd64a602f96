#include "bridge/base/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rolebridge {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Error SystemError(ErrorCode code, const std::string& what) {
  return {code, what + ": " + std::strerror(errno)};
}

Result<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return Error{ErrorCode::kInvalidArgument,
                 "socket path '" + path + "' is too long; use at most 107 characters"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Waits until `events` or an end is there; false at the deadline.
bool WaitFor(int fd, short events, steady_clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    pollfd waiting{fd, events, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(std::max(left, milliseconds(0)).count()));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return true;  // the call that follows reports it
  }
}

void CloseReceivedDescriptors(msghdr& header) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
      ::close(fd);
    }
  }
}

}  // namespace

Result<Channel> Channel::Connect(const std::string& path) {
  const Result<sockaddr_un> address = AddressOf(path);
  if (!address) return address.error();
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return SystemError(ErrorCode::kInternal, "socket");
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(sockaddr_un)) != 0) {
    const bool is_nobody = errno == ENOENT || errno == ECONNREFUSED;
    return SystemError(is_nobody ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                       "cannot connect to '" + path + "'");
  }
  return Channel(std::move(fd));
}

Result<void> Channel::Send(std::string_view message, milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  while (true) {
    const ssize_t sent =
        send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == static_cast<ssize_t>(message.size())) return {};
    if (sent >= 0) return Error{ErrorCode::kInternal, "a message was cut"};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return SystemError(ErrorCode::kUnavailable, "send");
    if (!WaitFor(socket_.get(), POLLOUT, deadline)) {
      return Error{ErrorCode::kDeadlineExceeded, "the peer does not read"};
    }
  }
}

Result<SecretString> Channel::Receive(size_t maximum, milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 253)];
  while (true) {
    if (!WaitFor(socket_.get(), POLLIN, deadline)) {
      return Error{ErrorCode::kDeadlineExceeded, "no message in time"};
    }
    // Its size first: to clear and to wipe room for the largest message costs more than the call.
    const ssize_t size = recv(socket_.get(), nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return SystemError(ErrorCode::kUnavailable, "receive");
    SecretString message = SecretString::OfSize(std::min(static_cast<size_t>(size), maximum));
    iovec bytes{message.MutableReveal(), message.size()};
    msghdr header{};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    const ssize_t got = recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return SystemError(ErrorCode::kUnavailable, "receive");
    const bool has_ancillary_bytes = header.msg_controllen > 0;
    CloseReceivedDescriptors(header);
    if (got == 0) return Error{ErrorCode::kUnavailable, "the peer closed the connection"};
    if (has_ancillary_bytes || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
      return Error{ErrorCode::kInvalidArgument, "a message was too long or carried descriptors"};
    }
    if (static_cast<size_t>(got) != message.size()) {
      return Error{ErrorCode::kInternal, "another reader took a message"};
    }
    return message;
  }
}

Result<UniqueFd> ListenSeqpacket(const std::string& path, const std::optional<gid_t>& group) {
  const Result<sockaddr_un> address = AddressOf(path);
  if (!address) return address.error();
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) return SystemError(ErrorCode::kInternal, "socket");
  struct stat existing {};
  if (lstat(path.c_str(), &existing) == 0 && S_ISSOCK(existing.st_mode)) unlink(path.c_str());
  // 0660 from the first moment on: a mode set afterwards would leave a gap.
  const mode_t previous = umask(0117);
  const int bound =
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(sockaddr_un));
  umask(previous);
  if (bound != 0) return SystemError(ErrorCode::kUnavailable, "cannot bind '" + path + "'");
  if (group && chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0) {
    return SystemError(ErrorCode::kUnavailable, "cannot set the group of '" + path + "'");
  }
  if (listen(fd.get(), 512) != 0) return SystemError(ErrorCode::kUnavailable, "listen");
  return fd;
}

Result<uid_t> PeerUid(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return SystemError(ErrorCode::kInternal, "SO_PEERCRED");
  }
  return peer.uid;
}

}  // namespace rolebridge
