#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/base/result.h"
#include "bridge/base/unique_fd.h"

namespace rolebridge::web {

// A listening socket at `address`: "[::]:443", "127.0.0.1:8443" or "unix:/run/…". A stale socket
// file is replaced; its mode is 0660. Errors: kInvalidArgument, the address has another shape;
// kUnavailable, with the system's reason.
Result<UniqueFd> Listen(std::string_view address);

// The socket that systemd handed over under that FileDescriptorName, if it did.
// Errors: kInvalidArgument, several have that name, or it is no listening stream socket.
Result<std::optional<UniqueFd>> TakeSystemdSocket(std::string_view name);

// Where `socket` listens, in the form that Listen() takes; a port 0 has become a real one.
std::string ListeningAddress(int socket);

}  // namespace rolebridge::web
