#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bridge/config/config_loader.h"
#include "bridge/config/yaml_reader.h"

// Any bytes as rolebridge.yaml: a configuration or mistakes with a place, never both, never a
// crash; what was read keeps the bounds of security.md section 3.
namespace {

using rolebridge::config::LoadResult;
using rolebridge::config::YamlNode;

void Require(bool condition) {
  if (!condition) std::abort();
}

size_t CheckTree(const YamlNode& node, size_t depth) {
  const bool container = node.kind == YamlNode::Kind::kMap || node.kind == YamlNode::Kind::kList;
  Require(!container || depth < rolebridge::config::kMaxYamlDepth);
  Require(node.position.line > 0 && node.position.column > 0);
  size_t nodes = 1;
  for (const YamlNode& item : node.items) nodes += CheckTree(item, depth + 1);
  for (const YamlNode::Entry& entry : node.entries) {
    Require(!entry.key.empty() && node.Find(entry.key) == &entry);
    nodes += CheckTree(entry.value, depth + 1);
  }
  return nodes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto yaml = rolebridge::config::ReadYaml(text, "fuzz.yaml");
  Require(yaml.root.has_value() || !yaml.mistakes.empty());
  if (yaml.root) Require(CheckTree(*yaml.root, 0) <= rolebridge::config::kMaxYamlNodes);
  const LoadResult result = rolebridge::config::ParseConfig(text, "fuzz.yaml", "/");
  Require(result.config.has_value() == result.mistakes.empty());
  for (const auto& mistake : result.mistakes) Require(!mistake.message.empty());
  return 0;
}
