#include "bridge/mapping/pattern_nodes.h"

#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

Undefined OutOfBudget() { return Undefined{"the budget ran out"}; }

}  // namespace

Computed MatchesNode::Compute(Evaluation& evaluation) const {
  Computed value = text_->Evaluate(evaluation);
  const Text* text = std::get_if<Text>(&value);
  if (text == nullptr) return value;
  const std::optional<Pattern::Groups> groups = pattern_->MatchWhole(evaluation, text->text);
  if (evaluation.exhausted()) return OutOfBudget();
  if (!groups) return false;
  for (const size_t slot : slots_) evaluation.match(slot).reset();
  for (size_t i = 0; i < slots_.size(); ++i) {
    const std::optional<std::string_view> taken = (*groups)[pattern_->named_groups()[i].second];
    if (taken) evaluation.match(slots_[i]) = Text{*taken, text->source};
  }
  return true;
}

Computed MatchGroupNode::Compute(Evaluation& evaluation) const {
  const std::optional<Text>& bound = evaluation.match(slot_);
  if (bound) return *bound;
  return Undefined{"nothing matched the group " + Quote(name_)};
}

Computed RegexReplaceNode::Compute(Evaluation& evaluation) const {
  Computed value = input_->Evaluate(evaluation);
  const auto replace = [&](Text& text) {
    text.text = evaluation.Keep(pattern_->Replace(evaluation, text.text, rewrite_));
  };
  if (Text* text = std::get_if<Text>(&value)) replace(*text);
  if (List* list = std::get_if<List>(&value)) {
    std::vector<Text> texts(list->begin(), list->end());
    for (Text& text : texts) replace(text);
    *list = evaluation.Keep(std::move(texts));
  }
  if (evaluation.exhausted()) return OutOfBudget();
  return value;
}

Computed RegexSearchNode::SearchText(Evaluation& evaluation, const Text& text) const {
  const std::optional<std::string_view> found = pattern_->Search(evaluation, text.text);
  if (evaluation.exhausted()) return OutOfBudget();
  if (!found) return Undefined{"'regex_search' finds nothing in " + Quote(text.text)};
  return Text{*found, text.source};
}

Computed RegexSearchNode::SearchList(Evaluation& evaluation, const List& list) const {
  std::vector<Text> found;
  for (const Text& text : list) {
    const std::optional<std::string_view> part = pattern_->Search(evaluation, text.text);
    if (evaluation.exhausted()) return OutOfBudget();
    if (part) found.push_back({*part, text.source});
  }
  if (found.empty()) return Undefined{"'regex_search' finds nothing in the list"};
  return evaluation.Keep(std::move(found));
}

Computed RegexSearchNode::Compute(Evaluation& evaluation) const {
  Computed value = input_->Evaluate(evaluation);
  if (const Text* text = std::get_if<Text>(&value)) return SearchText(evaluation, *text);
  if (const List* list = std::get_if<List>(&value)) return SearchList(evaluation, *list);
  return value;
}

}  // namespace rolebridge::mapping
