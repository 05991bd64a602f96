#include "bridge/mapping/filters.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>

namespace rolebridge::mapping {
namespace {

// What is made of two texts is the directory's as soon as one of them is.
Source Mixed(const Source& a, const Source& b) { return a.from_directory() ? a : b; }

template <char (*kChange)(char)>
Text EachByte(Evaluation& evaluation, Text input, std::span<const Text>) {
  if (!evaluation.Step(input.text.size())) return {};
  std::string changed(input.text);
  for (char& c : changed) c = kChange(c);
  return {evaluation.Keep(std::move(changed)), input.source};
}

// ASCII alone: what lower-case means beyond it depends on the language.
char LowerByte(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char UpperByte(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

Text Trim(Evaluation&, Text input, std::span<const Text>) {
  static constexpr std::string_view kSpace = " \t\r\n\v\f";
  const size_t begin = input.text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {{}, input.source};
  const size_t end = input.text.find_last_not_of(kSpace);
  return {input.text.substr(begin, end - begin + 1), input.source};
}

Text Replace(Evaluation& evaluation, Text input, std::span<const Text> arguments) {
  const std::string_view from = arguments[0].text, to = arguments[1].text;
  const Source source = Mixed(input.source, Mixed(arguments[0].source, arguments[1].source));
  std::string replaced;
  size_t begin = 0;
  for (size_t hit; (hit = input.text.find(from, begin)) != std::string_view::npos;) {
    replaced += input.text.substr(begin, hit - begin);
    replaced += to;
    begin = hit + from.size();
    // One short text and a long replacement could fill the memory before Keep() counts it.
    if (!evaluation.Step(to.size()) || replaced.size() > kEvaluationOutput) break;
  }
  replaced += input.text.substr(begin);
  return {evaluation.Keep(std::move(replaced)), source};
}

// Injective (security.md M5): no two inputs meet in one output. '=' is in AWS's alphabet and is
// written as =3D, so that an escape is never mistaken for text.
Text SessionName(Evaluation& evaluation, Text input, std::span<const Text>) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  static constexpr std::string_view kPlain = "_+,.@-";
  if (!evaluation.Step(input.text.size())) return {};
  std::string name;
  for (const char c : input.text) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (alphanumeric || kPlain.find(c) != std::string_view::npos) {
      name += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    name += '=';
    name += kHex[byte >> 4];
    name += kHex[byte & 15];
  }
  return {evaluation.Keep(std::move(name)), input.source};
}

List Split(Evaluation& evaluation, Text input, std::span<const Text> arguments) {
  const std::string_view separator = arguments[0].text;
  const Source source = Mixed(input.source, arguments[0].source);
  std::vector<Text> parts;
  size_t begin = 0;
  while (evaluation.Step()) {
    const size_t hit = input.text.find(separator, begin);
    if (hit == std::string_view::npos) break;
    parts.push_back({input.text.substr(begin, hit - begin), source});
    begin = hit + separator.size();
  }
  parts.push_back({input.text.substr(begin), source});
  return evaluation.Keep(std::move(parts));
}

Computed Join(Evaluation& evaluation, const List& input, std::span<const Text> arguments) {
  Source source;
  std::string joined;
  for (size_t i = 0; i < input.size(); ++i) {
    if (!evaluation.Step(input[i].text.size()) || joined.size() > kEvaluationOutput) break;
    if (i > 0) {
      joined += arguments[0].text;
      source = Mixed(source, arguments[0].source);
    }
    joined += input[i].text;
    source = Mixed(source, input[i].source);
  }
  return Text{evaluation.Keep(std::move(joined)), source};
}

Computed First(Evaluation&, const List& input, std::span<const Text>) {
  if (input.empty()) return Undefined{"'first' of an empty list"};
  return input.front();
}

Computed Last(Evaluation&, const List& input, std::span<const Text>) {
  if (input.empty()) return Undefined{"'last' of an empty list"};
  return input.back();
}

size_t Bytes(const List& list) {
  size_t bytes = 0;
  for (const Text& text : list) bytes += text.text.size();
  return bytes;
}

List Sort(Evaluation& evaluation, const List& input, std::span<const Text>) {
  if (!evaluation.Step(256 * input.size() + Bytes(input))) return {};
  std::vector<Text> sorted(input.begin(), input.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Text& a, const Text& b) { return a.text < b.text; });
  return evaluation.Keep(std::move(sorted));
}

List Unique(Evaluation& evaluation, const List& input, std::span<const Text>) {
  if (!evaluation.Step(256 * input.size() + Bytes(input))) return {};
  std::unordered_set<std::string_view> seen;
  std::vector<Text> unique;
  for (const Text& text : input) {
    if (seen.insert(text.text).second) unique.push_back(text);
  }
  return evaluation.Keep(std::move(unique));
}

constexpr std::array kFilters = {
    Filter{"default", 1, DefaultFilter{}},
    Filter{"first", 0, ListToText{First}},
    Filter{"join", 1, ListToText{Join}},
    Filter{"last", 0, ListToText{Last}},
    Filter{"lower", 0, TextToText{EachByte<LowerByte>}},
    Filter{"regex_replace", 2, PatternFilter{.replaces = true}},
    Filter{"regex_search", 1, PatternFilter{.replaces = false}},
    Filter{"replace", 2, TextToText{Replace}, true},
    Filter{"session_name", 0, TextToText{SessionName}},
    Filter{"sort", 0, ListToList{Sort}},
    Filter{"split", 1, TextToList{Split}, true},
    Filter{"trim", 0, TextToText{Trim}},
    Filter{"unique", 0, ListToList{Unique}},
    Filter{"upper", 0, TextToText{EachByte<UpperByte>}},
};

}  // namespace

const Filter* FindFilter(std::string_view name) {
  for (const Filter& filter : kFilters) {
    if (filter.name == name) return &filter;
  }
  return nullptr;
}

std::vector<std::string_view> FilterNames() {
  std::vector<std::string_view> names;
  for (const Filter& filter : kFilters) names.push_back(filter.name);
  return names;
}

}  // namespace rolebridge::mapping
