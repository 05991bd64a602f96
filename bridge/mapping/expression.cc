#include "bridge/mapping/expression.h"

#include <algorithm>

#include "bridge/mapping/nodes.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

bool BeginsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), BeginsCharacter));
}

// How much of a long line is shown before and behind the place.
constexpr size_t kShownBefore = 60;
constexpr size_t kShownBehind = 30;

// The line of `text` in which `offset` is, and a caret below it.
std::string Excerpt(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  const size_t line_break = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  size_t begin = line_break == std::string_view::npos ? 0 : line_break + 1;
  size_t end = std::min(text.find('\n', offset), text.size());
  if (offset - begin > kShownBefore) begin = offset - kShownBefore;
  if (end - offset > kShownBehind) end = offset + kShownBehind;
  while (begin < offset && !BeginsCharacter(text[begin])) ++begin;
  while (end < text.size() && end > offset && !BeginsCharacter(text[end])) --end;
  std::string line(text.substr(begin, end - begin));
  // A tab would move the caret's place.
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return "\n    " + line + "\n    " +
         std::string(CodePoints(text.substr(begin, offset - begin)), ' ') + "^";
}

}  // namespace

void Report(Scope& scope, const SourceText& source, size_t offset, const std::string& message) {
  Position position = source.position;
  std::string text = scope.key + ": " + message;
  if (!source.verbatim) {
    // Its text is not in the file so: folded lines, escapes.
    text += Excerpt(source.text, offset);
  } else if (position.column > 0) {
    position.column +=
        static_cast<int>(CodePoints(std::string_view(source.text).substr(0, offset)));
  }
  scope.mistakes.push_back({position, std::move(text)});
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
    case Type::kAccount:
    case Type::kAccounts:
    case Type::kInstant:
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
    case Type::kAccount:
      return "an account (name one of its fields, as in account.id)";
    case Type::kAccounts:
      return "the list of accounts (one is accounts['prod'])";
    case Type::kInstant:
      return "the time of the request (test it: now is between(...))";
    case Type::kLevel:
      return "an assurance level";
    case Type::kBroken:
      return "broken";
  }
  return "";
}

}  // namespace rolebridge::mapping
