#include "bridge/mapping/lexer.h"

#include <gtest/gtest.h>

#include <string>

namespace rolebridge::mapping {
namespace {

std::string Kinds(std::string_view text) {
  std::string kinds;
  Lexer lexer(text, 0);
  for (;;) {
    const Token token = lexer.Next();
    if (token.kind == TokenKind::kEndOfText) return kinds;
    kinds += (kinds.empty() ? "" : " ") + std::to_string(static_cast<int>(token.kind)) + ":" +
             std::string(token.text);
  }
}

TEST(LexerTest, TakesTheLongestSymbol) {
  Lexer lexer("<=<", 0);
  EXPECT_EQ(lexer.Next().kind, TokenKind::kLessEqual);
  EXPECT_EQ(lexer.Next().kind, TokenKind::kLess);
  EXPECT_EQ(lexer.Next().kind, TokenKind::kEndOfText);
}

TEST(LexerTest, TakesStringsRawInEitherQuotes) {
  Lexer lexer(R"('a"\n' "b'}}")", 0);
  EXPECT_EQ(lexer.Next().text, R"(a"\n)");
  EXPECT_EQ(lexer.Next().text, "b'}}");
}

TEST(LexerTest, SaysWhereEachTokenBegins) {
  Lexer lexer("  user . name", 0);
  EXPECT_EQ(lexer.Next().offset, 2u);
  EXPECT_EQ(lexer.Next().offset, 7u);
  EXPECT_EQ(lexer.Next().offset, 9u);
  EXPECT_EQ(lexer.Next().offset, 13u);
}

TEST(LexerTest, EndsAtTheClosingBraces) {
  Lexer lexer("{{ a }} b", 2);
  EXPECT_EQ(lexer.Next().text, "a");
  EXPECT_EQ(lexer.Next().kind, TokenKind::kEndOfExpression);
}

TEST(LexerTest, GivesWhatIsNoTokenAsUnknown) {
  for (const std::string text : {"{", "}", "&", "=", "!", "1", "\\", "~", "+", "\x01", "\xC3"}) {
    Lexer lexer(text, 0);
    EXPECT_EQ(lexer.Next().kind, TokenKind::kUnknown) << text;
  }
  Lexer lexer("'open", 0);
  EXPECT_EQ(lexer.Next().kind, TokenKind::kUnclosedString);
}

TEST(LexerTest, ComesToAnEndForEveryByte) {
  std::string text;
  for (int byte = 0; byte < 256; ++byte) text += static_cast<char>(byte);
  EXPECT_FALSE(Kinds(text + text).empty());
}

}  // namespace
}  // namespace rolebridge::mapping
