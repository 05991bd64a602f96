#include "bridge/saml/xml_text.h"

#include <gtest/gtest.h>

#include <string>

namespace rolebridge::saml {
namespace {

// Unicode 15, table 3-7 (well-formed UTF-8), and XML 1.0 production 2 (Char).
TEST(XmlTextTest, AcceptsCharactersOfXml) {
  const char* accepted[] = {"",
                            "AT&T;x",
                            "a&lt;b",
                            "</v><v>x",
                            "]]>",
                            "Müller",
                            "\xc2\x80",
                            "\xdf\xbf",
                            "\xe0\xa0\x80",
                            "\xed\x9f\xbf",
                            "\xee\x80\x80",
                            "\xef\xbf\xbd",
                            "\xf0\x90\x80\x80",
                            "\xf4\x8f\xbf\xbf",
                            "a\x7f\x62",
                            "\xe2\x80\xae"};
  for (const char* text : accepted) EXPECT_EQ(WhyNotXmlText(text), nullptr) << text;
}

TEST(XmlTextTest, RefusesWhatWouldNotComeBackUnchanged) {
  const std::string refused[] = {
      std::string("\0", 1),
      "\x01",
      "\x08",
      "\t",
      "\n",
      "\r",
      "\x1f",
      "\xff",
      "\xfe",
      "\x80",
      "\xbf",
      "\xc3",
      "\xe2\x82",
      "\xf0\x9f\x98",
      "\xc3(",
      "\xe2(\xa1",
      "\xe2\x82(",
      "a\xc3",
      "\xc0\xbc",
      "\xc1\xbf",
      "\xe0\x80\xbc",
      "\xe0\x9f\xbf",
      "\xf0\x80\x80\xbc",
      "\xf0\x8f\xbf\xbf",
      "\xed\xa0\x80",
      "\xed\xbf\xbf",
      "\xf4\x90\x80\x80",
      "\xf5\x80\x80\x80",
      "\xf8\x88\x80\x80\x80",
      "\xef\xbf\xbe",
      "\xef\xbf\xbf",
  };
  for (const std::string& text : refused) {
    EXPECT_NE(WhyNotXmlText(text), nullptr);
    EXPECT_NE(WhyNotXmlText("before" + text + "after"), nullptr);
  }
}

TEST(XmlTextTest, DocumentsMayHaveWhiteSpace) {
  EXPECT_EQ(WhyNotXmlDocument("a\r\n\tb"), nullptr);
  EXPECT_NE(WhyNotXmlDocument("a\x01"), nullptr);
  EXPECT_NE(WhyNotXmlDocument("a\xff"), nullptr);
}

TEST(CountUtf8Test, CountsCharacters) {
  EXPECT_EQ(CountUtf8(""), 0U);
  EXPECT_EQ(CountUtf8("aé漢😀"), 4U);
  EXPECT_EQ(CountUtf8("a\xff"), std::string::npos);
}

}  // namespace
}  // namespace rolebridge::saml
