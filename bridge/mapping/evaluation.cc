#include "bridge/mapping/evaluation.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

// Each value that is issued has such words: one allocation and no more.
std::string Joined(std::string_view what, std::string_view owner, std::string_view attribute) {
  std::string words;
  words.reserve(what.size() + owner.size() + attribute.size() + 4);
  words.append(what);
  AppendQuote(words, owner);
  return words.append(": ").append(attribute);
}

}  // namespace

std::string Source::Words() const {
  switch (kind) {
    case Kind::kConfiguration:
      return "";
    case Kind::kUser:
      return Joined("user ", owner, attribute);
    case Kind::kGroup:
      return Joined("group ", owner, attribute);
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

std::optional<Text>& Evaluation::match(size_t slot) {
  if (slot >= matches_.size()) matches_.resize(slot + 1);
  return matches_[slot];
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
