#include "bridge/web/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "bridge/base/service_manager.h"
#include "bridge/web/client_address.h"

namespace rolebridge::web {
namespace {

constexpr int kBacklog = 512;
constexpr std::string_view kUnixPrefix = "unix:";

Error Failed(std::string_view address, const char* what) {
  return {ErrorCode::kUnavailable, "listen.address: " + std::string(what) + " '" +
                                       std::string(address) + "': " + std::strerror(errno)};
}

Error Malformed(std::string_view address) {
  return {ErrorCode::kInvalidArgument,
          "listen.address: '" + std::string(address) +
              "' is no address; write \"[::]:443\", \"127.0.0.1:8443\" or \"unix:/run/…\""};
}

UniqueFd NewSocket(int family) {
  return UniqueFd(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// Of "[v6]:port" and "v4:port".
struct HostAndPort {
  std::string host;
  uint16_t port = 0;
  bool is_v6 = false;
};

std::optional<HostAndPort> SplitPort(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view port_text = address.substr(colon + 1);
  std::string_view host = address.substr(0, colon);
  HostAndPort split;
  const auto [end, error] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), split.port);
  if (error != std::errc() || end != port_text.data() + port_text.size()) return std::nullopt;
  split.is_v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (split.is_v6) host = host.substr(1, host.size() - 2);
  split.host = host;
  return split;
}

Result<UniqueFd> BindAndListen(UniqueFd socket, const sockaddr* address, socklen_t size,
                               std::string_view text) {
  if (bind(socket.get(), address, size) != 0) return Failed(text, "can't bind to");
  if (listen(socket.get(), kBacklog) != 0) return Failed(text, "can't listen on");
  return socket;
}

Result<UniqueFd> ListenTcp(std::string_view text) {
  const std::optional<HostAndPort> split = SplitPort(text);
  if (!split) return Malformed(text);
  sockaddr_storage storage{};
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  const bool parsed = split->is_v6 ? inet_pton(AF_INET6, split->host.c_str(), &v6->sin6_addr) == 1
                                   : inet_pton(AF_INET, split->host.c_str(), &v4->sin_addr) == 1;
  if (!parsed) return Malformed(text);
  UniqueFd socket = NewSocket(split->is_v6 ? AF_INET6 : AF_INET);
  if (!socket) return Failed(text, "can't make a socket for");
  const int yes = 1;
  const int no = 0;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (!split->is_v6) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(split->port);
    return BindAndListen(std::move(socket), reinterpret_cast<sockaddr*>(v4), sizeof(*v4), text);
  }
  // "[::]" serves IPv4, too, whatever the system's default is.
  setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(split->port);
  return BindAndListen(std::move(socket), reinterpret_cast<sockaddr*>(v6), sizeof(*v6), text);
}

Result<UniqueFd> ListenUnix(std::string_view text) {
  const std::string path(text.substr(kUnixPrefix.size()));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!path.starts_with('/') || path.size() >= sizeof(address.sun_path)) return Malformed(text);
  path.copy(address.sun_path, path.size());
  UniqueFd socket = NewSocket(AF_UNIX);
  if (!socket) return Failed(text, "can't make a socket for");
  // Only a socket is replaced: a typo must not delete a file.
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) unlink(path.c_str());
  Result<UniqueFd> listening = BindAndListen(
      std::move(socket), reinterpret_cast<sockaddr*>(&address), sizeof(address), text);
  if (listening && chmod(path.c_str(), 0660) != 0) return Failed(text, "can't set the mode of");
  return listening;
}

}  // namespace

Result<UniqueFd> Listen(std::string_view address) {
  return address.starts_with(kUnixPrefix) ? ListenUnix(address) : ListenTcp(address);
}

Result<std::optional<UniqueFd>> TakeSystemdSocket(std::string_view name) {
  std::optional<UniqueFd> found;
  for (const HandedOverSocket& handed_over : HandedOverSockets()) {
    if (handed_over.name != name) continue;
    if (found) {
      found->Release();
      return Error{ErrorCode::kInvalidArgument,
                   "several sockets from systemd are named '" + std::string(name) + "'"};
    }
    if (!IsListening(handed_over.fd, AF_UNSPEC, SOCK_STREAM)) {
      return Error{ErrorCode::kInvalidArgument, "the socket '" + std::string(name) +
                                                    "' from systemd is no listening stream socket"};
    }
    found = UniqueFd(handed_over.fd);
  }
  return found;
}

std::string ListeningAddress(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    return std::string(text) + ":" + std::to_string(ntohs(v4->sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6->sin6_port));
  }
  const auto* unix_address = reinterpret_cast<const sockaddr_un*>(&storage);
  return std::string(kUnixPrefix) + unix_address->sun_path;
}

}  // namespace rolebridge::web
