#include "bridge/mapping/calls.h"
#include "bridge/mapping/checker.h"
#include "bridge/mapping/expression.h"
#include "bridge/mapping/lexer.h"
#include "bridge/mapping/names.h"
#include "bridge/mapping/operators.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

constexpr size_t kDeepest = 32;       // nested brackets and nots
constexpr size_t kMostNodes = 1'000;  // also bounds how deep a chain of filters nests

bool IsComparison(TokenKind kind) {
  return kind == TokenKind::kEqual || kind == TokenKind::kNotEqual || kind == TokenKind::kLess ||
         kind == TokenKind::kLessEqual || kind == TokenKind::kGreater ||
         kind == TokenKind::kGreaterEqual;
}

// A recursive-descent parser, one function a rule of the grammar:
//
//   disjunction := conjunction { "or" conjunction }
//   conjunction := negation { "and" negation }
//   negation    := "not" negation | comparison
//   comparison  := operand [ "matches" string | operator operand ]
//   operator    := "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not" "in"
//   operand     := primary { "|" call } [ "is" [ "not" ] call ]
//   call        := name [ "(" [ disjunction { "," disjunction } ] ")" ]
//   primary     := string | "true" | "false" | name [ subscript ] { "." name } [ subscript ]
//                | "(" disjunction ")" | "[" [ disjunction { "," disjunction } ] "]"
//   subscript   := "[" disjunction "]"
//
// Broken syntax comes back as null; what is well-formed and means nothing is reported and goes on
// as a BrokenNode, so that all of it is reported at once.
class Parser {
 public:
  Parser(const SourceText& source, size_t offset, Scope& scope)
      : checker_(source, scope), lexer_(source.text, offset), token_(lexer_.Next()) {}

  ExpressionPtr ParseDisjunction();
  const Token& token() const { return token_; }

 private:
  ExpressionPtr ParseConjunction();
  ExpressionPtr ParseNegation();
  ExpressionPtr ParseComparison();
  ExpressionPtr ParseOperand();
  ExpressionPtr ParsePrimary();
  ExpressionPtr ParseParenthesis();
  ExpressionPtr ParseList();
  ExpressionPtr ParseName();
  ExpressionPtr ParseSubscript();
  ExpressionPtr ParseFilter(ExpressionPtr input);
  ExpressionPtr ParseTest(ExpressionPtr operand);
  bool ParseArguments(std::vector<Argument>& arguments);
  ExpressionPtr ParseOrdered(const Argument& left);
  ExpressionPtr ParseMember(ExpressionPtr left, bool wanted);
  ExpressionPtr ParseMatches(ExpressionPtr left);

  using Rule = ExpressionPtr (Parser::*)();
  ExpressionPtr ParseChain(std::string_view word, LogicNode::Operation operation, Rule rule);

  // Whether one more part is too many; reports it.
  bool HasTooManyParts();
  ExpressionPtr Unexpected(const std::string& due) const;

  void Advance() { token_ = lexer_.Next(); }
  bool IsWord(std::string_view word) const {
    return token_.kind == TokenKind::kName && token_.text == word;
  }
  bool TakeWord(std::string_view word) {
    if (!IsWord(word)) return false;
    Advance();
    return true;
  }
  bool Take(TokenKind kind) {
    if (token_.kind != kind) return false;
    Advance();
    return true;
  }

  const Checker checker_;
  Lexer lexer_;
  Token token_;
  size_t depth_ = 0;
  size_t nodes_ = 0;
};

ExpressionPtr Parser::Unexpected(const std::string& due) const {
  switch (token_.kind) {
    case TokenKind::kEndOfText:
      return checker_.SyntaxError(token_.offset, "the expression ends where " + due + " is due");
    case TokenKind::kEndOfExpression:
      return checker_.SyntaxError(token_.offset, "'}}' stands where " + due + " is due");
    case TokenKind::kUnclosedString:
      return checker_.SyntaxError(
          token_.offset, Quote(token_.text) + " is not closed; end the text with the same quote");
    case TokenKind::kUnknown:
      if (token_.text == "{") {
        return checker_.SyntaxError(token_.offset,
                                    "'{' is not due here; write the expression without '{{'");
      }
      [[fallthrough]];
    default:
      return checker_.SyntaxError(token_.offset,
                                  Quote(token_.text) + " stands where " + due + " is due");
  }
}

