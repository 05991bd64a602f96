#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/config/key_table.h"

namespace rolebridge::config {

// The types that values of the configuration have. Each reads a node or reports what is wrong with
// it, and says in words what it takes: the words stand in messages and in the documentation.

// A value with its place, for what is only known to be wrong when all of the file was read.
template <typename T>
struct Located {
  T value;
  Position position;
};

// One line of text that `check` has no complaint about.
class TextType {
 public:
  using Value = std::string;
  // Returns "" or what is wrong: "has a path; use https://host".
  using Check = std::string (*)(std::string_view);

  TextType(Check check, std::string words) : check_(check), words_(std::move(words)) {}
  std::optional<std::string> Read(Reader& reader, const YamlNode& node) const;
  std::string Words() const { return words_; }
  Shape Describe() const { return {.words = words_}; }

 private:
  Check check_;
  std::string words_;
};

// A template or condition: what the mapping language makes of it is checked later.
class SourceType {
 public:
  using Value = mapping::SourceText;
  explicit SourceType(std::string words) : words_(std::move(words)) {}
  std::optional<mapping::SourceText> Read(Reader& reader, const YamlNode& node) const;
  std::string Words() const { return words_; }
  Shape Describe() const { return {.words = words_}; }

 private:
  std::string words_;
};

// A file; a relative one is taken from the configuration's folder.
class PathType {
 public:
  using Value = std::string;
  explicit PathType(std::string words = "the path of a file") : words_(std::move(words)) {}
  std::optional<std::string> Read(Reader& reader, const YamlNode& node) const;
  std::string Words() const { return words_; }
  Shape Describe() const { return {.words = Words()}; }

 private:
  std::string words_;
};

// Exactly `true` or `false`, without quotes: yes, on and 1 are none (security.md Y3).
class FlagType {
 public:
  using Value = bool;
  std::optional<bool> Read(Reader& reader, const YamlNode& node) const;
  std::string Words() const { return "true or false"; }
  Shape Describe() const { return {.kind = Shape::Kind::kFlag}; }
};

class NumberType {
 public:
  using Value = uint32_t;
  NumberType(uint32_t minimum, uint32_t maximum) : minimum_(minimum), maximum_(maximum) {}
  std::optional<uint32_t> Read(Reader& reader, const YamlNode& node) const;
  std::string Words() const;
  Shape Describe() const {
    return {.kind = Shape::Kind::kNumber, .minimum = minimum_, .maximum = maximum_};
  }

 private:
  uint32_t minimum_;
  uint32_t maximum_;
};

// A number with one unit: 300s, 15m, 8h, 7d.
class DurationType {
 public:
  using Value = std::chrono::seconds;
  DurationType(std::chrono::seconds minimum, std::chrono::seconds maximum)
      : minimum_(minimum), maximum_(maximum) {}
  std::optional<std::chrono::seconds> Read(Reader& reader, const YamlNode& node) const;
  std::string Words() const;
  Shape Describe() const { return {.words = Words(), .pattern = "^[1-9][0-9]*[smhd]$"}; }

 private:
  std::chrono::seconds minimum_;
  std::chrono::seconds maximum_;
};

// A moment in UTC: 2026-12-31T18:00:00Z.
class InstantType {
 public:
  using Value = SysSeconds;
  std::optional<SysSeconds> Read(Reader& reader, const YamlNode& node) const;
  std::string Words() const { return "a moment in UTC like 2026-12-31T18:00:00Z"; }
  Shape Describe() const { return {.words = Words()}; }
};

// 12 digits in quotes: to YAML, a bare one is a number, and one with a leading zero an octal one.
class AccountIdType {
 public:
  using Value = std::string;
  std::optional<std::string> Read(Reader& reader, const YamlNode& node) const;
  std::string Words() const { return "the 12 digits of an AWS account in quotes"; }
  Shape Describe() const { return {.words = Words(), .pattern = "^[0-9]{12}$"}; }
};

// One word out of a closed set.
template <typename Enum>
class ChoiceType {
 public:
  using Value = Enum;
  struct Word {
    std::string_view word;
    Enum value;
  };
  explicit ChoiceType(std::vector<Word> words) : words_(std::move(words)) {}

