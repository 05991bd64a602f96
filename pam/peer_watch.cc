#include "pam/peer_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <ctime>
#include <string_view>

namespace rolebridge::pam {
namespace {

constexpr std::string_view kPeerLeft = "<6>pam_login_ended reason=peer_left\n";
constexpr std::string_view kOutOfTurn = "<4>pam_login_ended reason=message_out_of_turn\n";

// It comes at once, or as soon as its sender has a processor again. Only a message that came in the
// very moment in which the watch began has none, and costs this time.
constexpr timespec kSignalFollows{.tv_sec = 1, .tv_nsec = 0};

[[noreturn]] void End(std::string_view line, int status) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
  _exit(status);
}

void EndIfDisturbed(int fd) {
  pollfd socket{fd, POLLIN | POLLRDHUP, 0};
  if (poll(&socket, 1, 0) <= 0) return;
  if ((socket.revents & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL)) != 0) {
    End(kPeerLeft, kExitPeerLeft);
  }
  if ((socket.revents & POLLIN) != 0) End(kOutOfTurn, kExitOutOfTurn);
}

bool IsWatched(int fd) { return (fcntl(fd, F_GETFL) & O_ASYNC) != 0; }

sigset_t SocketSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGIO);
  return set;
}

}  // namespace

void EndWhenPeerLeaves(int fd) {
  std::signal(SIGIO, SIG_DFL);
  fcntl(fd, F_SETOWN, getpid());
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
}

void LetPeerLeave(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_ASYNC); }

WatchPaused::WatchPaused(int fd) : fd_(fd) {
  const sigset_t signal = SocketSignal();
  pthread_sigmask(SIG_BLOCK, &signal, &previous_);
}

ReplyDue::ReplyDue(int fd) : WatchPaused(fd) {
  pollfd socket{fd, POLLIN, 0};
  was_here_ = poll(&socket, 1, 0) > 0;
}

void ReplyDue::Received() {
  if (was_here_ || !IsWatched(fd_)) return;
  const sigset_t signal = SocketSignal();
  sigtimedwait(&signal, nullptr, &kSignalFollows);
}

WatchPaused::~WatchPaused() {
  // Whatever was signalled so far. What happens after this line is pending when the mask goes; what
  // happened before it, or before the watch began, is seen by the look.
  const sigset_t signal = SocketSignal();
  const timespec at_once{};
  sigtimedwait(&signal, nullptr, &at_once);
  if (IsWatched(fd_)) EndIfDisturbed(fd_);
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

}  // namespace rolebridge::pam
