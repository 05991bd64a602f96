#include "bridge/mapping/lexer.h"

#include <array>

namespace rolebridge::mapping {
namespace {

struct Symbol {
  std::string_view text;
  TokenKind kind;
};

// The longer ones first.
constexpr std::array kSymbols = {
    Symbol{"}}", TokenKind::kEndOfExpression},
    Symbol{"==", TokenKind::kEqual},
    Symbol{"!=", TokenKind::kNotEqual},
    Symbol{"<=", TokenKind::kLessEqual},
    Symbol{">=", TokenKind::kGreaterEqual},
    Symbol{"<", TokenKind::kLess},
    Symbol{">", TokenKind::kGreater},
    Symbol{"|", TokenKind::kPipe},
    Symbol{".", TokenKind::kDot},
    Symbol{",", TokenKind::kComma},
    Symbol{"(", TokenKind::kOpen},
    Symbol{")", TokenKind::kClose},
    Symbol{"[", TokenKind::kOpenList},
    Symbol{"]", TokenKind::kCloseList},
};

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n'; }
bool StartsName(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool ContinuesName(char c) { return StartsName(c) || (c >= '0' && c <= '9'); }

}  // namespace

Token Lexer::Take(TokenKind kind, size_t length) {
  const Token token{kind, text_.substr(offset_, length), offset_};
  offset_ += length;
  return token;
}

Token Lexer::TakeName() {
  size_t end = offset_;
  while (end < text_.size() && ContinuesName(text_[end])) ++end;
  return Take(TokenKind::kName, end - offset_);
}

Token Lexer::TakeString(char quote) {
  const size_t end = text_.find(quote, offset_ + 1);
  if (end == std::string_view::npos) {
    return Take(TokenKind::kUnclosedString, text_.size() - offset_);
  }
  Token token = Take(TokenKind::kString, end + 1 - offset_);
  token.text = token.text.substr(1, token.text.size() - 2);
  return token;
}

Token Lexer::Next() {
  while (offset_ < text_.size() && IsSpace(text_[offset_])) ++offset_;
  if (offset_ == text_.size()) return {TokenKind::kEndOfText, {}, offset_};
  const char c = text_[offset_];
  if (StartsName(c)) return TakeName();
  if (c == '\'' || c == '"') return TakeString(c);
  for (const Symbol& symbol : kSymbols) {
    if (text_.substr(offset_).starts_with(symbol.text)) {
      return Take(symbol.kind, symbol.text.size());
    }
  }
  return Take(TokenKind::kUnknown, 1);
}

}  // namespace rolebridge::mapping
