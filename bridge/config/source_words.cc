#include "bridge/config/source_words.h"

#include <utility>

#include "bridge/mapping/expression.h"
#include "bridge/mapping/lexer.h"

namespace rolebridge::config {
namespace {

using mapping::Lexer;
using mapping::Token;
using mapping::TokenKind;

// Whether `([])` follows.
bool IsEmptyListNext(Lexer lexer) {
  for (const TokenKind kind :
       {TokenKind::kOpen, TokenKind::kOpenList, TokenKind::kCloseList, TokenKind::kClose}) {
    if (lexer.Next().kind != kind) return false;
  }
  return true;
}

class Scan {
 public:
  Scan(std::string_view text, size_t offset) : lexer_(text, offset) {}

  const Token& Take() { return token_ = lexer_.Next(); }

  // Up to the token that ends the expression, which `token` is then: one that ends all, or a comma
  // outside of brackets.
  Words TakeExpression() {
    Words words;
    TokenKind before = TokenKind::kComma, before_that = TokenKind::kComma;
    int depth = 0;
    while (!IsEnd(Take(), depth)) {
      if (token_.kind == TokenKind::kOpen || token_.kind == TokenKind::kOpenList) ++depth;
      if (token_.kind == TokenKind::kClose || token_.kind == TokenKind::kCloseList) --depth;
      if (token_.kind == TokenKind::kName) TakeName(before, before_that, words);
      before_that = std::exchange(before, token_.kind);
    }
    return words;
  }

  const Token& token() const { return token_; }

 private:
  static bool IsEnd(const Token& token, int depth) {
    return token.kind == TokenKind::kEndOfText || token.kind == TokenKind::kEndOfExpression ||
           (token.kind == TokenKind::kComma && depth == 0);
  }

  void TakeName(TokenKind before, TokenKind before_that, Words& words) const {
    std::string text(token_.text);
    if (before == TokenKind::kPipe) {
      if (text == "default" && IsEmptyListNext(lexer_)) return;
      words.push_back({Word::Kind::kFilter, std::move(text), token_.offset});
    } else if (before != TokenKind::kDot) {
      words.push_back({Word::Kind::kName, std::move(text), token_.offset});
    } else if (before_that == TokenKind::kName && !words.empty()) {
      words.back().text += "." + text;
    }
  }

  Lexer lexer_;
  Token token_;
};

}  // namespace

std::vector<Words> WordsOfTemplate(std::string_view text) {
  std::vector<Words> all;
  for (size_t open = text.find("{{"); open != std::string_view::npos;) {
    Scan scan(text, open + 2);
    all.push_back(scan.TakeExpression());
    open = text.find("{{", scan.token().offset);
  }
  return all;
}

Words WordsOfCondition(std::string_view text) { return Scan(text, 0).TakeExpression(); }

std::vector<BoundName> WordsOfForEach(std::string_view text) {
  std::vector<BoundName> bindings;
  Scan scan(text, 0);
  do {
    std::string name(scan.Take().text);
    scan.Take();  // `in`
    bindings.push_back({std::move(name), scan.TakeExpression()});
  } while (scan.token().kind == TokenKind::kComma);
  return bindings;
}

std::set<std::string> NamesMeantBy(std::string_view for_each) {
  std::set<std::string> names;
  const auto take = [&names](const Token& token) {
    if (token.kind == TokenKind::kName && mapping::IsFreeName(token.text))
      names.emplace(token.text);
  };
  Scan scan(for_each, 0);
  Token before{TokenKind::kComma, {}, 0};
  while (scan.Take().kind != TokenKind::kEndOfText) {
    const Token& token = scan.token();
    if (token.kind == TokenKind::kName && token.text == "in") take(before);
    if (before.kind == TokenKind::kComma) take(token);
    before = token;
  }
  return names;
}

mapping::Mistake MistakeAt(const std::string& key, const mapping::SourceText& source, size_t offset,
                           const std::string& message) {
  const mapping::Names names;
  std::vector<mapping::Mistake> mistakes;
  mapping::Scope scope{names, {}, mistakes, key};
  mapping::Report(scope, source, offset, message);
  return std::move(mistakes.front());
}

}  // namespace rolebridge::config
