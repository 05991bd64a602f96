#include "bridge/mapping/nodes.h"

#include <algorithm>
#include <optional>

#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

bool AnyFromDirectory(const std::vector<ExpressionPtr>& expressions) {
  return std::any_of(expressions.begin(), expressions.end(),
                     [](const ExpressionPtr& expression) { return expression->from_directory(); });
}

// The values of `attribute` by bytes, or nothing where there are none: an attribute without values
// does not exist in a directory.
std::optional<List> ValuesOf(Evaluation& evaluation, const AttributeValues& attributes,
                             const std::string& attribute, const Source& source) {
  const auto found = attributes.find(attribute);
  if (found == attributes.end() || found->second.empty()) return std::nullopt;
  if (!evaluation.Step(256 * found->second.size())) return std::nullopt;
  if (found->second.size() == 1) return List(Text{found->second.front(), source});
  std::vector<Text> texts;
  texts.reserve(found->second.size());
  for (const std::string& value : found->second) texts.push_back({value, source});
  const auto by_bytes = [](const Text& a, const Text& b) { return a.text < b.text; };
  if (!std::is_sorted(texts.begin(), texts.end(), by_bytes)) {
    std::sort(texts.begin(), texts.end(), by_bytes);
  }
  return evaluation.Keep(std::move(texts));
}

// Why there are no values of `attribute`; `owner` is "group 'ops'".
Undefined Missing(const std::set<std::string>& unreadable, const std::string& attribute,
                  const std::string& owner) {
  if (unreadable.contains(attribute)) return {owner + ": " + attribute + " cannot be read", true};
  return {owner + " has no attribute " + attribute};
}

const Group& GroupIn(Evaluation& evaluation, size_t slot) {
  return **std::get_if<const Group*>(&evaluation.variable(slot));
}

// Runs one alternative of Filter::apply on an input that the parser made of the right type.
struct Apply {
  Evaluation& evaluation;
  Computed input;
  std::span<const Text> arguments;

  Computed operator()(TextToText change) {
    if (const Text* text = std::get_if<Text>(&input)) return change(evaluation, *text, arguments);
    const List list = std::get<List>(input);
    if (!evaluation.Step(256 * list.size())) return Undefined{};
    std::vector<Text> texts(list.begin(), list.end());
    for (Text& text : texts) text = change(evaluation, text, arguments);
    return evaluation.Keep(std::move(texts));
  }
  Computed operator()(TextToList change) {
    return change(evaluation, std::get<Text>(input), arguments);
  }
  Computed operator()(ListToText change) {
    return change(evaluation, std::get<List>(input), arguments);
  }
  Computed operator()(ListToList change) {
    return change(evaluation, std::get<List>(input), arguments);
  }
  // Nodes of their own stand for these.
  Computed operator()(DefaultFilter) { return input; }
  Computed operator()(PatternFilter) { return input; }
};

}  // namespace

Computed BrokenNode::Compute(Evaluation&) const { return Undefined{"the expression is broken"}; }

Computed TextNode::Compute(Evaluation&) const { return Text{text_, {}}; }

Computed BoolNode::Compute(Evaluation&) const { return value_; }

ListNode::ListNode(std::vector<ExpressionPtr> elements, std::vector<size_t> offsets)
    : Expression(Type::kList, AnyFromDirectory(elements)),
      elements_(std::move(elements)),
      offsets_(std::move(offsets)) {}

Computed ListNode::Compute(Evaluation& evaluation) const {
  std::vector<Text> texts;
  texts.reserve(elements_.size());
  for (const ExpressionPtr& element : elements_) {
    Computed value = element->Evaluate(evaluation);
    if (std::holds_alternative<Undefined>(value)) return value;
    texts.push_back(std::get<Text>(value));
  }
  return evaluation.Keep(std::move(texts));
}

Computed FactNode::Compute(Evaluation& evaluation) const {
  const Facts& facts = evaluation.facts();
  switch (fact_) {
    case Fact::kUserName:
      return Text{facts.user.username, {Source::Kind::kUser, facts.user.username, "username"}};
    case Fact::kUserDn:
      return Text{facts.user.dn, {Source::Kind::kUser, facts.user.username, "dn"}};
    case Fact::kClientAddress:
      return Text{facts.client_address, {Source::Kind::kClient, {}, "address"}};
  }
  return Undefined{};
}

