#include "bridge/mapping/expression.h"

#include <algorithm>
#include <array>

#include "bridge/mapping/nodes.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

constexpr size_t kDeepest = 32;       // nested brackets and nots
constexpr size_t kMostNodes = 1'000;  // also bounds how deep a chain of filters nests

constexpr std::array<std::string_view, 9> kRoots = {"user",        "groups", "group_attributes",
                                                    "application", "client", "authentication",
                                                    "vars",        "match",  "accounts"};
constexpr std::array<std::string_view, 8> kKeywords = {"and", "or",      "not",  "in",
                                                       "is",  "defined", "true", "false"};

bool IsKeyword(std::string_view word) {
  return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end();
}

bool IsComparison(TokenKind kind) {
  return kind == TokenKind::kEqual || kind == TokenKind::kNotEqual || kind == TokenKind::kLess ||
         kind == TokenKind::kLessEqual || kind == TokenKind::kGreater ||
         kind == TokenKind::kGreaterEqual;
}

// `'mfa' <= level` says what `level >= 'mfa'` says.
TokenKind Mirrored(TokenKind kind) {
  if (kind == TokenKind::kLess) return TokenKind::kGreater;
  if (kind == TokenKind::kLessEqual) return TokenKind::kGreaterEqual;
  if (kind == TokenKind::kGreater) return TokenKind::kLess;
  if (kind == TokenKind::kGreaterEqual) return TokenKind::kLessEqual;
  return kind;
}

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::vector<std::string_view> Views(const std::vector<std::string>& words) {
  return {words.begin(), words.end()};
}

// A recursive-descent parser, one function a rule of the grammar:
//
//   disjunction := conjunction { "or" conjunction }
//   conjunction := negation { "and" negation }
//   negation    := "not" negation | comparison
//   comparison  := operand [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not" "in" ) operand
//   ] operand     := primary { "|" name [ "(" arguments ")" ] } [ "is" [ "not" ] "defined" ]
//   primary     := string | "true" | "false" | name { "." name }
//                | "(" disjunction ")" | "[" [ disjunction { "," disjunction } ] "]"
//
// Broken syntax comes back as null; what is well-formed and means nothing is reported and goes on
// as a BrokenNode, so that all of it is reported at once.
class Parser {
 public:
  Parser(const SourceText& source, size_t offset, Scope& scope)
      : source_(source), scope_(scope), lexer_(source.text, offset), token_(lexer_.Next()) {}

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
  ExpressionPtr ParseFilter(ExpressionPtr input);
  bool ParseArguments(std::vector<ExpressionPtr>& arguments);
  ExpressionPtr ParseDefinedTest(ExpressionPtr operand);
  ExpressionPtr ParseOrdered(ExpressionPtr left);
  ExpressionPtr ParseMember(ExpressionPtr left, bool wanted);

  using Rule = ExpressionPtr (Parser::*)();
  ExpressionPtr ParseChain(std::string_view word, LogicNode::Operation operation, Rule rule);

  ExpressionPtr Compare(ExpressionPtr left, const Token& comparison, ExpressionPtr right);
  ExpressionPtr CompareLevel(const ExpressionPtr& level, TokenKind kind, const ExpressionPtr& other,
                             size_t offset);
  ExpressionPtr MakeFilter(const Token& name, ExpressionPtr input,
                           std::vector<ExpressionPtr> arguments);
  ExpressionPtr MakeDefault(const Token& name, ExpressionPtr input, ExpressionPtr fallback);
  ExpressionPtr Resolve(const Token& root, const std::vector<Token>& fields);
  ExpressionPtr ResolveRoot(const Token& root);
  ExpressionPtr ResolveField(const Token& root, const Token& field);
  ExpressionPtr ResolveUser(const Token& field);
  ExpressionPtr ResolveMerged(const Token& field);
  ExpressionPtr ResolveVar(const Token& field);
  ExpressionPtr ResolveVariable(const Variable& variable, size_t slot, const Token& field);
  ExpressionPtr UnknownField(const Token& root, const Token& field,
                             const std::vector<std::string_view>& known, const std::string& hint);

  // `expression` as what is due, or a BrokenNode after a mistake.
  ExpressionPtr DueText(ExpressionPtr expression, size_t offset, const std::string& who);
  ExpressionPtr DueBool(ExpressionPtr expression, size_t offset, const std::string& who);

