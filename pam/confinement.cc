#include "pam/confinement.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace rolebridge::pam {
namespace {

int SocketOption(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  if (getsockopt(fd, SOL_SOCKET, name, &value, &size) != 0) return -1;
  return value;
}

Error SystemError(const char* what) {
  return {ErrorCode::kInternal, std::string(what) + ": " + std::strerror(errno)};
}

// Ignored signals and a blocked mask are inherited over exec, from whoever started us.
void ResetSignals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) std::signal(signal, SIG_DFL);
  }
  // A module that writes to a helper which is gone gets an error instead of ending the login.
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void ResetEnvironment() {
  clearenv();
  setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
  setenv("LANG", "C.UTF-8", 1);
}

// Best effort; MemorySwapMax=0 of the unit keeps the promise. Under a limit MCL_FUTURE would make
// dlopen of a module fail, so it is all or nothing.
void LockMemory() {
  const rlimit everything{RLIM_INFINITY, RLIM_INFINITY};
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  if (limit.rlim_cur != RLIM_INFINITY && setrlimit(RLIMIT_MEMLOCK, &everything) != 0) return;
  mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

}  // namespace

Result<UniqueFd> TakeConnection() {
  if (SocketOption(STDIN_FILENO, SO_DOMAIN) != AF_UNIX ||
      SocketOption(STDIN_FILENO, SO_TYPE) != SOCK_SEQPACKET) {
    return Error{ErrorCode::kInvalidArgument,
                 "standard input is no SOCK_SEQPACKET unix socket; rolebridge-pam is started by "
                 "rolebridge-pam.socket"};
  }
  if (close_range(STDERR_FILENO + 1, UINT_MAX, 0) != 0) return SystemError("close_range");
  UniqueFd connection(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!connection) return SystemError("dup");
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null || dup2(null.get(), STDIN_FILENO) < 0 || dup2(null.get(), STDOUT_FILENO) < 0) {
    return SystemError("/dev/null");
  }
  return connection;
}

void ConfineThisProcess() {
  ResetSignals();
  ResetEnvironment();
  umask(077);
  [[maybe_unused]] const int moved = chdir("/");
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0);
  LockMemory();
}

void DieAfter(std::chrono::milliseconds span) {
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  timer_t timer{};
  itimerspec when{};
  when.it_value.tv_sec = span.count() / 1000;
  when.it_value.tv_nsec = span.count() % 1000 * 1'000'000;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
      timer_settime(timer, 0, &when, nullptr) != 0) {
    std::abort();  // without a deadline no module is run
  }
}

}  // namespace rolebridge::pam
