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

ReplyDue::ReplyDue(int fd) : fd_(fd) {
  const sigset_t signal = SocketSignal();
  pthread_sigmask(SIG_BLOCK, &signal, &previous_);
}

ReplyDue::~ReplyDue() {
  // The signal of the reply itself, if there was one. What happens after this line is pending when
  // the mask goes; what happened before it, or before the watch began, is seen by the look.
  const sigset_t signal = SocketSignal();
  const timespec at_once{};
  sigtimedwait(&signal, nullptr, &at_once);
  if ((fcntl(fd_, F_GETFL) & O_ASYNC) != 0) EndIfDisturbed(fd_);
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

}  // namespace rolebridge::pam
