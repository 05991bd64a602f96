#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/config/schema.h"
#include "bridge/config/yaml_tree.h"
#include "bridge/mapping/mapping.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::config {

// How a section of the configuration is described: one table, a row for each key, from which the
// section is read, its unknown keys are refused and its keys are explained. A row has the key's
// name, the member it fills, its type (value_types.h), and what it is for.

// Where we are in the tree, and what was wrong so far.
class Reader {
 public:
  Reader(std::string directory, std::vector<mapping::Mistake>& mistakes)
      : directory_(std::move(directory)), mistakes_(mistakes) {}

  // Relative paths begin here.
  const std::string& directory() const { return directory_; }

  // "applications.aws.acs_urls[1]: <message>"
  void Refuse(const Position& position, const std::string& message);
  // The key's position, for what is about a section as a whole.
  const Position& place() const { return places_.back().second; }
  // `key: value`, as it would be right in the file; in a list the value alone.
  std::string Corrected(const std::string& value) const;

  // Steps down into a key or list item for as long as it lives.
  class Step {
   public:
    Step(Reader& reader, std::string key, Position position) : reader_(reader) {
      reader.places_.emplace_back(std::move(key), std::move(position));
    }
    ~Step() { reader_.places_.pop_back(); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Reader& reader_;
  };

  // The node where it is of that kind; else the mistake is reported, with `due` for what should
  // stand there.
  const YamlNode* Scalar(const YamlNode& node, std::string_view due);
  const YamlNode* List(const YamlNode& node, std::string_view due);
  const YamlNode* Map(const YamlNode& node, std::string_view due);

  void RefuseUnknownKey(const YamlNode::Entry& entry, const std::vector<std::string_view>& known);

 private:
  const YamlNode* Require(const YamlNode& node, YamlNode::Kind kind, std::string_view due);

  const std::string directory_;
  std::vector<mapping::Mistake>& mistakes_;
  std::vector<std::pair<std::string, Position>> places_;
};

enum class Need { kOptional, kRequired };

template <typename Section>
struct Key {
  std::string_view name;
  Need need;
  std::string_view purpose;         // one sentence, for messages, documentation and schema
  std::function<Shape()> describe;  // what the value looks like; made where somebody asks
  std::function<void(Reader&, const YamlNode&, Section&)> read;
};

template <typename Section>
using KeyTable = std::vector<Key<Section>>;

// One row: `member` of the section is read as `type`, and left as it is where that fails; where the
// section has a set `unreadable`, the key is in it then.
template <typename Section, typename Type, typename Member>
Key<Section> Row(std::string_view name, Member Section::*member, Type type, Need need,
                 std::string_view purpose) {
  return {
      name, need, purpose, [type] { return type.Describe(); },
      [name, member, type = std::move(type)](Reader& reader, const YamlNode& node,
                                             Section& section) {
        auto value = type.Read(reader, node);
        if (value) {
          section.*member = *std::move(value);
        } else if constexpr (requires { section.unreadable; }) {
          section.unreadable.emplace(name);
        } else {
          static_cast<void>(name);  // to clang, a capture that one of two branches uses is unused
        }
      }};
}

// A map whose keys are those of a table.
template <typename Section>
class SectionType {
 public:
  using Value = Section;
  explicit SectionType(KeyTable<Section> table) : table_(std::move(table)) {}

  // Where single keys are wrong, the section comes back with their defaults: the reports say it.
  std::optional<Section> Read(Reader& reader, const YamlNode& node) const {
    const YamlNode* map = reader.Map(node, Words());
    if (map == nullptr) return std::nullopt;
    Section section;
    if constexpr (requires { section.position = reader.place(); }) {
      section.position = reader.place();
    }
    for (const YamlNode::Entry& entry : map->entries) ReadEntry(reader, entry, section);
    for (const Key<Section>& key : table_) {
      if (key.need == Need::kRequired && !IsMeant(*map, key.name)) {
        reader.Refuse(reader.place(), "'" + std::string(key.name) + "' is missing; it is " +
                                          std::string(key.purpose));
      }
    }
    return section;
  }

  std::string Words() const {
    std::vector<std::string_view> names = Names();
    std::string words = "a map of ";
    for (size_t i = 0; i < names.size(); ++i) words += (i > 0 ? ", " : "") + std::string(names[i]);
    return words;
  }

  Shape Describe() const {
    Shape shape{.kind = Shape::Kind::kSection};
    for (const Key<Section>& key : table_) {
      shape.properties.push_back(
          {key.name, key.purpose, key.need == Need::kRequired, key.describe()});
    }
    return shape;
  }

 private:
  std::vector<std::string_view> Names() const {
    std::vector<std::string_view> names;
    for (const Key<Section>& key : table_) names.push_back(key.name);
    return names;
  }

  // Whether `name` is there, if only misspelt: one mistake is to be reported once.
  bool IsMeant(const YamlNode& map, std::string_view name) const {
    const std::vector<std::string_view> names = Names();
    return std::any_of(map.entries.begin(), map.entries.end(), [&](const YamlNode::Entry& entry) {
      if (entry.key == name) return true;
      const bool known = std::find(names.begin(), names.end(), entry.key) != names.end();
      return !known && !mapping::DidYouMean(entry.key, {name}).empty();
    });
  }

  void ReadEntry(Reader& reader, const YamlNode::Entry& entry, Section& section) const {
    for (const Key<Section>& key : table_) {
      if (key.name != entry.key) continue;
      const Reader::Step step(reader, entry.key, entry.position);
      key.read(reader, entry.value, section);
      return;
    }
    reader.RefuseUnknownKey(entry, Names());
  }

  KeyTable<Section> table_;
};

}  // namespace rolebridge::config
