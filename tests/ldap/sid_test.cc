#include "ldap/sid.h"

#include <gtest/gtest.h>

#include <string>

namespace rolebridge::ldap {
namespace {

std::string Bytes(std::string_view hex) {
  std::string bytes;
  for (size_t at = 0; at < hex.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  }
  return bytes;
}

// [MS-DTYP] 2.4.2.4 (well-known SIDs) and what Samba's ldbsearch shows for the same bytes.
TEST(SidTest, ReadsAndWritesIdentifiers) {
  const std::pair<const char*, const char*> kTable[] = {
      {"010100000000000100000000", "S-1-1-0"},
      {"01020000000000052000000021020000", "S-1-5-32-545"},
      {"010500000000000515000000a50365"
       "8f7fc73e8c4de1bc4501020000",
       "S-1-5-21-2405761957-2352924543-1170006349-513"},
      {"0101000000000010ffffffff", "S-1-16-4294967295"},
      {"010100010000000000000000", "S-1-0x000100000000-0"},
      {"0101ffffffffffff01000000", "S-1-0xffffffffffff-1"},
  };
  for (const auto& [hex, text] : kTable) {
    const auto sid = Sid::Parse(Bytes(hex));
    ASSERT_TRUE(sid) << text;
    EXPECT_EQ(sid->Text(), text);
    EXPECT_EQ(sid->bytes(), Bytes(hex));
  }
}

TEST(SidTest, RefusesWhatIsNone) {
  const std::string good = Bytes("01020000000000052000000021020000");
  const std::pair<const char*, std::string> kTable[] = {
      {"nothing", ""},
      {"the head alone", Bytes("0100000000000005")},
      {"another revision", Bytes("02020000000000052000000021020000")},
      {"no sub-authority, and bytes all the same", Bytes("010000000000000520000000")},
      {"a byte too few", good.substr(0, good.size() - 1)},
      {"a byte too many", good + '\0'},
      {"fewer numbers than it says", Bytes("0103000000000005") + std::string(8, 'x')},
      {"more numbers than it says", Bytes("0101000000000005") + std::string(8, 'x')},
      {"sixteen numbers", Bytes("0110000000000005") + std::string(64, 'x')},
      {"text", "S-1-5-32-545"},
  };
  for (const auto& [what, bytes] : kTable) EXPECT_FALSE(Sid::Parse(bytes)) << what;
  EXPECT_TRUE(Sid::Parse(Bytes("010f000000000005") + std::string(60, 'x')));
}

TEST(SidTest, FindsTheNeighbourInItsDomain) {
  const auto person = Sid::Parse(Bytes("010500000000000515000000a503658f7fc73e8c4de1bc454e040000"));
  ASSERT_TRUE(person);
  EXPECT_EQ(person->InSameDomain(513).Text(), "S-1-5-21-2405761957-2352924543-1170006349-513");
  EXPECT_EQ(person->InSameDomain(0xfffefdfc).Text(),
            "S-1-5-21-2405761957-2352924543-1170006349-4294901244");
}

// RFC 4122's name space for DNS, with its first three numbers little-endian as AD keeps them.
TEST(GuidTest, IsWrittenAsMicrosoftDoes) {
  EXPECT_EQ(GuidText(Bytes("10b8a76bad9dd11180b400c04fd430c8")),
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  for (const size_t size : {0u, 15u, 17u, 36u})
    EXPECT_FALSE(GuidText(std::string(size, '1'))) << size;
}

}  // namespace
}  // namespace rolebridge::ldap
