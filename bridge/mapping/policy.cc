#include "bridge/mapping/policy.h"

#include <utility>

#include "bridge/mapping/expression.h"

namespace rolebridge::mapping {

struct Policy::Parsed {
  std::string name;
  Position position;
  std::string message;
  ExpressionPtr require;
};

std::optional<Policy> Policy::Parse(const PolicySource& source, const Names& names,
                                    std::vector<Mistake>& mistakes) {
  const size_t before = mistakes.size();
  auto parsed = std::make_shared<Parsed>();
  parsed->name = source.name;
  parsed->position = source.position;
  parsed->message = source.message;
  Scope scope{names, {}, mistakes, "require"};
  parsed->require = ParseCondition(source.require, scope);
  if (mistakes.size() != before) return std::nullopt;
  return Policy(std::move(parsed));
}

const std::string& Policy::name() const { return parsed_->name; }
const Position& Policy::position() const { return parsed_->position; }
const std::string& Policy::message() const { return parsed_->message; }

bool Policy::Allows(const Facts& facts) const {
  Evaluation evaluation(facts, 0);
  const Computed value = parsed_->require->Evaluate(evaluation);
  const bool* truth = std::get_if<bool>(&value);
  // An `is defined` can be answered wrongly where the budget ran out underneath it.
  return truth != nullptr && *truth && !evaluation.exhausted();
}

}  // namespace rolebridge::mapping
