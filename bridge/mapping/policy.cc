#include "bridge/mapping/policy.h"

#include <utility>

#include "bridge/mapping/expression.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

struct Condition {
  SourceText source;
  ExpressionPtr expression;
};

// "" where `condition` holds, else why it does not.
std::string ObjectionOf(const Condition& condition, const Facts& facts) {
  Evaluation evaluation(facts, 0);
  const Computed value = condition.expression->Evaluate(evaluation);
  // An `is defined` can be answered wrongly where the budget ran out underneath it.
  if (evaluation.exhausted()) return "takes more steps than one may";
  if (const bool* truth = std::get_if<bool>(&value)) return *truth ? "" : "is not true";
  const Undefined* undefined = std::get_if<Undefined>(&value);
  return undefined == nullptr ? "is no condition" : "cannot be told: " + undefined->reason;
}

std::string Describe(const Condition& condition, const std::string& objection) {
  return Quote(condition.source.text) + " (" + ToString(condition.source.position) + ") " +
         objection;
}

}  // namespace

struct Policy::Parsed {
  std::string name;
  Position position;
  std::string message;
  bool is_any = false;
  std::vector<Condition> conditions;
  std::optional<size_t> assurance;
  std::string assurance_name;
  std::vector<std::string> roles;
  std::vector<std::string> accounts;

  std::string Objection(const Facts& facts) const;
};

// All that fail are named, so that one reading tells what would have to change.
std::string Policy::Parsed::Objection(const Facts& facts) const {
  std::string objections;
  for (const Condition& condition : conditions) {
    const std::string objection = ObjectionOf(condition, facts);
    if (objection.empty() && is_any) return "";
    if (objection.empty()) continue;
    if (!objections.empty()) objections += is_any ? ", and " : "; ";
    objections += Describe(condition, objection);
  }
  return objections;
}

std::optional<Policy> Policy::Parse(const PolicySource& source, const Names& names,
                                    std::vector<Mistake>& mistakes) {
  const size_t before = mistakes.size();
  auto parsed = std::make_shared<Parsed>();
  parsed->name = source.name;
  parsed->position = source.position;
  parsed->message = source.message;
  parsed->is_any = source.key == "any";
  parsed->assurance = source.assurance;
  if (source.assurance) parsed->assurance_name = names.assurance_levels.at(*source.assurance);
  parsed->roles = source.roles;
  parsed->accounts = source.accounts;
  for (size_t i = 0; i < source.conditions.size(); ++i) {
    const bool is_list = source.key != "require";
    Scope scope{names, {}, mistakes, source.key + (is_list ? "[" + std::to_string(i) + "]" : "")};
    parsed->conditions.push_back(
        {source.conditions[i], ParseCondition(source.conditions[i], scope)});
  }
  if (mistakes.size() != before) return std::nullopt;
  return Policy(std::move(parsed));
}

const std::string& Policy::name() const { return parsed_->name; }
const Position& Policy::position() const { return parsed_->position; }
const std::string& Policy::message() const { return parsed_->message; }
const std::vector<std::string>& Policy::roles() const { return parsed_->roles; }
const std::vector<std::string>& Policy::accounts() const { return parsed_->accounts; }

const std::string& Policy::assurance() const { return parsed_->assurance_name; }

Verdict Policy::Judge(const Facts& facts) const {
  Verdict verdict{.reason = parsed_->Objection(facts)};
  const bool is_strong_enough = !parsed_->assurance || facts.assurance >= *parsed_->assurance;
  verdict.holds = verdict.reason.empty() && is_strong_enough;
  if (is_strong_enough) return verdict;
  if (verdict.reason.empty()) {
    verdict.needs_assurance = parsed_->assurance;
  } else {
    verdict.reason += "; ";
  }
  verdict.reason += "it takes the assurance level " + Quote(parsed_->assurance_name);
  return verdict;
}

}  // namespace rolebridge::mapping
