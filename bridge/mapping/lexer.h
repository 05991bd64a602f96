#pragma once

#include <cstddef>
#include <string_view>

namespace rolebridge::mapping {

enum class TokenKind {
  kName,
  kString,  // raw, in single or double quotes, without escapes; `text` is what is between them
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kPipe,
  kDot,
  kComma,
  kOpen,
  kClose,
  kOpenList,
  kCloseList,
  kEndOfExpression,  // "}}"
  kEndOfText,
  kUnclosedString,
  kUnknown,  // one character that no expression has
};

struct Token {
  TokenKind kind = TokenKind::kEndOfText;
  std::string_view text;
  size_t offset = 0;  // of its first byte in the scalar
};

// Cuts an expression into tokens. It looks at each byte once and never fails: what is no token
// comes as one that no rule of the grammar takes.
class Lexer {
 public:
  Lexer(std::string_view text, size_t offset) : text_(text), offset_(offset) {}
  Token Next();
  size_t offset() const { return offset_; }  // behind the last token

 private:
  Token Take(TokenKind kind, size_t length);
  Token TakeName();
  Token TakeString(char quote);

  std::string_view text_;
  size_t offset_;
};

}  // namespace rolebridge::mapping
