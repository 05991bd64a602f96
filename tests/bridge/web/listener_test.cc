#include "bridge/web/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace rolebridge::web {
namespace {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "listener-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

TEST(ListenerTest, ListensOnTheThreeKindsOfAddresses) {
  const TemporaryFolder folder;
  const Result<UniqueFd> v4 = Listen("127.0.0.1:0");
  ASSERT_TRUE(v4) << v4.error().message;
  EXPECT_TRUE(ListeningAddress(v4->get()).starts_with("127.0.0.1:"));
  EXPECT_NE(ListeningAddress(v4->get()), "127.0.0.1:0");
  const Result<UniqueFd> v6 = Listen("[::1]:0");
  ASSERT_TRUE(v6) << v6.error().message;
  EXPECT_TRUE(ListeningAddress(v6->get()).starts_with("[::1]:"));
  const std::string path = folder / "web";
  for (int round = 0; round < 2; ++round) {  // the second finds the first one's file
    const Result<UniqueFd> local = Listen("unix:" + path);
    ASSERT_TRUE(local) << local.error().message;
    EXPECT_EQ(ListeningAddress(local->get()), "unix:" + path);
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0660u);
  }
}

TEST(ListenerTest, SaysWhichAddressIsInUse) {
  const Result<UniqueFd> first = Listen("127.0.0.1:0");
  ASSERT_TRUE(first);
  const std::string address = ListeningAddress(first->get());
  const Result<UniqueFd> second = Listen(address);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(second.error().message,
            "listen.address: can't bind to '" + address + "': Address already in use");
}

TEST(ListenerTest, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", "443", ":443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:80x", "::1:443", "[::1]", "[]:1", "localhost:443", "unix:", "unix:relative"}) {
    const Result<UniqueFd> listening = Listen(text);
    ASSERT_FALSE(listening) << text;
    EXPECT_EQ(listening.error().code, ErrorCode::kInvalidArgument) << text;
  }
}

TEST(ListenerTest, LeavesAFileAloneThatIsNoSocket) {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  std::ofstream(path) << "content";
  EXPECT_FALSE(Listen("unix:" + path));
  EXPECT_EQ(std::filesystem::file_size(path), 7u);
}

// What systemd does: descriptors from 3 up, and their names in the environment.
TEST(ListenerTest, TakesTheSocketThatSystemdNamed) {
  const Result<UniqueFd> listening = Listen("127.0.0.1:0");
  ASSERT_TRUE(listening);
  const std::string address = ListeningAddress(listening->get());
  EXPECT_EXIT(
      {
        if (listening->get() != 4) dup2(listening->get(), 4);
        dup2(open("/dev/null", O_RDONLY), 3);
        setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
        setenv("LISTEN_FDS", "2", 1);
        setenv("LISTEN_FDNAMES", "other:public", 1);
        Result<std::optional<UniqueFd>> taken = TakeSystemdSocket("public");
        const bool right = taken && *taken && ListeningAddress((*taken)->get()) == address;
        const Result<std::optional<UniqueFd>> absent = TakeSystemdSocket("status");
        const Result<std::optional<UniqueFd>> no_socket = TakeSystemdSocket("other");
        _exit(right && absent && !*absent && !no_socket ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(ListenerTest, FindsNothingWhereSystemdHandedNothingOver) {
  unsetenv("LISTEN_FDS");
  const Result<std::optional<UniqueFd>> taken = TakeSystemdSocket("public");
  ASSERT_TRUE(taken);
  EXPECT_FALSE(*taken);
}

}  // namespace
}  // namespace rolebridge::web
