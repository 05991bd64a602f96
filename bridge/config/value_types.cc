#include "bridge/config/value_types.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "bridge/config/yaml_text.h"
#include "bridge/saml/instant.h"

namespace rolebridge::config {
namespace {

using mapping::Quote;

constexpr size_t kLongestText = 4096;

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The number that `text` says, without sign or leading zero.
std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  if (!IsDigits(text) || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Unit {
  char letter;
  int64_t seconds;
};
constexpr std::array kUnits = {Unit{'d', 86'400}, Unit{'h', 3'600}, Unit{'m', 60}, Unit{'s', 1}};

std::optional<std::chrono::seconds> ParseDuration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto number = ParseNumber(text.substr(0, text.size() - 1));
  if (!number || *number > 1'000'000'000) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (unit.letter != text.back()) continue;
    return std::chrono::seconds(static_cast<int64_t>(*number) * unit.seconds);
  }
  return std::nullopt;
}

// What YAML 1.1 takes for true and false; "" for anything else.
std::string_view MeantFlag(std::string_view text) {
  for (const std::string_view word : {"yes", "Yes", "YES", "on", "On", "ON", "True", "TRUE"}) {
    if (text == word) return "true";
  }
  for (const std::string_view word : {"no", "No", "NO", "off", "Off", "OFF", "False", "FALSE"}) {
    if (text == word) return "false";
  }
  return "";
}

// A block that keeps its last line end, or a text of several lines, where one line is due.
bool RefuseLineBreak(Reader& reader, const YamlNode& node) {
  if (node.text.find('\n') == std::string::npos) return false;
  reader.Refuse(node.position, "has a line break; write one line, or begin the block with '>-'");
  return true;
}

}  // namespace

std::string DurationWords(std::chrono::seconds duration) {
  for (const Unit& unit : kUnits) {
    if (duration.count() % unit.seconds != 0) continue;
    return std::to_string(duration.count() / unit.seconds) + unit.letter;
  }
  return std::to_string(duration.count()) + "s";
}

std::optional<std::string> TextType::Read(Reader& reader, const YamlNode& node) const {
  const YamlNode* scalar = reader.Scalar(node, words_);
  if (scalar == nullptr || RefuseLineBreak(reader, *scalar)) return std::nullopt;
  if (scalar->text.size() > kLongestText) {
    reader.Refuse(scalar->position,
                  "is longer than " + std::to_string(kLongestText) + " bytes; shorten it");
    return std::nullopt;
  }
  const std::string complaint = check_(scalar->text);
  if (complaint.empty()) return scalar->text;
  reader.Refuse(scalar->position, Quote(scalar->text) + " " + complaint);
  return std::nullopt;
}

std::optional<mapping::SourceText> SourceType::Read(Reader& reader, const YamlNode& node) const {
  const YamlNode* scalar = reader.Scalar(node, words_);
  if (scalar == nullptr) return std::nullopt;
  return mapping::SourceText{scalar->text, scalar->position, scalar->verbatim};
}

std::optional<std::string> PathType::Read(Reader& reader, const YamlNode& node) const {
  const YamlNode* scalar = reader.Scalar(node, Words());
  if (scalar == nullptr || RefuseLineBreak(reader, *scalar)) return std::nullopt;
  if (scalar->text.empty() || scalar->text.size() > kLongestText) {
    reader.Refuse(scalar->position, Quote(scalar->text) + " is no path; use " + Words());
    return std::nullopt;
  }
  if (scalar->text.starts_with("-----BEGIN")) {
    // Secrets live in files, and a message must not show one (security.md K7).
    reader.Refuse(scalar->position,
                  "is a key or certificate itself; write it to a file and name that");
    return std::nullopt;
  }
  return scalar->text.front() == '/' ? scalar->text : reader.directory() + "/" + scalar->text;
}

std::optional<bool> FlagType::Read(Reader& reader, const YamlNode& node) const {
  const YamlNode* scalar = reader.Scalar(node, Words());
  if (scalar == nullptr) return std::nullopt;
  const bool is_word = scalar->text == "true" || scalar->text == "false";
  if (is_word && scalar->style == YamlNode::Style::kPlain) return scalar->text == "true";
  if (is_word) {
    reader.Refuse(scalar->position, Quote(scalar->text) + " is in quotes; take them off: " +
                                        reader.Corrected(scalar->text));
    return std::nullopt;
  }
  const std::string_view meant = MeantFlag(scalar->text);
  reader.Refuse(scalar->position,
                Quote(scalar->text) + " is not true or false; " +
                    (meant.empty() ? "use one of those two words"
                                   : "write: " + reader.Corrected(std::string(meant))));
  return std::nullopt;
}

std::string NumberType::Words() const {
  return "a number from " + std::to_string(minimum_) + " to " + std::to_string(maximum_);
}

std::optional<uint32_t> NumberType::Read(Reader& reader, const YamlNode& node) const {
  const YamlNode* scalar = reader.Scalar(node, Words());
  if (scalar == nullptr) return std::nullopt;
  const auto number = ParseNumber(scalar->text);
  if (!number || scalar->style != YamlNode::Style::kPlain) {
    reader.Refuse(scalar->position, Quote(scalar->text) + " is no plain number; use " + Words());
    return std::nullopt;
  }
  if (*number < minimum_ || *number > maximum_) {
    reader.Refuse(scalar->position, Quote(scalar->text) + " is out of range; use " + Words());
    return std::nullopt;
  }
  return static_cast<uint32_t>(*number);
}

std::string DurationType::Words() const {
  return DurationWords(minimum_) + " to " + DurationWords(maximum_);
}

std::optional<std::chrono::seconds> DurationType::Read(Reader& reader, const YamlNode& node) const {
  const YamlNode* scalar = reader.Scalar(node, "a duration of " + Words());
  if (scalar == nullptr) return std::nullopt;
  const auto duration = ParseDuration(scalar->text);
  if (!duration && IsDigits(scalar->text)) {
    reader.Refuse(scalar->position, Quote(scalar->text) +
                                        " has no unit; write 's', 'm', 'h' or 'd' "
                                        "behind it: " +
                                        Words());
    return std::nullopt;
  }
  if (!duration) {
    reader.Refuse(scalar->position,
                  Quote(scalar->text) + " is no duration; use one number and one unit: " + Words());
    return std::nullopt;
  }
  if (*duration < minimum_ || *duration > maximum_) {
    reader.Refuse(scalar->position, Quote(scalar->text) + " is out of range; use " + Words());
    return std::nullopt;
  }
  return duration;
}

std::optional<std::string> AccountIdType::Read(Reader& reader, const YamlNode& node) const {
  const YamlNode* scalar = reader.Scalar(node, Words());
  if (scalar == nullptr) return std::nullopt;
  std::string digits = scalar->text;
  std::erase(digits, '-');  // as the AWS console shows it
  const bool would_do = digits.size() == 12 && IsDigits(digits);
  if (would_do && digits == scalar->text && scalar->style == YamlNode::Style::kQuoted)
    return digits;
  if (would_do) {
    reader.Refuse(scalar->position,
                  Quote(scalar->text) +
                      (digits == scalar->text ? " is a number to YAML; put it in quotes: "
                                              : " is no account id; write the digits alone: ") +
                      reader.Corrected(InQuotes(digits)));
  } else {
    reader.Refuse(scalar->position, Quote(scalar->text) + " is no account id; use " + Words());
  }
  return std::nullopt;
}

std::optional<SysSeconds> InstantType::Read(Reader& reader, const YamlNode& node) const {
  const YamlNode* scalar = reader.Scalar(node, Words());
  if (scalar == nullptr) return std::nullopt;
  const Result<SysSeconds> instant = saml::ParseInstant(scalar->text);
  if (instant) return *instant;
  reader.Refuse(scalar->position, Quote(scalar->text) + " is no moment; use " + Words());
  return std::nullopt;
}

}  // namespace rolebridge::config
