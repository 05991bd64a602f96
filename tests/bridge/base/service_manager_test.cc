#include "bridge/base/service_manager.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "bridge/base/unique_fd.h"

namespace rolebridge {
namespace {

// The environment as the service manager sets it, for as long as a test runs.
class ServiceManagerTest : public testing::Test {
 protected:
  ~ServiceManagerTest() override {
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET",
                             "WATCHDOG_USEC", "WATCHDOG_PID"}) {
      unsetenv(name);
    }
  }
  static void Set(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }
  static std::string Self() { return std::to_string(getpid()); }
};

TEST_F(ServiceManagerTest, NamesTheSocketsInTheirOrder) {
  Set("LISTEN_PID", Self());
  Set("LISTEN_FDS", "3");
  Set("LISTEN_FDNAMES", "public:status");
  const std::vector<HandedOverSocket> sockets = HandedOverSockets();
  ASSERT_EQ(sockets.size(), 3u);
  EXPECT_EQ(sockets[0].fd, 3);
  EXPECT_EQ(sockets[0].name, "public");
  EXPECT_EQ(sockets[1].name, "status");
  EXPECT_EQ(sockets[2].fd, 5);
  EXPECT_EQ(sockets[2].name, "");
}

TEST_F(ServiceManagerTest, LeavesAloneWhatWasMeantForAnother) {
  for (const std::string& pid : {std::string(), std::string("1"), Self() + "x", "-" + Self()}) {
    Set("LISTEN_PID", pid);
    Set("LISTEN_FDS", "1");
    EXPECT_TRUE(HandedOverSockets().empty()) << pid;
  }
}

TEST_F(ServiceManagerTest, RefusesANumberThatIsNone) {
  for (const char* count : {"", "x", "-1", "1x", "65", "99999999999999999999"}) {
    Set("LISTEN_PID", Self());
    Set("LISTEN_FDS", count);
    EXPECT_TRUE(HandedOverSockets().empty()) << count;
  }
}

TEST_F(ServiceManagerTest, TellsAListeningSocketFromAnother) {
  const UniqueFd stream(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_FALSE(IsListening(stream.get(), AF_UNIX, SOCK_STREAM));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;  // no path: the kernel picks an abstract name
  ASSERT_EQ(bind(stream.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)), 0);
  ASSERT_EQ(listen(stream.get(), 1), 0);
  EXPECT_TRUE(IsListening(stream.get(), AF_UNIX, SOCK_STREAM));
  EXPECT_TRUE(IsListening(stream.get(), AF_UNSPEC, SOCK_STREAM));
  EXPECT_FALSE(IsListening(stream.get(), AF_INET, SOCK_STREAM));
  EXPECT_FALSE(IsListening(stream.get(), AF_UNIX, SOCK_SEQPACKET));
  const UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(IsListening(file.get(), AF_UNSPEC, SOCK_STREAM));
}

// As systemd listens: a datagram socket with an abstract name.
TEST_F(ServiceManagerTest, SendsAMessageToTheSocketInTheEnvironment) {
  const UniqueFd manager(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_EQ(bind(manager.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)), 0);
  socklen_t size = sizeof(address);
  ASSERT_EQ(getsockname(manager.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  Set("NOTIFY_SOCKET", "@" + std::string(address.sun_path + 1, size - sizeof(sa_family_t) - 1));

  EXPECT_TRUE(NotifyServiceManager("READY=1"));
  std::array<char, 64> buffer{};
  const ssize_t got = recv(manager.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  EXPECT_EQ(std::string(buffer.data(), static_cast<size_t>(std::max<ssize_t>(got, 0))), "READY=1");
}

TEST_F(ServiceManagerTest, SendsNothingWhereNobodyListens) {
  EXPECT_FALSE(NotifyServiceManager("READY=1"));
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("relative"), std::string("vsock:2:1"),
        std::string("/nonexistent/notify"), "/" + std::string(200, 'x')}) {
    Set("NOTIFY_SOCKET", path);
    EXPECT_FALSE(NotifyServiceManager("READY=1")) << path;
  }
}

TEST_F(ServiceManagerTest, KnowsHowOftenTheWatchdogWantsToHearFromUs) {
  EXPECT_EQ(WatchdogInterval(), std::nullopt);
  Set("WATCHDOG_USEC", "30000000");
  EXPECT_EQ(WatchdogInterval(), std::chrono::seconds(30));
  Set("WATCHDOG_PID", Self());
  EXPECT_EQ(WatchdogInterval(), std::chrono::seconds(30));
  Set("WATCHDOG_PID", "1");
  EXPECT_EQ(WatchdogInterval(), std::nullopt);
  Set("WATCHDOG_PID", "");
  Set("WATCHDOG_USEC", "0");
  EXPECT_EQ(WatchdogInterval(), std::nullopt);
}

}  // namespace
}  // namespace rolebridge