  ExpressionPtr Broken(size_t offset, const std::string& message) {
    Report(scope_, source_, offset, message);
    return std::make_shared<BrokenNode>();
  }
  ExpressionPtr SyntaxError(size_t offset, const std::string& message) {
    Report(scope_, source_, offset, message);
    return nullptr;
  }
  ExpressionPtr Unexpected(const std::string& due);

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

  const SourceText& source_;
  Scope& scope_;
  Lexer lexer_;
  Token token_;
  size_t depth_ = 0;
  size_t nodes_ = 0;
};

ExpressionPtr Parser::Unexpected(const std::string& due) {
  switch (token_.kind) {
    case TokenKind::kEndOfText:
      return SyntaxError(token_.offset, "the expression ends where " + due + " is due");
    case TokenKind::kEndOfExpression:
      return SyntaxError(token_.offset, "'}}' stands where " + due + " is due");
    case TokenKind::kUnclosedString:
      return SyntaxError(token_.offset,
                         Quote(token_.text) + " is not closed; end the text with the same quote");
    case TokenKind::kUnknown:
      if (token_.text == "{") {
        return SyntaxError(token_.offset, "'{' is not due here; write the expression without '{{'");
      }
      [[fallthrough]];
    default:
      return SyntaxError(token_.offset, Quote(token_.text) + " stands where " + due + " is due");
  }
}

ExpressionPtr Parser::ParseChain(std::string_view word, LogicNode::Operation operation, Rule rule) {
  size_t offset = token_.offset;
  ExpressionPtr first = (this->*rule)();
  if (first == nullptr || !IsWord(word)) return first;
  std::vector<ExpressionPtr> operands;
  const std::string who = "'" + std::string(word) + "'";
  operands.push_back(DueBool(std::move(first), offset, who));
  while (TakeWord(word)) {
    offset = token_.offset;
    ExpressionPtr operand = (this->*rule)();
    if (operand == nullptr) return nullptr;
    operands.push_back(DueBool(std::move(operand), offset, who));
  }
  return std::make_shared<LogicNode>(operation, std::move(operands));
}

