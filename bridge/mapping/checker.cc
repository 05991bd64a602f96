#include "bridge/mapping/checker.h"

namespace rolebridge::mapping {

ExpressionPtr Checker::Broken(size_t offset, const std::string& message) const {
  Report(scope_, source_, offset, message);
  return std::make_shared<BrokenNode>();
}

ExpressionPtr Checker::SyntaxError(size_t offset, const std::string& message) const {
  Report(scope_, source_, offset, message);
  return nullptr;
}

ExpressionPtr Checker::DueText(ExpressionPtr expression, size_t offset,
                               const std::string& who) const {
  ExpressionPtr text = AsText(expression, scope_);
  if (text != nullptr) return text;
  return Broken(offset,
                who + " takes a text, and this is " + std::string(TypeWords(expression->type())));
}

ExpressionPtr Checker::DueBool(ExpressionPtr expression, size_t offset,
                               const std::string& who) const {
  if (expression->type() == Type::kBool || expression->type() == Type::kBroken) return expression;
  return Broken(offset, who + " takes a condition, and this is " +
                            std::string(TypeWords(expression->type())));
}

const std::string* Checker::Literal(const ExpressionPtr& expression, size_t offset) const {
  const auto* text = dynamic_cast<const TextNode*>(expression.get());
  const bool quoted =
      offset < source_.text.size() && (source_.text[offset] == '\'' || source_.text[offset] == '"');
  return text != nullptr && quoted ? &text->text() : nullptr;
}

}  // namespace rolebridge::mapping
