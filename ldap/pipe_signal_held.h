#pragma once

#include <signal.h>

#include <cerrno>

namespace rolebridge::ldap {

// libldap writes with write(2), so a server that has gone away would end the process by SIGPIPE.
// While one of these lives, the signal waits; one that came meanwhile is taken at the end. Where
// the process ignores the signal anyway, there is nothing to do.
class PipeSignalHeld {
 public:
  PipeSignalHeld() {
    struct sigaction now {};
    if (sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) return;
    is_held_ = true;
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~PipeSignalHeld() {
    if (!is_held_) return;
    if (!was_pending_) {
      const timespec at_once{};
      while (sigtimedwait(&pipe_, nullptr, &at_once) == -1 && errno == EINTR) continue;
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  PipeSignalHeld(const PipeSignalHeld&) = delete;
  PipeSignalHeld& operator=(const PipeSignalHeld&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool is_held_ = false;
  bool was_pending_ = false;
};

}  // namespace rolebridge::ldap