Computed ApplicationNode::Compute(Evaluation& evaluation) const {
  const auto found = evaluation.facts().application.find(field_);
  if (found == evaluation.facts().application.end()) {
    return Undefined{"the application has no " + field_};
  }
  return Text{found->second, {}};
}

Computed UserAttributeNode::Compute(Evaluation& evaluation) const {
  const User& user = evaluation.facts().user;
  auto list = ValuesOf(evaluation, user.attributes, attribute_,
                       {Source::Kind::kUser, user.username, attribute_});
  if (list) return *list;
  return Missing(user.unreadable, attribute_, "user " + Quote(user.username));
}

Computed AllGroupsNode::Compute(Evaluation&) const {
  return Undefined{"groups are no value"};  // for_each takes them from the Evaluation
}

Computed GroupNamesNode::Compute(Evaluation& evaluation) const {
  const List names = evaluation.GroupNames();
  if (evaluation.exhausted()) return Undefined{};
  return names;
}

Computed MergedAttributeNode::Compute(Evaluation& evaluation) const {
  // A later group's values replace an earlier one's, so the last that has any is the one.
  const auto& groups = evaluation.groups();
  for (auto group = groups.rbegin(); group != groups.rend(); ++group) {
    if (!evaluation.Step()) return Undefined{};
    auto list = ValuesOf(evaluation, (*group)->attributes, attribute_,
                         {Source::Kind::kGroup, (*group)->name, attribute_});
    if (list) return *list;
    // An earlier group's value must not show through one that nobody can read (security.md M8).
    if ((*group)->unreadable.contains(attribute_)) {
      return Missing((*group)->unreadable, attribute_, "group " + Quote((*group)->name));
    }
  }
  return Undefined{"none of the user's groups has an attribute " + attribute_};
}

Computed VariableNode::Compute(Evaluation& evaluation) const { return evaluation.variable(slot_); }

Computed GroupFieldNode::Compute(Evaluation& evaluation) const {
  const Group& group = GroupIn(evaluation, slot_);
  switch (field_) {
    case Field::kName:
      return Text{group.name, {Source::Kind::kGroup, group.name, "name"}};
    case Field::kDn:
      return Text{group.dn, {Source::Kind::kGroup, group.name, "dn"}};
  }
  return Undefined{};
}

Computed GroupAttributeNode::Compute(Evaluation& evaluation) const {
  const Group& group = GroupIn(evaluation, slot_);
  auto list = ValuesOf(evaluation, group.attributes, attribute_,
                       {Source::Kind::kGroup, group.name, attribute_});
  if (list) return *list;
  return Missing(group.unreadable, attribute_, "group " + Quote(group.name));
}

Computed AssuranceNode::Compute(Evaluation& evaluation) const {
  if (evaluation.facts().assurance < levels_) return Level{evaluation.facts().assurance};
  return Undefined{"the login's assurance is none of the configured levels"};
}

Computed LevelNameNode::Compute(Evaluation& evaluation) const {
  Computed value = level_->Evaluate(evaluation);
  const Level* level = std::get_if<Level>(&value);
  if (level == nullptr) return value;
  return Text{names_[level->index], {}};
}

Computed OnlyValueNode::Compute(Evaluation& evaluation) const {
  Computed value = list_->Evaluate(evaluation);
  const List* list = std::get_if<List>(&value);
  if (list == nullptr) return value;
  if (list->size() == 1) return list->front();
  if (list->empty()) return Undefined{"the list has no value where one is due"};
  const std::string where = list->front().source.Words();
  return Undefined{(where.empty() ? "the list" : where) + " has " + std::to_string(list->size()) +
                   " values where one is due"};
}

FilterNode::FilterNode(Type type, const Filter& filter, ExpressionPtr input,
                       std::vector<ExpressionPtr> arguments)
    : Expression(type, input->from_directory() || AnyFromDirectory(arguments)),
      filter_(filter),
      input_(std::move(input)),
      arguments_(std::move(arguments)) {}

