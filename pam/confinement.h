#pragma once

#include <chrono>

#include "bridge/base/result.h"
#include "bridge/base/unique_fd.h"

namespace rolebridge::pam {

// What a process does to itself before it runs other people's modules as root.

// The connection that systemd left at descriptor 0 (and 1), at a descriptor of its own that no
// child inherits. 0 and 1 become /dev/null, so that a module that prints or reads can't do so in
// our protocol; every other descriptor but standard error is closed (security.md P8). Errors:
// kInvalidArgument, standard input is no SOCK_SEQPACKET unix socket.
Result<UniqueFd> TakeConnection();

// P8, P10: environment PATH and LANG alone, umask 077, folder /, default signal actions, no core
// file, not dumpable, and memory locked where the limits allow all of it to be.
void ConfineThisProcess();

// The kernel kills this process after `span`. Not SIGALRM: a module might block, take or reset it.
void DieAfter(std::chrono::milliseconds span);

}  // namespace rolebridge::pam
