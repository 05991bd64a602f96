// P10: where a secret was, there are zeros.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "bridge/base/unique_fd.h"
#include "pam/client.h"
#include "tests/pam/login_host.h"

namespace rolebridge::pam {
namespace {

// malloc writes its lists over the first bytes of what is freed, so only the end is looked for.
const std::string kCanary = "canary-9f86d081884c7d659a2feaa0";
const std::string kSecret = std::string(200, '-') + kCanary;

bool IsInRange(int memory, unsigned long start, unsigned long end, const std::string& text) {
  std::string bytes(end - start, '\0');
  const ssize_t got = pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(start));
  return got > 0 && bytes.substr(0, static_cast<size_t>(got)).find(text) != std::string::npos;
}

// The mappings of `process` in which `text` stands, as /proc/PID/maps names them.
std::vector<std::string> PlacesInMemory(pid_t process, const std::string& text) {
  const std::string folder = "/proc/" + std::to_string(process);
  const UniqueFd memory(open((folder + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(memory) << "cannot read the memory of " << process;
  std::vector<std::string> places;
  std::ifstream maps(folder + "/maps");
  size_t looked_at = 0;
  for (std::string line; std::getline(maps, line);) {
    unsigned long start = 0;
    unsigned long end = 0;
    char mode[5] = "";
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &start, &end, mode) != 3) continue;
    if (mode[1] != 'w' || end - start > 256UL * 1024 * 1024) continue;
    ++looked_at;
    if (IsInRange(memory.get(), start, end, text)) places.push_back(line);
  }
  EXPECT_GT(looked_at, 3U);
  return places;
}

class SecretsTest : public testing::Test {
 protected:
  // The process after it was given the canary, asleep in a module's last line.
  std::vector<std::string> PlacesAfter(const std::string& script) {
    host_.AddScripted("rolebridge-canary", script);
    Conversation conversation = host_.Begin("alice", "rolebridge-canary");
    EXPECT_EQ(NextStep(conversation).prompts[0].text, "Secret:");
    EXPECT_TRUE(AnswerWith(conversation, {kSecret}));
    EXPECT_EQ(NextStep(conversation).prompts[0].text, "done");
    return PlacesInMemory(host_.LastProcess(), kCanary);
  }
  LoginHost host_;
};

TEST_F(SecretsTest, NothingOfAnAnswerIsLeftOnceTheModuleForgotIt) {
  EXPECT_EQ(PlacesAfter("ask=Secret: forget info=done sleep"), std::vector<std::string>());
}

TEST_F(SecretsTest, TheSearchFindsASecretThatIsThere) {
  EXPECT_NE(PlacesAfter("ask=Secret: info=done sleep"), std::vector<std::string>());
}

}  // namespace
}  // namespace rolebridge::pam
