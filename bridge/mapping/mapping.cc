#include "bridge/mapping/mapping.h"

#include <algorithm>
#include <utility>

#include "bridge/mapping/expression.h"
#include "bridge/mapping/suggestion.h"
#include "bridge/mapping/template.h"

namespace rolebridge::mapping {

namespace {

constexpr size_t kMostBindings = 8;

// Group names may be long and come from a directory; a report is for reading.
constexpr size_t kLongestReport = 256;

}  // namespace

struct Mapping::Parsed {
  std::string name;
  Position position;
  std::string saml_name;
  bool required = false;
  bool trust_arn = false;
  std::vector<ExpressionPtr> bindings;  // the i-th fills variable i
  Position for_each_position;
  ExpressionPtr when;  // null: always
  Position when_position;
  std::vector<Template> values;
};

namespace {

// The variable that an expression of `for_each` gives a name to.
std::optional<Variable> BoundBy(const Expression& list, std::string name) {
  if (list.type() == Type::kGroups) return Variable{std::move(name), Type::kGroup, true};
  if (list.type() == Type::kAccounts) return Variable{std::move(name), Type::kAccount, false};
  if (list.type() == Type::kBroken) return Variable{std::move(name), Type::kBroken, true};
  if (list.type() != Type::kList) return std::nullopt;
  return Variable{std::move(name), Type::kText, list.from_directory()};
}

// `name` of "name in expression"; reports what cannot be bound.
bool CheckBindingName(const SourceText& source, const Token& name, Scope& scope) {
  if (name.kind != TokenKind::kName) {
    Report(scope, source, name.offset, "a name is due here, as in: group in groups");
    return false;
  }
  if (!IsFreeName(name.text)) {
    Report(scope, source, name.offset,
           Quote(name.text) + " has a meaning already; choose another name");
    return false;
  }
  for (const Variable& variable : scope.variables) {
    if (variable.name != name.text) continue;
    Report(scope, source, name.offset, Quote(name.text) + " is bound twice");
    return false;
  }
  return true;
}

// One "name in expression" from `offset` on; null after a mistake that ends the reading.
ExpressionPtr ParseBinding(const SourceText& source, size_t offset, Scope& scope, Token& end) {
  Lexer lexer(source.text, offset);
  const Token name = lexer.Next();
  if (!CheckBindingName(source, name, scope)) return nullptr;
  const Token in = lexer.Next();
  if (in.kind != TokenKind::kName || in.text != "in") {
    Report(scope, source, in.offset,
           "'in' is due behind " + Quote(name.text) + ", as in: group in groups");
    return nullptr;
  }
  ExpressionPtr list = ParseExpression(source, lexer.offset(), scope, end);
  if (list == nullptr) return nullptr;
  std::optional<Variable> variable = BoundBy(*list, std::string(name.text));
  if (!variable) {
    Report(scope, source, name.offset,
           Quote(name.text) + " needs a list to go through, and this is " +
               std::string(TypeWords(list->type())));
    variable = Variable{std::string(name.text), Type::kBroken, true};
  }
  scope.variables.push_back(*std::move(variable));
  return list;
}

std::vector<ExpressionPtr> ParseForEach(const SourceText& source, Scope& scope) {
  std::vector<ExpressionPtr> bindings;
  Token end{TokenKind::kComma, {}, 0};
  for (size_t offset = 0; end.kind == TokenKind::kComma;) {
    if (bindings.size() == kMostBindings) {
      Report(scope, source, offset, "more than " + std::to_string(kMostBindings) + " names");
      return bindings;
    }
    ExpressionPtr binding = ParseBinding(source, offset, scope, end);
    if (binding == nullptr) return bindings;
    bindings.push_back(std::move(binding));
    offset = end.offset + 1;
  }
  if (end.kind != TokenKind::kEndOfText) {
    Report(scope, source, end.offset,
           Quote(end.text) + " is not due here; ',' stands before the next name");
  }
  return bindings;
}

}  // namespace

std::optional<Mapping> Mapping::Parse(const MappingSource& source, const Names& names,
                                      std::vector<Mistake>& mistakes) {
  const size_t before = mistakes.size();
  auto parsed = std::make_shared<Parsed>();
  parsed->name = source.name;
  parsed->position = source.position;
  parsed->saml_name = source.saml_name.text;
  parsed->required = source.required;
  parsed->trust_arn = source.trust_arn;
  Scope scope{names, {}, mistakes, "for_each"};
  if (source.for_each) {
    parsed->bindings = ParseForEach(*source.for_each, scope);
    parsed->for_each_position = source.for_each->position;
  }
  if (source.when) {
    scope.key = "when";
    parsed->when = ParseCondition(*source.when, scope);
    parsed->when_position = source.when->position;
  }
  for (size_t i = 0; i < source.values.size(); ++i) {
    scope.key = source.values.size() == 1 ? "value" : "values[" + std::to_string(i) + "]";
    std::optional<Template> value = Template::Parse(source.values[i], scope);
    if (value) parsed->values.push_back(*std::move(value));
  }
  if (source.values.empty()) mistakes.push_back({source.position, "value: is missing"});
  if (mistakes.size() != before) return std::nullopt;
  return Mapping(std::move(parsed));
}

const std::string& Mapping::name() const { return parsed_->name; }
const Position& Mapping::position() const { return parsed_->position; }
const std::string& Mapping::saml_name() const { return parsed_->saml_name; }
bool Mapping::required() const { return parsed_->required; }
bool Mapping::trust_arn() const { return parsed_->trust_arn; }

std::vector<std::vector<TemplatePart>> Mapping::templates() const {
  std::vector<std::vector<TemplatePart>> templates;
  for (const Template& value : parsed_->values) templates.push_back(value.parts());
  return templates;
}

namespace {

// The beginning of what was rendered, without a copy of all of it.
std::string Beginning(const TracedText& text) {
  std::string beginning;
  for (const TracedText::Piece& piece : text.pieces) {
    beginning.append(piece.text, 0, kLongestReport + 1 - beginning.size());
    if (beginning.size() <= kLongestReport) continue;
    beginning.resize(kLongestReport);
    return beginning + "...";
  }
  return beginning;
}

bool HasSource(const TracedText& text) {
  return std::any_of(text.pieces.begin(), text.pieces.end(),
                     [](const TracedText::Piece& piece) { return !piece.source.empty(); });
}

// "group 'admins'"; empty for what the configuration gives.
std::string WordsFor(const Computed& bound) {
  const auto* group = std::get_if<const Group*>(&bound);
  if (group != nullptr) return "group " + Quote((*group)->name);
  const Text* text = std::get_if<Text>(&bound);
  return text == nullptr ? "" : text->source.Words();
}

}  // namespace

// One walk through the bindings of a mapping, depth first.
struct Mapping::Walk {
  const Parsed& parsed;
  Evaluation& evaluation;
  Outcome& outcome;

