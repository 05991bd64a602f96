#include "bridge/mapping/evaluation.h"

#include <algorithm>
#include <bit>
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
  words.append(": ").append(attribute);
  return words;
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
    const int order = a->name.compare(b->name);
    return order == 0 ? a->dn < b->dn : order < 0;
  };
  if (!std::is_sorted(groups_.begin(), groups_.end(), by_name)) {
    std::sort(groups_.begin(), groups_.end(), by_name);
  }
}

bool Evaluation::HasGroup(std::string_view name) {
  // A comparison for each bit of the number of groups, each of which may look at all of `name`.
  const auto comparisons = static_cast<size_t>(std::bit_width(groups_.size()));
  if (!Step(comparisons * (256 + name.size()))) return false;
  const auto found = std::lower_bound(
      groups_.begin(), groups_.end(), name,
      [](const Group* group, std::string_view wanted) { return group->name < wanted; });
  return found != groups_.end() && (*found)->name == name;
}

List Evaluation::GroupNames() {
  if (group_names_) return *group_names_;
  if (!Step(256 * groups_.size())) return {};
  std::vector<Text> names;
  names.reserve(groups_.size());
  for (const Group* group : groups_) {
    names.push_back({group->name, {Source::Kind::kGroup, group->name, "name"}});
  }
  return group_names_.emplace(Keep(std::move(names)));
}

std::optional<Text>& Evaluation::match(size_t slot) {
  if (slot >= matches_.size()) matches_.resize(slot + 1);
  return matches_[slot];
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

List Evaluation::Keep(std::vector<Text> texts) {
  if (texts.size() == 1) return List(texts.front());
  return List(std::span<const Text>(kept_lists_.emplace_back(std::move(texts))));
}

}  // namespace rolebridge::mapping