ExpressionPtr Parser::ParseDisjunction() {
  if (depth_ == kDeepest) {
    return SyntaxError(token_.offset, "the expression nests deeper than " +
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
  operand = DueBool(std::move(operand), offset, "'not'");
  if (!negated) return operand;
  return std::make_shared<NotNode>(std::move(operand));
}

ExpressionPtr Parser::ParseComparison() {
  const size_t offset = token_.offset;
  ExpressionPtr left = ParseOperand();
  if (left == nullptr) return nullptr;
  if (IsComparison(token_.kind)) {
    left = ParseOrdered(std::move(left));
  } else if (TakeWord("in")) {
    left = ParseMember(DueText(std::move(left), offset, "'in'"), true);
  } else if (IsWord("not")) {
    Advance();
    if (!TakeWord("in")) return Unexpected("'in' behind 'not'");
    left = ParseMember(DueText(std::move(left), offset, "'not in'"), false);
  }
  if (left != nullptr && (IsComparison(token_.kind) || IsWord("in"))) {
    return SyntaxError(token_.offset, "comparisons do not chain; join two of them by 'and'");
  }
  return left;
}

ExpressionPtr Parser::ParseOrdered(ExpressionPtr left) {
  const Token comparison = token_;
  Advance();
  ExpressionPtr right = ParseOperand();
  if (right == nullptr) return nullptr;
  return Compare(std::move(left), comparison, std::move(right));
}

ExpressionPtr Parser::ParseMember(ExpressionPtr left, bool wanted) {
  const size_t offset = token_.offset;
  ExpressionPtr right = ParseOperand();
  if (right == nullptr) return nullptr;
  if (right->type() == Type::kGroups) {
    return Broken(offset, "'in' looks into a list of texts; write groups.name");
  }
  if (right->type() != Type::kList && right->type() != Type::kBroken) {
    return Broken(offset, "'in' looks into a list, and this is " +
                              std::string(TypeWords(right->type())) + "; compare with '=='");
  }
  return std::make_shared<MemberNode>(std::move(left), std::move(right), wanted);
}

ExpressionPtr Parser::Compare(ExpressionPtr left, const Token& comparison, ExpressionPtr right) {
  if (left->type() == Type::kLevel) {
    return CompareLevel(left, comparison.kind, right, comparison.offset);
  }
  if (right->type() == Type::kLevel) {
    return CompareLevel(right, Mirrored(comparison.kind), left, comparison.offset);
  }
  const bool equality =
      comparison.kind == TokenKind::kEqual || comparison.kind == TokenKind::kNotEqual;
  if (!equality) {
    return Broken(comparison.offset, Quote(comparison.text) +
                                         " compares authentication.assurance with a level's name "
                                         "and nothing else; use '==', '!=' or 'in'");
  }
  const bool wanted = comparison.kind == TokenKind::kEqual;
  if (left->type() == Type::kBool && right->type() == Type::kBool) {
    return std::make_shared<EqualNode>(std::move(left), std::move(right), wanted);
  }
  if (dynamic_cast<const GroupNamesNode*>(left.get()) != nullptr ||
      dynamic_cast<const GroupNamesNode*>(right.get()) != nullptr) {
    return Broken(comparison.offset,
                  "groups.name is a list of all names; write 'x' in groups.name");
  }
  left = DueText(std::move(left), comparison.offset, Quote(comparison.text));
  right = DueText(std::move(right), comparison.offset, Quote(comparison.text));
  return std::make_shared<EqualNode>(std::move(left), std::move(right), wanted);
}

ExpressionPtr Parser::CompareLevel(const ExpressionPtr& level, TokenKind kind,
                                   const ExpressionPtr& other, size_t offset) {
  const auto* name = dynamic_cast<const TextNode*>(other.get());
  if (name == nullptr) {
    return Broken(offset, "authentication.assurance compares with the name of a level in quotes");
  }
  const std::vector<std::string>& levels = scope_.names.assurance_levels;
  const auto found = std::find(levels.begin(), levels.end(), name->text());
  if (found == levels.end()) {
    return Broken(offset, "unknown assurance level " + Quote(name->text()) + "; there is " +
                              OneOf(Views(levels)) + DidYouMean(name->text(), Views(levels)));
  }
  return std::make_shared<LevelComparisonNode>(level, kind,
                                               static_cast<size_t>(found - levels.begin()));
}

ExpressionPtr Parser::ParseOperand() {
  ExpressionPtr operand = ParsePrimary();
  while (operand != nullptr && token_.kind == TokenKind::kPipe) {
    Advance();
    operand = ParseFilter(std::move(operand));
  }
  if (operand != nullptr && TakeWord("is")) return ParseDefinedTest(std::move(operand));
  return operand;
}

ExpressionPtr Parser::ParseDefinedTest(ExpressionPtr operand) {
  const bool wanted = !TakeWord("not");
  if (!IsWord("defined")) {
    if (token_.kind != TokenKind::kName) return Unexpected("'defined'");
    return SyntaxError(token_.offset, "unknown test " + Quote(token_.text) +
                                          "; 'is defined' and 'is not defined' are the tests" +
                                          DidYouMean(token_.text, {"defined"}));
  }
  Advance();
  return std::make_shared<DefinedNode>(std::move(operand), wanted);
}

ExpressionPtr Parser::ParsePrimary() {
  if (++nodes_ > kMostNodes) {
    return SyntaxError(token_.offset, "the expression has more than " + std::to_string(kMostNodes) +
                                          " parts; split it");
  }
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
  while (!Take(TokenKind::kCloseList)) {
    if (!elements.empty() && !Take(TokenKind::kComma)) return Unexpected("',' or ']'");
    const size_t offset = token_.offset;
    ExpressionPtr element = ParseDisjunction();
    if (element == nullptr) return nullptr;
    elements.push_back(DueText(std::move(element), offset, "a list"));
  }
  return std::make_shared<ListNode>(std::move(elements));
}

ExpressionPtr Parser::ParseName() {
  const Token root = token_;
  Advance();
  std::vector<Token> fields;
  while (Take(TokenKind::kDot)) {
    if (token_.kind != TokenKind::kName) return Unexpected("a name behind '.'");
    fields.push_back(token_);
    Advance();
  }
  if (token_.kind == TokenKind::kOpen) {
    return SyntaxError(root.offset,
                       "there is no function " + Quote(root.text) + "; filters stand behind '|'");
  }
  return Resolve(root, fields);
}

ExpressionPtr Parser::ParseFilter(ExpressionPtr input) {
  if (++nodes_ > kMostNodes) {
    return SyntaxError(token_.offset, "the expression has more than " + std::to_string(kMostNodes) +
                                          " parts; split it");
  }
  if (token_.kind != TokenKind::kName) return Unexpected("the name of a filter");
  const Token name = token_;
  Advance();
  std::vector<ExpressionPtr> arguments;
  if (Take(TokenKind::kOpen) && !ParseArguments(arguments)) return nullptr;
  return MakeFilter(name, std::move(input), std::move(arguments));
}

bool Parser::ParseArguments(std::vector<ExpressionPtr>& arguments) {
  while (!Take(TokenKind::kClose)) {
    if (!arguments.empty() && !Take(TokenKind::kComma)) {
      Unexpected("',' or ')'");
      return false;
    }
    arguments.push_back(ParseDisjunction());
    if (arguments.back() == nullptr) return false;
  }
  return true;
}

// The type that `filter` gives for an input of `input`, or nothing where it does not take it.
std::optional<Type> FilteredType(const Filter& filter, Type input) {
  if (std::holds_alternative<TextToText>(filter.apply)) return input;
  if (std::holds_alternative<TextToList>(filter.apply)) return Type::kList;
  if (input != Type::kList) return std::nullopt;
  return std::holds_alternative<ListToText>(filter.apply) ? Type::kText : Type::kList;
}

ExpressionPtr Parser::MakeFilter(const Token& name, ExpressionPtr input,
                                 std::vector<ExpressionPtr> arguments) {
  const std::string quoted = Quote(name.text);
  const Filter* filter = FindFilter(name.text);
  if (filter == nullptr) {
    return Broken(name.offset, "unknown filter " + quoted + DidYouMean(name.text, FilterNames()));
  }
  if (arguments.size() != filter->arguments) {
    return Broken(name.offset, "filter " + quoted + " takes " + std::to_string(filter->arguments) +
                                   " argument" + (filter->arguments == 1 ? "" : "s") +
                                   ", and has " + std::to_string(arguments.size()));
  }
  if (std::holds_alternative<DefaultFilter>(filter->apply)) {
    return MakeDefault(name, std::move(input), std::move(arguments.front()));
  }
  for (ExpressionPtr& argument : arguments) {
    argument = DueText(std::move(argument), name.offset, "an argument of filter " + quoted);
  }
  const auto* first =
      arguments.empty() ? nullptr : dynamic_cast<const TextNode*>(arguments.front().get());
  if (filter->needs_words && first != nullptr && first->text().empty()) {
    return Broken(name.offset, "the first argument of filter " + quoted + " is empty");
  }
  const bool wants_text = !std::holds_alternative<ListToText>(filter->apply) &&
                          !std::holds_alternative<ListToList>(filter->apply);
  const bool each = std::holds_alternative<TextToText>(filter->apply);
  if (wants_text && !(each && input->type() == Type::kList)) {
    input = DueText(std::move(input), name.offset, "filter " + quoted);
  }
  if (input->type() == Type::kBroken) return input;
  const std::optional<Type> type = FilteredType(*filter, input->type());
  if (!type) {
    return Broken(name.offset, "filter " + quoted + " takes a list, and this is " +
                                   std::string(TypeWords(input->type())));
  }
  return std::make_shared<FilterNode>(*type, *filter, std::move(input), std::move(arguments));
}

ExpressionPtr Parser::MakeDefault(const Token& name, ExpressionPtr input, ExpressionPtr fallback) {
  if (input->type() == Type::kBroken || fallback->type() == Type::kBroken) {
    return std::make_shared<BrokenNode>();
  }
  if (input->type() == Type::kLevel) input = DueText(std::move(input), name.offset, "'default'");
  const bool fits = input->type() == fallback->type()
                        ? input->type() != Type::kGroup && input->type() != Type::kGroups
                        : input->type() == Type::kList && fallback->type() == Type::kText;
  if (!fits) {
    return Broken(name.offset, "'default' of " + std::string(TypeWords(input->type())) +
                                   " cannot be " + std::string(TypeWords(fallback->type())));
  }
  return std::make_shared<DefaultNode>(std::move(input), std::move(fallback));
}

ExpressionPtr Parser::Resolve(const Token& root, const std::vector<Token>& fields) {
  if (fields.size() > 1) {
    return Broken(fields[1].offset,
                  Quote(fields[1].text) + " is a field of a field; there is none");
  }
  return fields.empty() ? ResolveRoot(root) : ResolveField(root, fields.front());
}

ExpressionPtr Parser::ResolveRoot(const Token& root) {
  for (size_t slot = 0; slot < scope_.variables.size(); ++slot) {
    if (scope_.variables[slot].name != root.text) continue;
    return std::make_shared<VariableNode>(scope_.variables[slot], slot);
  }
  if (root.text == "groups") return std::make_shared<AllGroupsNode>();
  if (root.text == "group") {
    return Broken(root.offset, "unknown name 'group'; bind it first: for_each: group in groups");
  }
  std::vector<std::string_view> known = {"groups"};
  for (const Variable& variable : scope_.variables) known.push_back(variable.name);
  if (std::find(kRoots.begin(), kRoots.end(), root.text) != kRoots.end()) {
    return Broken(root.offset, Quote(root.text) + " is no value itself; name one of its fields: " +
                                   std::string(root.text) + ".name");
  }
  return Broken(root.offset,
                "unknown name " + Quote(root.text) + DidYouMean(root.text, known) +
                    (DidYouMean(root.text, known).empty() ? "; a text stands in quotes" : ""));
}

ExpressionPtr Parser::ResolveField(const Token& root, const Token& field) {
  for (size_t slot = 0; slot < scope_.variables.size(); ++slot) {
    if (scope_.variables[slot].name != root.text) continue;
    return ResolveVariable(scope_.variables[slot], slot, field);
  }
  if (root.text == "user") return ResolveUser(field);
  if (root.text == "group_attributes") return ResolveMerged(field);
  if (root.text == "vars") return ResolveVar(field);
  if (root.text == "groups") {
    if (field.text == "name") return std::make_shared<GroupNamesNode>();
    return UnknownField(root, field, {"name"},
                        "; use group_attributes." + std::string(field.text) + " or for_each");
  }
  if (root.text == "application") {
    if (field.text == "slug" || field.text == "name") {
      return std::make_shared<ApplicationNode>(std::string(field.text));
    }
    return UnknownField(root, field, {"slug", "name"}, "");
  }
  if (root.text == "client") {
    if (field.text == "address") return std::make_shared<FactNode>(FactNode::Fact::kClientAddress);
    return UnknownField(root, field, {"address"}, "");
  }
  if (root.text == "authentication") {
    if (field.text == "assurance") {
      return std::make_shared<AssuranceNode>(scope_.names.assurance_levels.size());
    }
    return UnknownField(root, field, {"assurance"}, "");
  }
  if (root.text == "group") {
    return Broken(root.offset, "unknown name 'group'; bind it first: for_each: group in groups");
  }
  std::vector<std::string_view> known = {"user",   "groups", "group_attributes", "application",
                                         "client", "vars",   "authentication"};
  for (const Variable& variable : scope_.variables) known.push_back(variable.name);
  return Broken(root.offset, "unknown name " + Quote(root.text) + DidYouMean(root.text, known));
}

ExpressionPtr Parser::UnknownField(const Token& root, const Token& field,
                                   const std::vector<std::string_view>& known,
                                   const std::string& hint) {
  const std::string suggestion = DidYouMean(field.text, known);
  return Broken(field.offset, Quote(root.text) + " has no " + Quote(field.text) +
                                  (suggestion.empty() ? hint : suggestion));
}

ExpressionPtr Parser::ResolveUser(const Token& field) {
  if (field.text == "username") return std::make_shared<FactNode>(FactNode::Fact::kUserName);
  if (field.text == "dn") return std::make_shared<FactNode>(FactNode::Fact::kUserDn);
  const std::vector<std::string>& attributes = scope_.names.user_attributes;
  if (std::find(attributes.begin(), attributes.end(), field.text) != attributes.end()) {
    return std::make_shared<UserAttributeNode>(std::string(field.text));
  }
  std::vector<std::string_view> known = Views(attributes);
  known.insert(known.end(), {"username", "dn"});
  return UnknownField({TokenKind::kName, "user", field.offset}, field, known,
                      "; name it under ldap.users.attributes first");
}

ExpressionPtr Parser::ResolveMerged(const Token& field) {
  const std::vector<std::string>& attributes = scope_.names.group_attributes;
  if (std::find(attributes.begin(), attributes.end(), field.text) != attributes.end()) {
    return std::make_shared<MergedAttributeNode>(std::string(field.text));
  }
  return UnknownField({TokenKind::kName, "group_attributes", field.offset}, field,
                      Views(attributes), "; name it under ldap.groups.attributes first");
}

ExpressionPtr Parser::ResolveVar(const Token& field) {
  const auto found = scope_.names.vars.find(std::string(field.text));
  if (found != scope_.names.vars.end()) return std::make_shared<TextNode>(found->second);
  std::vector<std::string_view> known;
  for (const auto& [name, value] : scope_.names.vars) known.push_back(name);
  return UnknownField({TokenKind::kName, "vars", field.offset}, field, known,
                      "; set it under vars first");
}

ExpressionPtr Parser::ResolveVariable(const Variable& variable, size_t slot, const Token& field) {
  if (variable.type == Type::kBroken) return std::make_shared<BrokenNode>();
  if (variable.type != Type::kGroup) {
    return Broken(field.offset, Quote(variable.name) + " is a text and has no fields");
  }
  using Field = GroupFieldNode::Field;
  if (field.text == "name") return std::make_shared<GroupFieldNode>(slot, Field::kName);
  if (field.text == "dn") return std::make_shared<GroupFieldNode>(slot, Field::kDn);
  const std::vector<std::string>& attributes = scope_.names.group_attributes;
  if (std::find(attributes.begin(), attributes.end(), field.text) != attributes.end()) {
    return std::make_shared<GroupAttributeNode>(slot, std::string(field.text));
  }
  std::vector<std::string_view> known = Views(attributes);
  known.insert(known.end(), {"name", "dn"});
  return UnknownField({TokenKind::kName, variable.name, field.offset}, field, known,
                      "; name it under ldap.groups.attributes first");
}

ExpressionPtr Parser::DueText(ExpressionPtr expression, size_t offset, const std::string& who) {
  ExpressionPtr text = AsText(expression, scope_);
  if (text != nullptr) return text;
  return Broken(offset,
                who + " takes a text, and this is " + std::string(TypeWords(expression->type())));
}

ExpressionPtr Parser::DueBool(ExpressionPtr expression, size_t offset, const std::string& who) {
  if (expression->type() == Type::kBool || expression->type() == Type::kBroken) return expression;
  return Broken(offset, who + " takes a condition, and this is " +
                            std::string(TypeWords(expression->type())));
}

}  // namespace

void Report(Scope& scope, const SourceText& source, size_t offset, const std::string& message) {
  Position position = source.position;
  if (source.verbatim && position.column > 0) {
    position.column +=
        static_cast<int>(CodePoints(std::string_view(source.text).substr(0, offset)));
  }
  scope.mistakes.push_back({position, scope.key + ": " + message});
}

ExpressionPtr ParseExpression(const SourceText& source, size_t offset, Scope& scope, Token& end) {
  Parser parser(source, offset, scope);
  ExpressionPtr expression = parser.ParseDisjunction();
  end = parser.token();
  return expression;
}

ExpressionPtr ParseCondition(const SourceText& source, Scope& scope) {
  Token end;
  ExpressionPtr condition = ParseExpression(source, 0, scope, end);
  if (condition == nullptr) return nullptr;
  if (end.kind != TokenKind::kEndOfText) {
    Report(scope, source, end.offset,
           Quote(end.text) + " does not belong to the condition; join two by 'and' or 'or'");
    return nullptr;
  }
  if (condition->type() != Type::kBool && condition->type() != Type::kBroken) {
    Report(scope, source, 0,
           "this is " + std::string(TypeWords(condition->type())) +
               ", and a condition is due; compare it with '==' or 'in'");
    return nullptr;
  }
  return condition;
}

ExpressionPtr AsText(const ExpressionPtr& expression, const Scope& scope) {
  switch (expression->type()) {
    case Type::kText:
    case Type::kBroken:
      return expression;
    case Type::kList:
      return std::make_shared<OnlyValueNode>(expression);
    case Type::kLevel:
      return std::make_shared<LevelNameNode>(expression, scope.names.assurance_levels);
    case Type::kBool:
    case Type::kGroup:
    case Type::kGroups:
      return nullptr;
  }
  return nullptr;
}

std::string_view TypeWords(Type type) {
  switch (type) {
    case Type::kText:
      return "a text";
    case Type::kList:
      return "a list of texts";
    case Type::kBool:
      return "a condition";
    case Type::kGroup:
      return "a group (name one of its fields, as in group.name)";
    case Type::kGroups:
      return "the list of groups (groups.name are their names)";
    case Type::kLevel:
      return "an assurance level";
    case Type::kBroken:
      return "broken";
  }
  return "";
}

bool IsFreeName(std::string_view name) {
  return !IsKeyword(name) && std::find(kRoots.begin(), kRoots.end(), name) == kRoots.end();
}

}  // namespace rolebridge::mapping
