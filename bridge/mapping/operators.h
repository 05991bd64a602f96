#pragma once

#include <string_view>

#include "bridge/mapping/checker.h"
#include "bridge/mapping/lexer.h"

namespace rolebridge::mapping {

// What operators between two operands come to, after a look at their types.

// `left` == != < <= > >= `right`.
ExpressionPtr MakeComparison(const Checker& checker, const Argument& left, const Token& comparison,
                             const Argument& right);

// `text` in (or not in) `list`, which begins at `offset`. A level is in no list of names that are
// no levels: such a name is a mistake.
ExpressionPtr MakeMember(const Checker& checker, ExpressionPtr text, ExpressionPtr list,
                         size_t offset, bool wanted);

// `text` matches `pattern`; the pattern's named groups become names of the scope.
ExpressionPtr MakeMatches(const Checker& checker, ExpressionPtr text, const Token& pattern);

}  // namespace rolebridge::mapping
