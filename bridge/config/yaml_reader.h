#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/config/yaml_tree.h"
#include "bridge/mapping/mapping.h"

namespace rolebridge::config {

// Bounds of one file (security.md section 3).
inline constexpr size_t kMaxYamlBytes = 1'048'576;
inline constexpr size_t kMaxYamlLine = 16'384;
inline constexpr size_t kMaxYamlDepth = 20;      // maps and lists inside one another
inline constexpr size_t kMaxYamlNodes = 50'000;  // keys, values, maps and lists

struct YamlResult {
  std::optional<YamlNode> root;  // a map; absent where the file cannot be read to its end
  std::vector<mapping::Mistake> mistakes;
};

// Reads the small part of YAML that a configuration needs: maps, lists and texts. Anchors, aliases,
// `<<`, tags, directives, keys that are no text, duplicate keys and a second document are mistakes
// (security.md Y1). YAML's traps are reported with the corrected line, and read as they were meant,
// so that what follows from them is not reported too. `file` is the name in positions.
YamlResult ReadYaml(std::string_view text, const std::string& file);

}  // namespace rolebridge::config