Computed FilterNode::Compute(Evaluation& evaluation) const {
  Computed input = input_->Evaluate(evaluation);
  if (std::holds_alternative<Undefined>(input)) return input;
  std::vector<Text> arguments;
  for (const ExpressionPtr& argument : arguments_) {
    Computed value = argument->Evaluate(evaluation);
    if (std::holds_alternative<Undefined>(value)) return value;
    arguments.push_back(std::get<Text>(value));
  }
  if (filter_.needs_words && arguments.front().text.empty()) {
    return Undefined{"the first argument of '" + std::string(filter_.name) + "' is empty"};
  }
  Computed output = std::visit(Apply{evaluation, std::move(input), arguments}, filter_.apply);
  // What a filter cut short for want of budget is no value.
  if (evaluation.exhausted()) return Undefined{"the budget ran out"};
  return output;
}

DefaultNode::DefaultNode(ExpressionPtr input, ExpressionPtr fallback)
    : Expression(input->type(), input->from_directory() || fallback->from_directory()),
      input_(std::move(input)),
      fallback_(std::move(fallback)) {}

Computed DefaultNode::Compute(Evaluation& evaluation) const {
  Computed value = input_->Evaluate(evaluation);
  const Undefined* undefined = std::get_if<Undefined>(&value);
  if (undefined == nullptr || undefined->is_unreadable) return value;
  value = fallback_->Evaluate(evaluation);
  if (type() == Type::kList && std::holds_alternative<Text>(value)) {
    return List(std::get<Text>(value));
  }
  return value;
}

Computed NotNode::Compute(Evaluation& evaluation) const {
  Computed value = operand_->Evaluate(evaluation);
  if (const bool* truth = std::get_if<bool>(&value)) return !*truth;
  return value;
}

Computed LogicNode::Compute(Evaluation& evaluation) const {
  const bool neutral = operation_ == Operation::kAnd;
  bool result = neutral;
  for (const ExpressionPtr& operand : operands_) {
    Computed value = operand->Evaluate(evaluation);
    const bool* truth = std::get_if<bool>(&value);
    if (truth == nullptr) return value;
    if (*truth != neutral) result = *truth;
  }
  return result;
}

Computed EqualNode::Compute(Evaluation& evaluation) const {
  Computed left = left_->Evaluate(evaluation);
  if (std::holds_alternative<Undefined>(left)) return left;
  Computed right = right_->Evaluate(evaluation);
  if (std::holds_alternative<Undefined>(right)) return right;
  if (const bool* truth = std::get_if<bool>(&left)) {
    return (*truth == std::get<bool>(right)) == wanted_;
  }
  const std::string_view a = std::get<Text>(left).text, b = std::get<Text>(right).text;
  if (!evaluation.Step(std::min(a.size(), b.size()))) return Undefined{};
  return (a == b) == wanted_;
}

Computed MemberNode::Compute(Evaluation& evaluation) const {
  Computed text = text_->Evaluate(evaluation);
  if (std::holds_alternative<Undefined>(text)) return text;
  Computed list = list_->Evaluate(evaluation);
  if (std::holds_alternative<Undefined>(list)) return list;
  const std::string_view wanted = std::get<Text>(text).text;
  bool found = false;
  for (const Text& element : std::get<List>(list)) {
    const bool same_size = element.text.size() == wanted.size();
    if (!evaluation.Step(same_size ? wanted.size() : 0)) return Undefined{};
    if (element.text == wanted) found = true;
  }
  return found == wanted_;
}

Computed HasGroupNode::Compute(Evaluation& evaluation) const {
  Computed name = name_->Evaluate(evaluation);
  if (std::holds_alternative<Undefined>(name)) return name;
  const bool found = evaluation.HasGroup(std::get<Text>(name).text);
  if (evaluation.exhausted()) return Undefined{};
  return found == wanted_;
}

Computed LevelComparisonNode::Compute(Evaluation& evaluation) const {
  Computed value = level_->Evaluate(evaluation);
  const Level* level = std::get_if<Level>(&value);
  if (level == nullptr) return value;
  switch (comparison_) {
    case TokenKind::kEqual:
      return level->index == index_;
    case TokenKind::kNotEqual:
      return level->index != index_;
    case TokenKind::kLess:
      return level->index < index_;
    case TokenKind::kLessEqual:
      return level->index <= index_;
    case TokenKind::kGreater:
      return level->index > index_;
    case TokenKind::kGreaterEqual:
      return level->index >= index_;
    default:
      return Undefined{};
  }
}

}  // namespace rolebridge::mapping
