#include "ldap/watchdog.h"

#include <fcntl.h>
#include <sys/socket.h>

namespace rolebridge::ldap {

Watchdog::Watchdog() : thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::Run() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    looks_at_ = armed_.empty() ? Deadline::max() : armed_.begin()->first;
    if (armed_.empty()) {
      changed_.wait(lock);
      continue;
    }
    if (std::chrono::steady_clock::now() < looks_at_) {
      changed_.wait_until(lock, looks_at_);
      continue;
    }
    Watched* const watched = armed_.begin()->second;
    armed_.erase(armed_.begin());
    watched->is_armed_ = false;
    watched->has_fired_ = true;
    if (watched->socket_) ::shutdown(watched->socket_.get(), SHUT_RDWR);
  }
}

Watchdog::Watched::~Watched() { Disarm(); }

bool Watchdog::Watched::Attach(int socket) {
  const std::lock_guard lock(watchdog_.mutex_);
  if (has_fired_) return false;
  socket_.Reset(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
  return static_cast<bool>(socket_);
}

void Watchdog::Watched::Arm(Deadline deadline) {
  bool must_wake = false;
  {
    const std::lock_guard lock(watchdog_.mutex_);
    if (is_armed_) watchdog_.armed_.erase({deadline_, this});
    deadline_ = deadline;
    is_armed_ = true;
    watchdog_.armed_.insert({deadline_, this});
    must_wake = deadline < watchdog_.looks_at_;
  }
  if (must_wake) watchdog_.changed_.notify_one();
}

void Watchdog::Watched::Disarm() {
  const std::lock_guard lock(watchdog_.mutex_);
  if (is_armed_) watchdog_.armed_.erase({deadline_, this});
  is_armed_ = false;
}

bool Watchdog::Watched::HasFired() const {
  const std::lock_guard lock(watchdog_.mutex_);
  return has_fired_;
}

}  // namespace rolebridge::ldap
