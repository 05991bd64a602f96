#include "bridge/issuer/username.h"

#include <gtest/gtest.h>

namespace rolebridge::issuer {
namespace {

TEST(UsernameTest, Accepts) {
  for (const char* name : {"alice", "a", "_svc", "a.b-c_d", "4lice", "0"}) {
    EXPECT_EQ(CanonicalUsername(name, true), name);
  }
  EXPECT_EQ(CanonicalUsername(std::string(64, 'a'), true), std::string(64, 'a'));
}

TEST(UsernameTest, FoldsAsciiCaseOnlyWhereAsked) {
  EXPECT_EQ(CanonicalUsername("ALICE", true), "alice");
  EXPECT_EQ(CanonicalUsername("Alice", false), "Alice");
}

TEST(UsernameTest, Refuses) {
  using namespace std::string_literals;
  for (const std::string& name :
       {""s, " alice"s, "alice "s, "alice\n"s, "alice\0"s, ".alice"s, "-alice"s, "al ice"s,
        "alice@example.org"s, "EXAMPLE\\alice"s, "*)(uid=*"s, "\\2a"s, "alice\xc2\xa0"s,
        "\xef\xbd\x81lice"s, "\xd0\xb0lice"s,
        "\xe2\x80\xae"
        "ecila"s,
        "\xff\xfe"s, std::string(65, 'a'), std::string(10'000, 'a')}) {
    EXPECT_FALSE(CanonicalUsername(name, true)) << name;
  }
}

}  // namespace
}  // namespace rolebridge::issuer