  std::optional<Enum> Read(Reader& reader, const YamlNode& node) const {
    const YamlNode* scalar = reader.Scalar(node, Words());
    if (scalar == nullptr) return std::nullopt;
    for (const Word& word : words_) {
      if (word.word == scalar->text) return word.value;
    }
    reader.Refuse(scalar->position, mapping::Quote(scalar->text) + " is not allowed; use " +
                                        Words() + mapping::DidYouMean(scalar->text, All()));
    return std::nullopt;
  }
  std::string Words() const { return mapping::OneOf(All()); }
  Shape Describe() const {
    Shape shape;
    for (const std::string_view word : All()) shape.choices.emplace_back(word);
    return shape;
  }

 private:
  std::vector<std::string_view> All() const {
    std::vector<std::string_view> words;
    for (const Word& word : words_) words.push_back(word.word);
    return words;
  }

  std::vector<Word> words_;
};

// The value of another type, with its place.
template <typename Type>
class LocatedType {
 public:
  using Value = Located<typename Type::Value>;
  explicit LocatedType(Type type) : type_(std::move(type)) {}
  std::optional<Value> Read(Reader& reader, const YamlNode& node) const {
    auto value = type_.Read(reader, node);
    if (!value) return std::nullopt;
    return Value{*std::move(value), node.position};
  }
  std::string Words() const { return type_.Words(); }
  Shape Describe() const { return type_.Describe(); }

 private:
  Type type_;
};

// A list of values of one type.
template <typename Type>
class ListType {
 public:
  using Value = std::vector<typename Type::Value>;
  ListType(Type type, size_t minimum, size_t maximum)
      : type_(std::move(type)), minimum_(minimum), maximum_(maximum) {}

  std::optional<Value> Read(Reader& reader, const YamlNode& node) const {
    const YamlNode* list = reader.List(node, Words());
    if (list == nullptr) return std::nullopt;
    if (list->items.size() < minimum_ || list->items.size() > maximum_) {
      reader.Refuse(list->position, "has " + std::to_string(list->items.size()) + " entries; use " +
                                        std::to_string(minimum_) + " to " +
                                        std::to_string(maximum_));
      return std::nullopt;
    }
    Value values;
    for (size_t i = 0; i < list->items.size(); ++i) {
      const YamlNode& item = list->items[i];
      const Reader::Step step(reader, "[" + std::to_string(i) + "]", item.position);
      auto value = type_.Read(reader, item);
      if (value) values.push_back(*std::move(value));
    }
    return values;
  }
  std::string Words() const { return "a list, each entry " + type_.Words(); }
  Shape Describe() const {
    return {.kind = Shape::Kind::kList,
            .words = type_.Describe().words,
            .minimum = static_cast<uint32_t>(minimum_),
            .maximum = static_cast<uint32_t>(maximum_),
            .element = {type_.Describe()}};
  }

 private:
  Type type_;
  size_t minimum_;
  size_t maximum_;
};

// An entry of a map whose keys the administrator chooses.
template <typename T>
struct Named {
  std::string name;
  Position position;  // of the name
  T value;
  bool readable = true;  // false: a mistake was reported, and only the name is known
};

// Such a map, in the order of the file. `check_name` as in TextType.
template <typename Type>
class NamedMapType {
 public:
  using Value = std::vector<Named<typename Type::Value>>;
  NamedMapType(TextType::Check check_name, std::string name_words, Type type)
      : check_name_(check_name), name_words_(std::move(name_words)), type_(std::move(type)) {}

  std::optional<Value> Read(Reader& reader, const YamlNode& node) const {
    const YamlNode* map = reader.Map(node, Words());
    if (map == nullptr) return std::nullopt;
    Value entries;
    for (const YamlNode::Entry& entry : map->entries) {
      const Reader::Step step(reader, entry.key, entry.position);
      const std::string complaint = check_name_(entry.key);
      if (!complaint.empty()) {
        reader.Refuse(entry.position, "the name " + complaint);
      }
      auto value = type_.Read(reader, entry.value);
      const bool readable = value.has_value() && complaint.empty();
      if (!value) value.emplace();
      entries.push_back({entry.key, entry.position, *std::move(value), readable});
    }
    return entries;
  }
  std::string Words() const { return "a map from names (" + name_words_ + ") to " + type_.Words(); }
  Shape Describe() const {
    return {.kind = Shape::Kind::kNamedMap,
            .words = "by name (" + name_words_ + ")",
            .element = {type_.Describe()}};
  }

 private:
  TextType::Check check_name_;
  std::string name_words_;
  Type type_;
};

// "15m", "8h": the largest unit that divides it.
std::string DurationWords(std::chrono::seconds duration);

}  // namespace rolebridge::config
