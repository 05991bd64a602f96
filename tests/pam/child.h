#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <exception>

namespace rolebridge::pam {

// Runs `body` in a child process; what it ended with, as waitpid(2) tells. A body that comes back
// exits with 100.
template <typename Body>
pid_t StartChild(Body body) {
  const pid_t child = fork();
  if (child < 0) std::terminate();
  if (child > 0) return child;
  body();
  _exit(100);
}

inline int WaitForChild(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

inline bool ExitedWith(int status, int code) {
  return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

}  // namespace rolebridge::pam
