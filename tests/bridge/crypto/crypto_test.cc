#include "bridge/crypto/crypto.h"

#include <gtest/gtest.h>

#include "bridge/base/random.h"

namespace rolebridge::crypto {
namespace {

std::string Hex(const std::string& bytes) {
  return ToHex({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

TEST(CryptoTest, Sha256OfFips180) {
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(CryptoTest, HmacOfRfc4231Case2) {
  EXPECT_EQ(Hex(HmacSha256(SecretString("Jefe"), "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(CryptoTest, OpensWhatItSealedAndNothingElse) {
  SystemRandom random;
  const SecretString key(std::string(32, 'k'));
  const SecretString other(std::string(32, 'l'));
  const std::string sealed = Seal(key, "login", "a secret", random);
  EXPECT_EQ(Open(key, "login", sealed), "a secret");
  EXPECT_FALSE(Open(other, "login", sealed));
  EXPECT_FALSE(Open(key, "request", sealed));
  EXPECT_FALSE(Open(key, "login", sealed.substr(0, sealed.size() - 1)));
  EXPECT_FALSE(Open(key, "login", ""));
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(Open(key, "login", changed)) << i;
  }
}

TEST(CryptoTest, SealsTheSameTextDifferentlyEachTime) {
  SystemRandom random;
  const SecretString key(std::string(32, 'k'));
  EXPECT_NE(Seal(key, "c", "text", random), Seal(key, "c", "text", random));
}

}  // namespace
}  // namespace rolebridge::crypto
