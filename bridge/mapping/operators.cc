#include "bridge/mapping/operators.h"

#include <algorithm>
#include <optional>

#include "bridge/mapping/pattern_nodes.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

// `'mfa' <= level` says what `level >= 'mfa'` says.
TokenKind Mirrored(TokenKind kind) {
  if (kind == TokenKind::kLess) return TokenKind::kGreater;
  if (kind == TokenKind::kLessEqual) return TokenKind::kGreaterEqual;
  if (kind == TokenKind::kGreater) return TokenKind::kLess;
  if (kind == TokenKind::kGreaterEqual) return TokenKind::kLessEqual;
  return kind;
}

// Which of the configured levels `name` is, or nothing after a mistake at `offset`.
std::optional<size_t> LevelOf(const Checker& checker, const std::string& name, size_t offset) {
  const std::vector<std::string>& levels = checker.names().assurance_levels;
  const auto found = std::find(levels.begin(), levels.end(), name);
  if (found != levels.end()) return static_cast<size_t>(found - levels.begin());
  const std::vector<std::string_view> known(levels.begin(), levels.end());
  checker.Broken(offset, "unknown assurance level " + Quote(name) + "; there is " + OneOf(known) +
                             DidYouMean(name, known));
  return std::nullopt;
}

ExpressionPtr MakeLevelComparison(const Checker& checker, const ExpressionPtr& level,
                                  TokenKind kind, const Argument& other) {
  if (other.expression->type() == Type::kBroken) return other.expression;
  const auto* name = dynamic_cast<const TextNode*>(other.expression.get());
  if (name == nullptr) {
    return checker.Broken(other.offset,
                          "authentication.assurance compares with the name of a level in quotes");
  }
  const std::optional<size_t> index = LevelOf(checker, name->text(), other.offset);
  if (!index) return std::make_shared<BrokenNode>();
  return std::make_shared<LevelComparisonNode>(level, kind, *index);
}

// Whether all that `list` fixes are levels; reports each that is none.
bool HoldsLevels(const Checker& checker, const ExpressionPtr& list) {
  const auto* literal = dynamic_cast<const ListNode*>(list.get());
  if (literal == nullptr) return true;
  bool all = true;
  for (size_t i = 0; i < literal->elements().size(); ++i) {
    const auto* name = dynamic_cast<const TextNode*>(literal->elements()[i].get());
    if (name != nullptr && !LevelOf(checker, name->text(), literal->offsets()[i])) all = false;
  }
  return all;
}

bool IsGroupNames(const ExpressionPtr& expression) {
  return dynamic_cast<const GroupNamesNode*>(expression.get()) != nullptr;
}

// The slot of the group `name`, which is a new one where no pattern had it yet.
size_t SlotOf(Scope& scope, const std::string& name, bool from_directory) {
  std::vector<MatchGroup>& groups = scope.match_groups;
  for (size_t slot = 0; slot < groups.size(); ++slot) {
    if (groups[slot].name != name) continue;
    groups[slot].from_directory = groups[slot].from_directory || from_directory;
    return slot;
  }
  groups.push_back({name, from_directory});
  return groups.size() - 1;
}

}  // namespace

ExpressionPtr MakeComparison(const Checker& checker, const Argument& left_side,
                             const Token& comparison, const Argument& right_side) {
  const std::string quoted = Quote(comparison.text);
  const size_t offset = comparison.offset;
  ExpressionPtr left = left_side.expression, right = right_side.expression;
  if (left->type() == Type::kLevel) {
    return MakeLevelComparison(checker, left, comparison.kind, right_side);
  }
  if (right->type() == Type::kLevel) {
    return MakeLevelComparison(checker, right, Mirrored(comparison.kind), left_side);
  }
  const bool wanted = comparison.kind == TokenKind::kEqual;
  if (!wanted && comparison.kind != TokenKind::kNotEqual) {
    return checker.Broken(offset, quoted +
                                      " compares authentication.assurance with a level's name and "
                                      "nothing else; use '==', '!=' or 'in'");
  }
  if (left->type() == Type::kBool && right->type() == Type::kBool) {
    return std::make_shared<EqualNode>(std::move(left), std::move(right), wanted);
  }
  if (IsGroupNames(left) || IsGroupNames(right)) {
    return checker.Broken(offset, "groups.name is a list of all names; write 'x' in groups.name");
  }
  left = checker.DueText(std::move(left), offset, quoted);
  right = checker.DueText(std::move(right), offset, quoted);
  return std::make_shared<EqualNode>(std::move(left), std::move(right), wanted);
}

ExpressionPtr MakeMember(const Checker& checker, ExpressionPtr text, ExpressionPtr list,
                         size_t offset, bool wanted) {
  if (list->type() == Type::kGroups) {
    return checker.Broken(offset, "'in' looks into a list of texts; write groups.name");
  }
  if (list->type() != Type::kList && list->type() != Type::kBroken) {
    return checker.Broken(offset, "'in' looks into a list, and this is " +
                                      std::string(TypeWords(list->type())) + "; compare with '=='");
  }
  const bool is_level = dynamic_cast<const LevelNameNode*>(text.get()) != nullptr;
  if (is_level && !HoldsLevels(checker, list)) return std::make_shared<BrokenNode>();
  if (IsGroupNames(list)) return std::make_shared<HasGroupNode>(std::move(text), wanted);
  return std::make_shared<MemberNode>(std::move(text), std::move(list), wanted);
}

ExpressionPtr MakeMatches(const Checker& checker, ExpressionPtr text, const Token& pattern) {
  const auto compiled = Pattern::Compile(pattern.text);
  if (!compiled) {
    return checker.Broken(
        pattern.offset, Quote(pattern.text) + " is no pattern of RE2: " + compiled.error().message);
  }
  std::vector<size_t> slots;
  for (const auto& [name, number] : (*compiled)->named_groups()) {
    slots.push_back(SlotOf(checker.scope(), name, text->from_directory()));
  }
  return std::make_shared<MatchesNode>(std::move(text), *compiled, std::move(slots));
}

}  // namespace rolebridge::mapping
