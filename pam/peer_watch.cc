#include "pam/peer_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace rolebridge::pam {
namespace {

constexpr std::string_view kPeerLeft = "<6>pam_login_ended reason=peer_left\n";
constexpr std::string_view kOutOfTurn = "<4>pam_login_ended reason=message_out_of_turn\n";

[[noreturn]] void End(std::string_view line, int status) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
  _exit(status);
}

// Only calls that signal-safety(7) lists: this runs in the middle of any module.
void EndIfDisturbed(int fd) {
  pollfd socket{fd, POLLIN | POLLRDHUP, 0};
  if (poll(&socket, 1, 0) <= 0) return;
  if ((socket.revents & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL)) != 0) {
    End(kPeerLeft, kExitPeerLeft);
  }
  if ((socket.revents & POLLIN) != 0) End(kOutOfTurn, kExitOutOfTurn);
}

void OnSocketSignal(int /*signal*/, siginfo_t* info, void* /*context*/) {
  const int saved_errno = errno;
  // A positive code is the kernel's; whoever else may send us signals names no descriptor.
  if (info->si_code > 0) EndIfDisturbed(info->si_fd);
  errno = saved_errno;
}

sigset_t SocketSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGIO);
  return set;
}

}  // namespace

void EndWhenPeerLeaves(int fd) {
  struct sigaction action {};
  action.sa_sigaction = OnSocketSignal;
  // SA_RESTART: a system call of a module is none the wiser when the signal was about nothing.
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGIO, &action, nullptr);
  fcntl(fd, F_SETSIG, SIGIO);
  fcntl(fd, F_SETOWN, getpid());
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
}

void LetPeerLeave(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_ASYNC); }

ReplyDue::ReplyDue(int fd) : fd_(fd) {
  const sigset_t signal = SocketSignal();
  pthread_sigmask(SIG_BLOCK, &signal, &previous_);
}

ReplyDue::~ReplyDue() {
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
  // What happened before the watch began has sent no signal.
  if ((fcntl(fd_, F_GETFL) & O_ASYNC) != 0) EndIfDisturbed(fd_);
}

}  // namespace rolebridge::pam
