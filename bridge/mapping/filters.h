#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "bridge/mapping/evaluation.h"

namespace rolebridge::mapping {

// What a filter makes of what; its static types follow from the alternative. Arguments are texts.
using TextToText = Text (*)(Evaluation&, Text, std::span<const Text>);  // of a list, each element
using TextToList = List (*)(Evaluation&, Text, std::span<const Text>);
using ListToText = Computed (*)(Evaluation&, const List&, std::span<const Text>);
using ListToList = List (*)(Evaluation&, const List&, std::span<const Text>);
struct DefaultFilter {};  // `default` alone sees what is undefined, so the parser knows it
struct PatternFilter {    // its pattern is compiled when it is parsed
  bool replaces = false;
};

struct Filter {
  std::string_view name;
  size_t arguments;
  std::variant<TextToText, TextToList, ListToText, ListToList, DefaultFilter, PatternFilter> apply;
  bool needs_words = false;  // the first argument must not be empty
};

// Null where there is none of that name.
const Filter* FindFilter(std::string_view name);
std::vector<std::string_view> FilterNames();

}  // namespace rolebridge::mapping
