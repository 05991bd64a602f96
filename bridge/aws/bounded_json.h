#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

namespace rolebridge::aws {

// How deep arrays and objects stand in each other in `text`, whether it is JSON or not.
constexpr size_t JsonDepth(std::string_view text) {
  size_t depth = 0;
  size_t deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      deepest = ++depth > deepest ? depth : deepest;
    } else if (!in_string && (c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

// `text` as JSON; discarded (is_discarded()) where it is none, or nested deeper than 64: whoever
// writes or compares it afterwards recurses as deep.
inline nlohmann::json ParseBoundedJson(std::string_view text) {
  constexpr size_t kMaxDepth = 64;
  if (JsonDepth(text) > kMaxDepth) return nlohmann::json(nlohmann::json::value_t::discarded);
  return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace rolebridge::aws
