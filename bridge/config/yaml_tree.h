#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bridge/base/position.h"

namespace rolebridge::config {

// What a YAML file says, with the place of every word of it. Scalars are texts: what `yes`, `0755`
// or `~` mean is for the reader of the one key to say, not for YAML (security.md Y3).
struct YamlNode {
  enum class Kind {
    kNull,    // nothing, `~` or `null`
    kScalar,  // `text`
    kList,    // `items`
    kMap,     // `entries`, in the order of the file
    kBroken,  // a mistake was reported here: to be passed over
  };
  enum class Style { kPlain, kQuoted, kBlock };
  struct Entry;

  Kind kind = Kind::kNull;
  Position position;  // of a scalar: of the first character of its text
  std::string text;
  Style style = Style::kPlain;
  bool verbatim = false;  // the text stands so, byte for byte, in one line at `position`
  std::vector<YamlNode> items;
  std::vector<Entry> entries;

  const Entry* Find(const std::string& key) const;
};

struct YamlNode::Entry {
  std::string key;
  Position position;
  YamlNode value;
};

inline const YamlNode::Entry* YamlNode::Find(const std::string& key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

}  // namespace rolebridge::config
