#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a service manager such as systemd and a daemon say to each other: sd_listen_fds(3),
// sd_notify(3), sd_watchdog_enabled(3). By the documented protocol and not through libsystemd,
// which would bring six more libraries into the process that strangers talk to
// (docs/decisions/0007-no-libsystemd-in-web.md).
namespace rolebridge {

struct HandedOverSocket {
  int fd = -1;  // the caller's from now on
  std::string name;
};

// The sockets that this process, and not an ancestor of it, was started with, in their order; each
// is closed on exec. The environment stays as it is: the caller may ask again.
std::vector<HandedOverSocket> HandedOverSockets();

// Whether `fd` is a listening socket of this type and, unless that is AF_UNSPEC, family.
bool IsListening(int fd, int family, int type);

// One message, such as "READY=1". False where nobody listens for it.
bool NotifyServiceManager(std::string_view message);

// How often the service manager wants to hear "WATCHDOG=1", if it does.
std::optional<std::chrono::microseconds> WatchdogInterval();

}  // namespace rolebridge