  void Drop(const Position& position, const TracedText& value, std::string reason) {
    if (outcome.dropped.size() == kMostReports) {
      ++outcome.more_dropped;
      return;
    }
    outcome.dropped.push_back({parsed.name, position, Beginning(value), std::move(reason)});
  }

  void Bind(size_t slot) {
    if (slot == parsed.bindings.size()) return Element();
    const Expression& list = *parsed.bindings[slot];
    if (list.type() == Type::kGroups) return BindEach(slot, evaluation.groups());
    Computed value = list.Evaluate(evaluation);
    if (const Accounts* accounts = std::get_if<Accounts>(&value)) return BindEach(slot, **accounts);
    if (const List* texts = std::get_if<List>(&value)) return BindEach(slot, *texts);
    Drop(parsed.for_each_position, {}, std::move(std::get<Undefined>(value).reason));
  }

  template <typename Elements>
  void BindEach(size_t slot, const Elements& elements) {
    for (const auto& element : elements) {
      if (!evaluation.Step()) return;
      evaluation.variable(slot) = element;
      Bind(slot + 1);
    }
  }

  bool IsWanted() {
    if (parsed.when == nullptr) return true;
    Computed value = parsed.when->Evaluate(evaluation);
    if (const bool* truth = std::get_if<bool>(&value)) return *truth;
    // Not knowing is no reason to give (security.md M8).
    Drop(parsed.when_position, {}, std::move(std::get<Undefined>(value).reason));
    return false;
  }

  // What the variables were bound to, for a text that tells nothing about where it is from.
  std::string GivenBy() {
    std::string given_by;
    for (size_t slot = 0; slot < parsed.bindings.size(); ++slot) {
      const std::string words = WordsFor(evaluation.variable(slot));
      if (words.empty()) continue;
      if (given_by.size() + words.size() > kLongestReport) return given_by + "; ...";
      given_by += (given_by.empty() ? "" : "; ") + words;
    }
    return given_by;
  }

  void Element() {
    evaluation.ForgetMatches();
    if (!IsWanted()) return;
    for (const Template& value : parsed.values) {
      Rendered rendered = value.Render(evaluation);
      if (rendered.undefined) {
        Drop(value.position(), rendered.text, *std::move(rendered.undefined));
        if (evaluation.exhausted()) return;
      } else {
        Value& made = outcome.values.emplace_back();
        if (!HasSource(rendered.text)) made.given_by = GivenBy();
        made.text = std::move(rendered.text);
        made.position = value.position();
      }
    }
  }
};

Outcome Mapping::Evaluate(const Facts& facts) const {
  Outcome outcome;
  Evaluation evaluation(facts, parsed_->bindings.size());
  // One value a group is the usual case.
  if (!parsed_->bindings.empty()) outcome.values.reserve(facts.groups.size());
  Walk{*parsed_, evaluation, outcome}.Bind(0);
  outcome.exhausted = evaluation.exhausted();
  if (outcome.exhausted) outcome.values.clear();
  return outcome;
}

}  // namespace rolebridge::mapping
