#pragma once

#include <vector>

#include "bridge/mapping/checker.h"
#include "bridge/mapping/lexer.h"

namespace rolebridge::mapping {

// What filters and tests come to, after a look at their names, arguments and types.

// `input` | name(arguments).
ExpressionPtr MakeFilter(const Checker& checker, const Token& name, ExpressionPtr input,
                         std::vector<Argument> arguments);

// `operand` is name(arguments), or `is not` where it is not wanted.
ExpressionPtr MakeTest(const Checker& checker, const Token& name, ExpressionPtr operand,
                       bool wanted, const std::vector<Argument>& arguments);

}  // namespace rolebridge::mapping
