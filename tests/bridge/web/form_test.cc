#include "bridge/web/form.h"

#include <gtest/gtest.h>

namespace rolebridge::web {
namespace {

TEST(FormTest, ReadsNamesAndValues) {
  const Result<Form> form = Form::Parse("a=1&b=x+y%2Bz&&c&d=%C3%A4&role=arn%3aaws");
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->Get("a"), "1");
  EXPECT_EQ(form->Get("b"), "x y+z");
  EXPECT_EQ(form->Find("c"), "");
  EXPECT_EQ(form->Get("d"), "\xc3\xa4");
  EXPECT_EQ(form->Get("role"), "arn:aws");
  EXPECT_FALSE(form->Find("e").has_value());
}

TEST(FormTest, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::string many = [] {
    std::string text;
    for (int i = 0; i < 65; ++i) text += "f" + std::to_string(i) + "=&";
    return text;
  }();
  for (const std::string& text :
       {std::string("a=1&a=2"), std::string("a=1&%61=2"), std::string("a=%"), std::string("a=%4"),
        std::string("a=%zz"), std::string("%=1"), std::string("a=x%00y"), many}) {
    EXPECT_FALSE(Form::Parse(text).has_value()) << text;
  }
}

TEST(FormTest, TakesSixtyFourFields) {
  std::string text;
  for (int i = 0; i < 64; ++i) text += "f" + std::to_string(i) + "=&";
  EXPECT_TRUE(Form::Parse(text).has_value());
}

TEST(FormTest, EncodesWhatItReadsBack) {
  std::string all;
  for (int c = 1; c < 256; ++c) all.push_back(static_cast<char>(c));
  const Result<Form> form = Form::Parse("v=" + EncodeQueryValue(all));
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->Get("v"), all);
  EXPECT_EQ(EncodeQueryValue("a-b_c.d/e f"), "a-b_c.d%2Fe%20f");
}

}  // namespace
}  // namespace rolebridge::web