bool Parser::HasTooManyParts() {
  if (++nodes_ <= kMostNodes) return false;
  checker_.SyntaxError(token_.offset, "the expression has more than " + std::to_string(kMostNodes) +
                                          " parts; split it");
  return true;
}

ExpressionPtr Parser::ParseChain(std::string_view word, LogicNode::Operation operation, Rule rule) {
  size_t offset = token_.offset;
  ExpressionPtr first = (this->*rule)();
  if (first == nullptr || !IsWord(word)) return first;
  std::vector<ExpressionPtr> operands;
  const std::string who = "'" + std::string(word) + "'";
  operands.push_back(checker_.DueBool(std::move(first), offset, who));
  while (TakeWord(word)) {
    offset = token_.offset;
    ExpressionPtr operand = (this->*rule)();
    if (operand == nullptr) return nullptr;
    operands.push_back(checker_.DueBool(std::move(operand), offset, who));
  }
  return std::make_shared<LogicNode>(operation, std::move(operands));
}

ExpressionPtr Parser::ParseDisjunction() {
  if (depth_ == kDeepest) {
    return checker_.SyntaxError(token_.offset, "the expression nests deeper than " +
                                                   std::to_string(kDeepest) + " levels; split it");
  }
  ++depth_;
  ExpressionPtr expression = ParseChain("or", LogicNode::Operation::kOr, &Parser::ParseConjunction);
  --depth_;
  return expression;
}

ExpressionPtr Parser::ParseConjunction() {
  return ParseChain("and", LogicNode::Operation::kAnd, &Parser::ParseNegation);
}

ExpressionPtr Parser::ParseNegation() {
  if (!IsWord("not")) return ParseComparison();
  // Two nots are as good as none, and a thousand would nest a thousand calls.
  bool negated = false;
  while (TakeWord("not")) negated = !negated;
  const size_t offset = token_.offset;
  ExpressionPtr operand = ParseComparison();
  if (operand == nullptr) return nullptr;
  operand = checker_.DueBool(std::move(operand), offset, "'not'");
  if (!negated) return operand;
  return std::make_shared<NotNode>(std::move(operand));
}

ExpressionPtr Parser::ParseComparison() {
  const size_t offset = token_.offset;
  ExpressionPtr left = ParseOperand();
  if (left == nullptr) return nullptr;
  if (IsComparison(token_.kind)) {
    left = ParseOrdered({std::move(left), offset});
  } else if (TakeWord("in")) {
    left = ParseMember(checker_.DueText(std::move(left), offset, "'in'"), true);
  } else if (TakeWord("matches")) {
    left = ParseMatches(checker_.DueText(std::move(left), offset, "'matches'"));
  } else if (TakeWord("not")) {
    if (!TakeWord("in")) return Unexpected("'in' behind 'not'");
    left = ParseMember(checker_.DueText(std::move(left), offset, "'not in'"), false);
  }
  if (left != nullptr && (IsComparison(token_.kind) || IsWord("in") || IsWord("matches"))) {
    return checker_.SyntaxError(token_.offset,
                                "comparisons do not chain; join two of them by 'and'");
  }
  return left;
}

ExpressionPtr Parser::ParseOrdered(const Argument& left) {
  const Token comparison = token_;
  Advance();
  const size_t offset = token_.offset;
  ExpressionPtr right = ParseOperand();
  if (right == nullptr) return nullptr;
  return MakeComparison(checker_, left, comparison, {std::move(right), offset});
}

ExpressionPtr Parser::ParseMember(ExpressionPtr left, bool wanted) {
  const size_t offset = token_.offset;
  ExpressionPtr right = ParseOperand();
  if (right == nullptr) return nullptr;
  return MakeMember(checker_, std::move(left), std::move(right), offset, wanted);
}

ExpressionPtr Parser::ParseMatches(ExpressionPtr left) {
  const Token pattern = token_;
  if (!Take(TokenKind::kString)) return Unexpected("a pattern in quotes");
  return MakeMatches(checker_, std::move(left), pattern);
}

ExpressionPtr Parser::ParseOperand() {
  ExpressionPtr operand = ParsePrimary();
  while (operand != nullptr && Take(TokenKind::kPipe)) operand = ParseFilter(std::move(operand));
  if (operand != nullptr && TakeWord("is")) return ParseTest(std::move(operand));
  return operand;
}

