#include "bridge/config/key_table.h"

namespace rolebridge::config {

void Reader::Refuse(const Position& position, const std::string& message) {
  std::string path;
  for (const auto& [key, place] : places_) {
    if (key.empty()) continue;
    if (!path.empty() && key.front() != '[') path += '.';
    path += key;
  }
  mistakes_.push_back({position, path.empty() ? message : path + ": " + message});
}

std::string Reader::Corrected(const std::string& value) const {
  const std::string& key = places_.back().first;
  return key.empty() || key.front() == '[' ? value : key + ": " + value;
}

const YamlNode* Reader::Require(const YamlNode& node, YamlNode::Kind kind, std::string_view due) {
  if (node.kind == kind) return &node;
  switch (node.kind) {
    case YamlNode::Kind::kBroken:
      return nullptr;  // reported already
    case YamlNode::Kind::kNull:
      Refuse(node.position,
             "is empty; give it " + std::string(due) + ", or take the key out for its default");
      return nullptr;
    case YamlNode::Kind::kScalar:
      Refuse(node.position, mapping::Quote(node.text) + " is a text; use " + std::string(due));
      return nullptr;
    case YamlNode::Kind::kList:
      Refuse(node.position, "is a list; use " + std::string(due));
      return nullptr;
    case YamlNode::Kind::kMap:
      Refuse(node.position, "is a map; use " + std::string(due));
      return nullptr;
  }
  return nullptr;
}

const YamlNode* Reader::Scalar(const YamlNode& node, std::string_view due) {
  return Require(node, YamlNode::Kind::kScalar, due);
}

const YamlNode* Reader::List(const YamlNode& node, std::string_view due) {
  return Require(node, YamlNode::Kind::kList, due);
}

const YamlNode* Reader::Map(const YamlNode& node, std::string_view due) {
  return Require(node, YamlNode::Kind::kMap, due);
}

void Reader::RefuseUnknownKey(const YamlNode::Entry& entry,
                              const std::vector<std::string_view>& known) {
  const Step step(*this, entry.key, entry.position);
  std::string suggestion = mapping::DidYouMean(entry.key, known);
  if (suggestion.empty()) suggestion = "; there is " + mapping::OneOf(known);
  Refuse(entry.position, "unknown key" + suggestion);
}

}  // namespace rolebridge::config
