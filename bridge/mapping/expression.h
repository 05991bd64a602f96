#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/mapping/evaluation.h"
#include "bridge/mapping/lexer.h"
#include "bridge/mapping/mapping.h"

namespace rolebridge::mapping {

// What an expression can be, known when the configuration is read.
enum class Type {
  kText,
  kList,  // of texts; what a directory attribute always is
  kBool,
  kGroup,     // a loop variable over groups: only its fields are of use
  kGroups,    // `groups` itself: only for_each takes it
  kAccount,   // an account: only its fields are of use
  kAccounts,  // `accounts` itself: only for_each takes it
  kInstant,   // `now`: only a test takes it
  kLevel,     // authentication.assurance: ordered, and its name where a text is due
  kBroken,    // a mistake was reported: goes with everything, so that it is reported once
};

// One node of a parsed, type-checked expression. Immutable; evaluation is pure and total: the
// worst that can come out is Undefined.
class Expression {
 public:
  Expression(Type type, bool from_directory) : type_(type), from_directory_(from_directory) {}
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;
  virtual ~Expression() = default;

  Type type() const { return type_; }
  // Whether the text can come from outside of the configuration.
  bool from_directory() const { return from_directory_; }

  Computed Evaluate(Evaluation& evaluation) const {
    if (!evaluation.Step()) return Undefined{"the budget of steps ran out"};
    return Compute(evaluation);
  }

 protected:
  virtual Computed Compute(Evaluation& evaluation) const = 0;

 private:
  const Type type_;
  const bool from_directory_;
};

using ExpressionPtr = std::shared_ptr<const Expression>;

struct Variable {
  std::string name;
  Type type = Type::kText;  // kText, kGroup or kAccount
  bool from_directory = false;
};

// A named group of the patterns that were read so far.
struct MatchGroup {
  std::string name;
  bool from_directory = false;
};

class AccountTable;

// What an expression may name, and where its mistakes go.
struct Scope {
  const Names& names;
  std::vector<Variable> variables;  // of for_each; the index is the slot
  std::vector<Mistake>& mistakes;
  std::string key;                                         // begins each message: "when", "value"
  std::vector<MatchGroup> match_groups = {};               // the index is the slot
  std::shared_ptr<const AccountTable> accounts = nullptr;  // made where the first one is named
};

// Reports `message` about the byte at `offset` of `source`: at its very place in the file, or where
// the text does not stand so in the file, at its start, with an excerpt.
void Report(Scope& scope, const SourceText& source, size_t offset, const std::string& message);

// Parses one expression of `source` from `offset` on, up to the token behind it, which `end`
// receives. Null where the syntax is broken; the mistake was reported then.
ExpressionPtr ParseExpression(const SourceText& source, size_t offset, Scope& scope, Token& end);

// The whole of `source` as one condition (`when`, `require`).
ExpressionPtr ParseCondition(const SourceText& source, Scope& scope);

// `expression` where a text is due: a list is to hold exactly one value, a level gives its name.
// Null for what never is a text; the caller reports.
ExpressionPtr AsText(const ExpressionPtr& expression, const Scope& scope);

// "a list of texts", for messages.
std::string_view TypeWords(Type type);

// Whether for_each may bind it: an identifier that means nothing else.
bool IsFreeName(std::string_view name);

}  // namespace rolebridge::mapping
