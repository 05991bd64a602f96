#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "bridge/mapping/expression.h"
#include "bridge/mapping/nodes.h"

namespace rolebridge::mapping {

// Where the mistakes of one expression go, and what its parts are due to be.
class Checker {
 public:
  Checker(const SourceText& source, Scope& scope) : source_(source), scope_(scope) {}

  Scope& scope() const { return scope_; }
  const Names& names() const { return scope_.names; }

  // Reports a mistake. Broken: well-formed, means nothing, and the reading goes on.
  ExpressionPtr Broken(size_t offset, const std::string& message) const;
  ExpressionPtr SyntaxError(size_t offset, const std::string& message) const;

  // `expression` as what is due, or a BrokenNode after a mistake.
  ExpressionPtr DueText(ExpressionPtr expression, size_t offset, const std::string& who) const;
  ExpressionPtr DueBool(ExpressionPtr expression, size_t offset, const std::string& who) const;

  // The text of `expression` where it was written in quotes at `offset`; null where it was not.
  const std::string* Literal(const ExpressionPtr& expression, size_t offset) const;

 private:
  const SourceText& source_;
  Scope& scope_;
};

// An argument of a filter or a test, or an operand, and where it begins.
struct Argument {
  ExpressionPtr expression;
  size_t offset = 0;
};

}  // namespace rolebridge::mapping