ExpressionPtr Parser::ParsePrimary() {
  if (HasTooManyParts()) return nullptr;
  const Token token = token_;
  if (Take(TokenKind::kString)) return std::make_shared<TextNode>(std::string(token.text));
  if (TakeWord("true")) return std::make_shared<BoolNode>(true);
  if (TakeWord("false")) return std::make_shared<BoolNode>(false);
  if (token.kind == TokenKind::kOpen) return ParseParenthesis();
  if (token.kind == TokenKind::kOpenList) return ParseList();
  if (token.kind == TokenKind::kName && !IsKeyword(token.text)) return ParseName();
  return Unexpected("a value");
}

ExpressionPtr Parser::ParseParenthesis() {
  Advance();
  ExpressionPtr expression = ParseDisjunction();
  if (expression == nullptr || Take(TokenKind::kClose)) return expression;
  return Unexpected("')'");
}

ExpressionPtr Parser::ParseList() {
  Advance();
  std::vector<ExpressionPtr> elements;
  std::vector<size_t> offsets;
  while (!Take(TokenKind::kCloseList)) {
    if (!elements.empty() && !Take(TokenKind::kComma)) return Unexpected("',' or ']'");
    const size_t offset = token_.offset;
    ExpressionPtr element = ParseDisjunction();
    if (element == nullptr) return nullptr;
    elements.push_back(checker_.DueText(std::move(element), offset, "a list"));
    offsets.push_back(offset);
  }
  return std::make_shared<ListNode>(std::move(elements), std::move(offsets));
}

ExpressionPtr Parser::ParseName() {
  Path path;
  path.root = token_;
  Advance();
  if (token_.kind == TokenKind::kOpenList) {
    path.subscript = ParseSubscript();
    if (path.subscript == nullptr) return nullptr;
  }
  while (Take(TokenKind::kDot)) {
    if (token_.kind != TokenKind::kName) return Unexpected("a name behind '.'");
    path.fields.push_back(token_);
    Advance();
  }
  if (token_.kind == TokenKind::kOpenList && !path.fields.empty()) {
    path.key_offset = token_.offset;
    path.key = ParseSubscript();
    if (path.key == nullptr) return nullptr;
  }
  if (token_.kind == TokenKind::kOpen) {
    return checker_.SyntaxError(path.root.offset, "there is no function " + Quote(path.root.text) +
                                                      "; filters stand behind '|'");
  }
  return ResolveName(checker_, path);
}

ExpressionPtr Parser::ParseSubscript() {
  Advance();
  const size_t offset = token_.offset;
  ExpressionPtr key = ParseDisjunction();
  if (key == nullptr) return nullptr;
  if (!Take(TokenKind::kCloseList)) return Unexpected("']'");
  return checker_.DueText(std::move(key), offset, "'[...]'");
}

ExpressionPtr Parser::ParseFilter(ExpressionPtr input) {
  if (HasTooManyParts()) return nullptr;
  if (token_.kind != TokenKind::kName) return Unexpected("the name of a filter");
  const Token name = token_;
  Advance();
  std::vector<Argument> arguments;
  if (Take(TokenKind::kOpen) && !ParseArguments(arguments)) return nullptr;
  return MakeFilter(checker_, name, std::move(input), std::move(arguments));
}

ExpressionPtr Parser::ParseTest(ExpressionPtr operand) {
  const bool wanted = !TakeWord("not");
  if (token_.kind != TokenKind::kName) return Unexpected("the name of a test");
  const Token name = token_;
  Advance();
  std::vector<Argument> arguments;
  if (Take(TokenKind::kOpen) && !ParseArguments(arguments)) return nullptr;
  return MakeTest(checker_, name, std::move(operand), wanted, arguments);
}

bool Parser::ParseArguments(std::vector<Argument>& arguments) {
  while (!Take(TokenKind::kClose)) {
    if (!arguments.empty() && !Take(TokenKind::kComma)) {
      Unexpected("',' or ')'");
      return false;
    }
    const size_t offset = token_.offset;
    arguments.push_back({ParseDisjunction(), offset});
    if (arguments.back().expression == nullptr) return false;
  }
  return true;
}

}  // namespace

ExpressionPtr ParseExpression(const SourceText& source, size_t offset, Scope& scope, Token& end) {
  Parser parser(source, offset, scope);
  ExpressionPtr expression = parser.ParseDisjunction();
  end = parser.token();
  return expression;
}

}  // namespace rolebridge::mapping
