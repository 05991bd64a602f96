#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/mapping/mapping.h"

namespace rolebridge::config {

// What a text of the mapping language mentions, token by token: for judging what is right by itself
// and may yet not be meant. What the language makes of it is not asked.

struct Word {
  enum class Kind { kName, kFilter };
  Kind kind = Kind::kName;
  std::string text;   // "user.email" (and words like "in"); "lower"
  size_t offset = 0;  // in the text
};

// Of one expression. `default([])` is not among them: it gives nothing where there is nothing.
using Words = std::vector<Word>;

// Of each {{ }} in turn.
std::vector<Words> WordsOfTemplate(std::string_view text);
Words WordsOfCondition(std::string_view text);

// One "name in expression" of a for_each.
struct BoundName {
  std::string name;
  Words words;
};
std::vector<BoundName> WordsOfForEach(std::string_view text);

// The names that a for_each seems to bind, whatever is wrong with it.
std::set<std::string> NamesMeantBy(std::string_view for_each);

// `message` about the byte at `offset` of `source`, which stands under `key`
// ("mappings.aws-role.value").
mapping::Mistake MistakeAt(const std::string& key, const mapping::SourceText& source, size_t offset,
                           const std::string& message);

}  // namespace rolebridge::config
