#include "bridge/base/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "bridge/base/unique_fd.h"

namespace rolebridge {
namespace {

constexpr int kFirstHandedOver = 3;
constexpr uint64_t kMostHandedOver = 64;

std::string_view EnvironmentText(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<uint64_t> EnvironmentNumber(const char* name) {
  const std::string_view text = EnvironmentText(name);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int SocketOption(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

}  // namespace

std::vector<HandedOverSocket> HandedOverSockets() {
  // The variables are inherited, the sockets are not meant to be.
  if (EnvironmentNumber("LISTEN_PID") != static_cast<uint64_t>(getpid())) return {};
  const uint64_t count = EnvironmentNumber("LISTEN_FDS").value_or(0);
  if (count > kMostHandedOver) return {};
  std::string_view names = EnvironmentText("LISTEN_FDNAMES");
  std::vector<HandedOverSocket> sockets;
  for (int fd = kFirstHandedOver; sockets.size() < count; ++fd) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    const size_t end = std::min(names.find(':'), names.size());
    sockets.push_back({fd, std::string(names.substr(0, end))});
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return sockets;
}

bool IsListening(int fd, int family, int type) {
  return SocketOption(fd, SO_TYPE) == type && SocketOption(fd, SO_ACCEPTCONN) == 1 &&
         (family == AF_UNSPEC || SocketOption(fd, SO_DOMAIN) == family);
}

bool NotifyServiceManager(std::string_view message) {
  const std::string_view path = EnvironmentText("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() >= sizeof(address.sun_path)) return false;
  if (path[0] != '/' && path[0] != '@') return false;
  path.copy(address.sun_path, path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return false;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  return sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                reinterpret_cast<const sockaddr*>(&address),
                size) == static_cast<ssize_t>(message.size());
}

std::optional<std::chrono::microseconds> WatchdogInterval() {
  const std::optional<uint64_t> microseconds = EnvironmentNumber("WATCHDOG_USEC");
  if (!microseconds || *microseconds == 0) return std::nullopt;
  const bool for_another = !EnvironmentText("WATCHDOG_PID").empty() &&
                           EnvironmentNumber("WATCHDOG_PID") != static_cast<uint64_t>(getpid());
  if (for_another) return std::nullopt;
  return std::chrono::microseconds(*microseconds);
}

}  // namespace rolebridge
