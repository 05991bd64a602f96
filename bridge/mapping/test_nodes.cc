#include "bridge/mapping/test_nodes.h"

#include <algorithm>

#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {

Computed NowNode::Compute(Evaluation& evaluation) const { return evaluation.facts().instant; }

Computed DefinedNode::Compute(Evaluation& evaluation) const {
  const Computed value = operand_->Evaluate(evaluation);
  const Undefined* undefined = std::get_if<Undefined>(&value);
  if (undefined != nullptr && undefined->is_unreadable) return value;
  return (undefined != nullptr) != wanted_;
}

Computed NetworkNode::Compute(Evaluation& evaluation) const {
  Computed value = address_->Evaluate(evaluation);
  const Text* text = std::get_if<Text>(&value);
  if (text == nullptr) return value;
  if (!evaluation.Step(256 * networks_.size())) return Undefined{"the budget ran out"};
  const std::optional<Address> address = Address::Parse(text->text);
  if (!address) return Undefined{Quote(text->text) + " is no IP address"};
  return wanted_ == std::any_of(networks_.begin(), networks_.end(),
                                [&](const Network& network) { return network.Contains(*address); });
}

Computed BetweenNode::Compute(Evaluation& evaluation) const {
  Computed value = instant_->Evaluate(evaluation);
  const auto* instant = std::get_if<std::chrono::sys_seconds>(&value);
  if (instant == nullptr) return value;
  if (!evaluation.Step(256 * windows_.size())) return Undefined{"the budget ran out"};
  const TimeZone::LocalTime local = zone_.At(*instant);
  return wanted_ == std::any_of(windows_.begin(), windows_.end(), [&](const TimeWindow& window) {
           return window.Contains(local.weekday, local.of_day);
         });
}

}  // namespace rolebridge::mapping
