#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bridge/mapping/expression.h"
#include "bridge/mapping/filters.h"

namespace rolebridge::mapping {

// The kinds of expression. A new name or operator of the language is a class here or beside it
// (account_nodes.h, pattern_nodes.h, test_nodes.h) and its line in names.cc, operators.cc or
// calls.cc.

class BrokenNode final : public Expression {
 public:
  BrokenNode() : Expression(Type::kBroken, false) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;
};

class TextNode final : public Expression {  // a literal, or what the configuration fixes
 public:
  explicit TextNode(std::string text) : Expression(Type::kText, false), text_(std::move(text)) {}
  const std::string& text() const { return text_; }

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const std::string text_;
};

class BoolNode final : public Expression {
 public:
  explicit BoolNode(bool value) : Expression(Type::kBool, false), value_(value) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const bool value_;
};

class ListNode final : public Expression {  // ['a', user.username]
 public:
  // `offsets`: where each of the elements begins in the text of the expression.
  ListNode(std::vector<ExpressionPtr> elements, std::vector<size_t> offsets);
  const std::vector<ExpressionPtr>& elements() const { return elements_; }
  const std::vector<size_t>& offsets() const { return offsets_; }

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const std::vector<ExpressionPtr> elements_;
  const std::vector<size_t> offsets_;
};

// user.username, user.dn, client.address: one text out of the facts.
class FactNode final : public Expression {
 public:
  enum class Fact { kUserName, kUserDn, kClientAddress };
  explicit FactNode(Fact fact) : Expression(Type::kText, true), fact_(fact) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const Fact fact_;
};

class ApplicationNode final : public Expression {  // application.slug, application.name
 public:
  explicit ApplicationNode(std::string field)
      : Expression(Type::kText, false), field_(std::move(field)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const std::string field_;
};

class UserAttributeNode final : public Expression {  // user.email
 public:
  explicit UserAttributeNode(std::string attribute)
      : Expression(Type::kList, true), attribute_(std::move(attribute)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const std::string attribute_;
};

class AllGroupsNode final : public Expression {  // groups
 public:
  AllGroupsNode() : Expression(Type::kGroups, true) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;
};

class GroupNamesNode final : public Expression {  // groups.name
 public:
  GroupNamesNode() : Expression(Type::kList, true) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;
};

class MergedAttributeNode final : public Expression {  // group_attributes.aws_role
 public:
  explicit MergedAttributeNode(std::string attribute)
      : Expression(Type::kList, true), attribute_(std::move(attribute)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const std::string attribute_;
};

class VariableNode final : public Expression {  // role, bound by for_each
 public:
  VariableNode(const Variable& variable, size_t slot)
      : Expression(variable.type, variable.from_directory), slot_(slot) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const size_t slot_;
};

class GroupFieldNode final : public Expression {  // group.name, group.dn
 public:
  enum class Field { kName, kDn };
  GroupFieldNode(size_t slot, Field field)
      : Expression(Type::kText, true), slot_(slot), field_(field) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const size_t slot_;
  const Field field_;
};

class GroupAttributeNode final : public Expression {  // group.aws_role
 public:
  GroupAttributeNode(size_t slot, std::string attribute)
      : Expression(Type::kList, true), slot_(slot), attribute_(std::move(attribute)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const size_t slot_;
  const std::string attribute_;
};

class AssuranceNode final : public Expression {  // authentication.assurance
 public:
  explicit AssuranceNode(size_t levels) : Expression(Type::kLevel, false), levels_(levels) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const size_t levels_;
};

class LevelNameNode final : public Expression {  // a level where a text is due
 public:
  LevelNameNode(ExpressionPtr level, std::vector<std::string> names)
      : Expression(Type::kText, false), level_(std::move(level)), names_(std::move(names)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr level_;
  const std::vector<std::string> names_;
};

class OnlyValueNode final : public Expression {  // a list where a text is due
 public:
  explicit OnlyValueNode(ExpressionPtr list)
      : Expression(Type::kText, list->from_directory()), list_(std::move(list)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr list_;
};

class FilterNode final : public Expression {
 public:
  FilterNode(Type type, const Filter& filter, ExpressionPtr input,
             std::vector<ExpressionPtr> arguments);

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const Filter& filter_;
  const ExpressionPtr input_;
  const std::vector<ExpressionPtr> arguments_;
};

class DefaultNode final : public Expression {  // | default('x')
 public:
  DefaultNode(ExpressionPtr input, ExpressionPtr fallback);

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr input_;
  const ExpressionPtr fallback_;
};

class NotNode final : public Expression {
 public:
  explicit NotNode(ExpressionPtr operand)
      : Expression(Type::kBool, false), operand_(std::move(operand)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr operand_;
};

// `and`, `or`: every operand is looked at, and one undefined makes the whole undefined (M8).
class LogicNode final : public Expression {
 public:
  enum class Operation { kAnd, kOr };
  LogicNode(Operation operation, std::vector<ExpressionPtr> operands)
      : Expression(Type::kBool, false), operation_(operation), operands_(std::move(operands)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const Operation operation_;
  const std::vector<ExpressionPtr> operands_;
};

class EqualNode final : public Expression {  // == and != of two texts or two bools
 public:
  EqualNode(ExpressionPtr left, ExpressionPtr right, bool wanted)
      : Expression(Type::kBool, false),
        left_(std::move(left)),
        right_(std::move(right)),
        wanted_(wanted) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr left_;
  const ExpressionPtr right_;
  const bool wanted_;
};

class MemberNode final : public Expression {  // in, not in: whole values, never substrings (M7)
 public:
  MemberNode(ExpressionPtr text, ExpressionPtr list, bool wanted)
      : Expression(Type::kBool, false),
        text_(std::move(text)),
        list_(std::move(list)),
        wanted_(wanted) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr text_;
  const ExpressionPtr list_;
  const bool wanted_;
};

class HasGroupNode final : public Expression {  // in groups.name, not in groups.name
 public:
  HasGroupNode(ExpressionPtr name, bool wanted)
      : Expression(Type::kBool, false), name_(std::move(name)), wanted_(wanted) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr name_;
  const bool wanted_;
};

class LevelComparisonNode final : public Expression {  // authentication.assurance >= 'mfa'
 public:
  LevelComparisonNode(ExpressionPtr level, TokenKind comparison, size_t index)
      : Expression(Type::kBool, false),
        level_(std::move(level)),
        comparison_(comparison),
        index_(index) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr level_;
  const TokenKind comparison_;
  const size_t index_;
};

}  // namespace rolebridge::mapping
