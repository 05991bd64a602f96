#include "bridge/base/secret_string.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <utility>

namespace rolebridge {
namespace {

static_assert(!std::is_copy_constructible_v<SecretString>);
static_assert(!std::is_copy_assignable_v<SecretString>);

TEST(SecretStringTest, MovesWithoutACopy) {
  SecretString first("hunter2");
  const char* const bytes = first.Reveal().data();
  SecretString second(std::move(first));
  EXPECT_EQ(second.Reveal().data(), bytes);
  EXPECT_EQ(second.Reveal(), "hunter2");
  EXPECT_TRUE(first.empty());  // NOLINT: what moving leaves is what is tested
}

TEST(SecretStringTest, WipeEmpties) {
  SecretString secret("hunter2");
  secret.Wipe();
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(secret.Reveal(), "");
}

TEST(SecretStringTest, WipeStringOverwritesTheWholeBuffer) {
  std::string text = "correct horse battery staple, long enough for the heap";
  const char* const bytes = text.data();
  const size_t size = text.size();
  WipeString(text);
  EXPECT_TRUE(text.empty());
  // The buffer is still the string's own: zeros where the secret was.
  EXPECT_EQ(std::string(bytes, size), std::string(size, '\0'));
}

TEST(SecretStringTest, ComparesBytes) {
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_TRUE(ConstantTimeEquals("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEquals("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEquals("abc", "ab"));
}

}  // namespace
}  // namespace rolebridge
