#include "bridge/base/base64.h"

#include <gtest/gtest.h>

#include <utility>

namespace rolebridge {
namespace {

// RFC 4648 section 10.
const std::pair<const char*, const char*> kVectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

TEST(Base64Test, GivesTheVectorsOfTheRfc) {
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(EncodeBase64(bytes), text);
    const Result<std::string> decoded = DecodeBase64(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(*decoded, bytes);
  }
}

TEST(Base64Test, RefusesWhatIsNotStrict) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z", "=", "====", "Zh==", "Zm9=", "Zm 9v",
                           "Zm9v\n", "Zm-_", "Zg==Zg==", "Zm9v=", "Z=9v", "Zm\xc3\xa4v"}) {
    EXPECT_FALSE(DecodeBase64(text)) << text;
  }
}

TEST(Base64Test, SkipsLineBreaksOnlyWhereAllowed) {
  const Result<std::string> decoded = DecodeBase64("Zm9v\r\nYmFy\n", true);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, "foobar");
  EXPECT_FALSE(DecodeBase64("Zm9v YmFy", true));
}

TEST(Base64Test, RoundTripsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const std::string part = bytes.substr(0, size);
    const Result<std::string> decoded = DecodeBase64(EncodeBase64(part));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, part);
  }
}

}  // namespace
}  // namespace rolebridge
