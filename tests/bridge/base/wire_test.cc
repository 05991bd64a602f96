#include "bridge/base/wire.h"

#include <gtest/gtest.h>

namespace rolebridge {
namespace {

struct Sample {
  bool flag = false;
  uint32_t number = 0;
  uint64_t large = 0;
  std::optional<uint32_t> maybe;
  std::string text;
  SecretString secret;
  std::vector<std::string> texts;
  template <class A>
  void Fields(A& archive) {
    archive.Bool(flag);
    archive.Number(number, 1000);
    archive.Long(large);
    archive.OptionalNumber(maybe, 10);
    archive.Text(text, 8);
    archive.Secret(secret, 8);
    archive.Texts(texts, 2, 4);
  }
};

Sample Full() {
  Sample sample{.flag = true,
                .number = 1000,
                .large = uint64_t{1} << 40,
                .maybe = 7,
                .text = "12345678",
                .texts = {"a", "bcde"}};
  sample.secret = SecretString("s3cret");
  return sample;
}

std::string Encoded(Sample sample) {
  Result<SecretString> bytes = EncodeMessage(9, sample);
  return bytes ? std::string(bytes->Reveal()) : std::string();
}

TEST(WireTest, DecodesWhatItEncoded) {
  const Result<Sample> decoded = DecodeMessage<Sample>(Encoded(Full()));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->flag);
  EXPECT_EQ(decoded->number, 1000U);
  EXPECT_EQ(decoded->large, uint64_t{1} << 40);
  EXPECT_EQ(decoded->maybe, 7U);
  EXPECT_EQ(decoded->text, "12345678");
  EXPECT_EQ(decoded->secret.Reveal(), "s3cret");
  EXPECT_EQ(decoded->texts, (std::vector<std::string>{"a", "bcde"}));
}

TEST(WireTest, RefusesEveryCutAndEveryByteTooMany) {
  const std::string bytes = Encoded(Full());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeMessage<Sample>(bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(DecodeMessage<Sample>(bytes + '\0'));
}

TEST(WireTest, RefusesAboveABoundInBothDirections) {
  Sample sample = Full();
  sample.text = "123456789";
  EXPECT_FALSE(EncodeMessage(9, sample));
  sample = Full();
  sample.number = 1001;
  EXPECT_FALSE(EncodeMessage(9, sample));
  sample = Full();
  sample.texts = {"a", "b", "c"};
  EXPECT_FALSE(EncodeMessage(9, sample));

  std::string bytes = Encoded(Full());
  bytes[5] = '\xe9';  // the last byte of `number`: 1000 becomes 1001
  EXPECT_FALSE(DecodeMessage<Sample>(bytes));
  bytes = Encoded(Full());
  bytes[1] = 2;  // a bool is 0 or 1
  EXPECT_FALSE(DecodeMessage<Sample>(bytes));
}

TEST(WireTest, AllocatesNothingForALengthThatIsNotThere) {
  // A length of 4 GiB with nothing behind it: above its bound, refused before anything is reserved.
  std::string bytes = Encoded(Full());
  const size_t text_length = 1 + 1 + 4 + 8 + 1 + 4;
  for (size_t i = 0; i < 4; ++i) bytes[text_length + i] = '\xff';
  EXPECT_FALSE(DecodeMessage<Sample>(bytes));
}

}  // namespace
}  // namespace rolebridge
