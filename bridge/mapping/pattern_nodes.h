#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridge/mapping/expression.h"
#include "bridge/mapping/pattern.h"

namespace rolebridge::mapping {

// X matches 'pattern'. A match binds the pattern's named groups for what is evaluated after it.
class MatchesNode final : public Expression {
 public:
  // `slots`: where the i-th named group of `pattern` goes.
  MatchesNode(ExpressionPtr text, std::shared_ptr<const Pattern> pattern, std::vector<size_t> slots)
      : Expression(Type::kBool, false),
        text_(std::move(text)),
        pattern_(std::move(pattern)),
        slots_(std::move(slots)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr text_;
  const std::shared_ptr<const Pattern> pattern_;
  const std::vector<size_t> slots_;
};

class MatchGroupNode final : public Expression {  // match.role
 public:
  MatchGroupNode(const MatchGroup& group, size_t slot)
      : Expression(Type::kText, group.from_directory), name_(group.name), slot_(slot) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const std::string name_;
  const size_t slot_;
};

class RegexReplaceNode final : public Expression {  // | regex_replace('(a+)', '<\1>')
 public:
  RegexReplaceNode(ExpressionPtr input, std::shared_ptr<const Pattern> pattern, std::string rewrite)
      : Expression(input->type(), input->from_directory()),
        input_(std::move(input)),
        pattern_(std::move(pattern)),
        rewrite_(std::move(rewrite)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr input_;
  const std::shared_ptr<const Pattern> pattern_;
  const std::string rewrite_;
};

// | regex_search('-(.*)'). Of a list, the elements in which it finds something.
class RegexSearchNode final : public Expression {
 public:
  RegexSearchNode(ExpressionPtr input, std::shared_ptr<const Pattern> pattern)
      : Expression(input->type(), input->from_directory()),
        input_(std::move(input)),
        pattern_(std::move(pattern)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  Computed SearchText(Evaluation& evaluation, const Text& text) const;
  Computed SearchList(Evaluation& evaluation, const List& list) const;

  const ExpressionPtr input_;
  const std::shared_ptr<const Pattern> pattern_;
};

}  // namespace rolebridge::mapping
