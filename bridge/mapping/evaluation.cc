#include "bridge/mapping/evaluation.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {

std::string Source::Words() const {
  switch (kind) {
    case Kind::kConfiguration:
      return "";
    case Kind::kUser:
      return "user " + Quote(owner) + ": " + std::string(attribute);
    case Kind::kGroup:
      return "group " + Quote(owner) + ": " + std::string(attribute);
    case Kind::kClient:
      return "client: " + std::string(attribute);
  }
  return "";
}

Evaluation::Evaluation(const Facts& facts, size_t variables)
    : facts_(facts), variables_(variables) {
  groups_.reserve(facts.groups.size());
  for (const Group& group : facts.groups) groups_.push_back(&group);
  const auto by_name = [](const Group* a, const Group* b) {
    return std::tie(a->name, a->dn) < std::tie(b->name, b->dn);
  };
  if (!std::is_sorted(groups_.begin(), groups_.end(), by_name)) {
    std::sort(groups_.begin(), groups_.end(), by_name);
  }
}

bool Evaluation::Step(size_t bytes) {
  const size_t cost = 1 + bytes / 256;
  if (exhausted_ || cost > steps_left_) {
    exhausted_ = true;
    return false;
  }
  steps_left_ -= cost;
  return true;
}

bool Evaluation::Emit(size_t bytes) {
  if (exhausted_ || bytes > output_left_) {
    exhausted_ = true;
    return false;
  }
  output_left_ -= bytes;
  return true;
}

std::string_view Evaluation::Keep(std::string text) {
  if (!Emit(text.size())) return {};
  return kept_.emplace_back(std::move(text));
}

}  // namespace rolebridge::mapping
