#include "pam/confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/pam/child.h"
#include "tests/pam/socket_pair.h"

extern char** environ;

namespace rolebridge::pam {
namespace {

using namespace std::chrono_literals;

void ExpectTrueInChild(bool (*check)(SocketPair&)) {
  SocketPair sockets;
  const int status = WaitForChild(StartChild([&sockets, check] {
    // A Channel that the test holds must not close what TakeConnection made of its number.
    const bool holds = check(sockets);
    _exit(holds ? 42 : 43);
  }));
  EXPECT_TRUE(ExitedWith(status, 42)) << status;
}

TEST(TakeConnectionTest, MovesTheConnectionAwayFromStandardInput) {
  ExpectTrueInChild([](SocketPair& sockets) {
    dup2(sockets.monitor.fd(), STDIN_FILENO);
    dup2(sockets.monitor.fd(), STDOUT_FILENO);
    auto connection = TakeConnection();
    if (!connection || connection->get() <= STDERR_FILENO) return false;
    char byte = 0;
    return (fcntl(connection->get(), F_GETFD) & FD_CLOEXEC) != 0 &&
           read(STDIN_FILENO, &byte, 1) == 0 && write(STDOUT_FILENO, "printed", 7) == 7 &&
           recv(connection->get(), &byte, 1, MSG_DONTWAIT) < 0;
  });
}

TEST(TakeConnectionTest, ClosesEveryOtherDescriptor) {
  ExpectTrueInChild([](SocketPair& sockets) {
    const int stray = fcntl(STDERR_FILENO, F_DUPFD, 200);
    dup2(sockets.monitor.fd(), STDIN_FILENO);
    const auto connection = TakeConnection();
    return connection.has_value() && stray == 200 && fcntl(stray, F_GETFD) < 0 &&
           fcntl(STDERR_FILENO, F_GETFD) >= 0;
  });
}

TEST(TakeConnectionTest, RefusesAnythingButASeqpacketSocket) {
  ExpectTrueInChild([](SocketPair&) {
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    if (TakeConnection()) return false;
    int fds[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return false;
    dup2(fds[0], STDIN_FILENO);
    return !TakeConnection();
  });
}

TEST(ConfineThisProcessTest, LeavesPathAndLangAlone) {
  ExpectTrueInChild([](SocketPair&) {
    setenv("LD_PRELOAD", "/tmp/evil.so", 1);
    ConfineThisProcess();
    size_t count = 0;
    while (environ[count] != nullptr) ++count;
    return count == 2 && std::getenv("PATH") != nullptr &&
           std::string(std::getenv("LANG")) == "C.UTF-8";
  });
}

TEST(ConfineThisProcessTest, ClosesWhatOthersCouldLookThrough) {
  ExpectTrueInChild([](SocketPair&) {
    ConfineThisProcess();
    rlimit core{};
    getrlimit(RLIMIT_CORE, &core);
    char folder[16] = "";
    return prctl(PR_GET_DUMPABLE) == 0 && core.rlim_cur == 0 && core.rlim_max == 0 &&
           umask(0) == 077 && std::string(getcwd(folder, sizeof(folder))) == "/";
  });
}

TEST(ConfineThisProcessTest, TakesNoSignalSettingsFromItsParent) {
  ExpectTrueInChild([](SocketPair&) {
    std::signal(SIGCHLD, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    ConfineThisProcess();
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, nullptr, &blocked);
    return std::signal(SIGCHLD, SIG_DFL) == SIG_DFL && sigismember(&blocked, SIGIO) == 0 &&
           sigismember(&blocked, SIGCHLD) == 0;
  });
}

TEST(DieAfterTest, NoModuleCanPutItOff) {
  const int status = WaitForChild(StartChild([] {
    DieAfter(50ms);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    alarm(3600);
    volatile unsigned counter = 0;
    while (true) counter = counter + 1;
  }));
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

}  // namespace
}  // namespace rolebridge::pam
