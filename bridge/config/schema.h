#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rolebridge::config {

// What a value of the configuration looks like, as far as an editor can check it: made by the same
// types that read it (value_types.h). What only reading can tell stands in `words`.
struct Shape {
  enum class Kind { kText, kFlag, kNumber, kList, kNamedMap, kSection };
  struct Property;

  Kind kind = Kind::kText;
  std::string words;
  std::string pattern;               // of a text; empty: any
  std::vector<std::string> choices;  // of a text; empty: any
  uint32_t minimum = 0;              // of a number, or of a list's length
  std::optional<uint32_t> maximum;
  std::vector<Shape> element;        // one: what a list or a named map holds
  std::vector<Property> properties;  // of a section
};

struct Shape::Property {
  std::string_view name;
  std::string_view purpose;
  bool is_required = false;
  Shape shape;
};

// The JSON Schema (draft 2020-12) of rolebridge.yaml and of each file in conf.d. What is required
// at the top is left open, since it may stand in another file.
std::string WriteJsonSchema();

}  // namespace rolebridge::config
