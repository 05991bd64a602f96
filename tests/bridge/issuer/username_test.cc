#include "bridge/issuer/username.h"

#include <gtest/gtest.h>

namespace rolebridge::issuer {
namespace {

TEST(UsernameTest, Accepts) {
  for (const char* name : {"alice", "a", "_svc", "a.b-c_d", "4lice", "0"}) {
    EXPECT_EQ(CanonicalUsername(name, {}), name);
  }
  EXPECT_EQ(CanonicalUsername(std::string(64, 'a'), {}), std::string(64, 'a'));
}

TEST(UsernameTest, FoldsAsciiCaseOnlyWhereAsked) {
  EXPECT_EQ(CanonicalUsername("ALICE", {}), "alice");
  EXPECT_EQ(CanonicalUsername("Alice", {.fold_case = false}), "Alice");
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
    EXPECT_FALSE(CanonicalUsername(name, {})) << name;
  }
}

const config::UsernameRules kWithRealms{.realms = {"EXAMPLE.ORG", "Example"}};

TEST(UsernameTest, ARealmOfOursIsTakenOff) {
  for (const char* name :
       {"alice", "Alice", "alice@EXAMPLE.ORG", "alice@example.org", "ALICE@Example.Org",
        "EXAMPLE\\alice", "example\\Alice", "EXAMPLE.ORG\\alice", "alice@EXAMPLE"}) {
    EXPECT_EQ(CanonicalUsername(name, kWithRealms), "alice") << name;
  }
  EXPECT_EQ(CanonicalUsername("Alice@EXAMPLE", {.fold_case = false, .realms = {"EXAMPLE"}}),
            "Alice");
}

TEST(UsernameTest, NothingElseIs) {
  using namespace std::string_literals;
  for (const std::string& name :
       {"alice@OTHER.ORG"s, "OTHER\\alice"s, "alice@"s, "@EXAMPLE.ORG"s, "\\alice"s, "EXAMPLE\\"s,
        "alice@EXAMPLE.ORG."s, "alice@EXAMPLE.ORG "s, "alice@EXAMPLE.ORG@EXAMPLE.ORG"s,
        "EXAMPLE\\EXAMPLE\\alice"s, "EXAMPLE\\alice@EXAMPLE.ORG"s, "EXAMPLE/alice"s,
        "alice@EXAMPLE.ORG\0"s, "alice@\xef\xbc\xa5XAMPLE"s, "example.org"s + "\\" + "al ice"}) {
    EXPECT_FALSE(CanonicalUsername(name, kWithRealms)) << name;
  }
}

}  // namespace
}  // namespace rolebridge::issuer
