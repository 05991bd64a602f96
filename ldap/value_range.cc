#include "ldap/value_range.h"

#include <charconv>
#include <string>

namespace rolebridge::ldap {
namespace {

constexpr std::string_view kOption = "range=";

std::optional<size_t> ParseNumber(std::string_view text) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// FIRST-LAST or FIRST-*.
std::optional<ValueRange> ParseBounds(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = ParseNumber(text.substr(0, dash));
  if (!first) return std::nullopt;
  const std::string_view end = text.substr(dash + 1);
  if (end == "*") return ValueRange{*first, std::nullopt};
  const auto last = ParseNumber(end);
  if (!last || *last < *first) return std::nullopt;
  return ValueRange{*first, last};
}

}  // namespace

Result<std::optional<ValueRange>> ParseValueRange(std::string_view options) {
  std::optional<ValueRange> found;
  while (!options.empty()) {
    options.remove_prefix(1);  // ';'
    const std::string_view option = options.substr(0, options.find(';'));
    options.remove_prefix(option.size());
    if (!option.starts_with(kOption)) continue;
    const auto range = ParseBounds(option.substr(kOption.size()));
    if (!range || found) {
      return Error{ErrorCode::kInvalidArgument,
                   "the range '" + std::string(option.substr(0, 64)) + "' cannot be read"};
    }
    found = range;
  }
  return found;
}

}  // namespace rolebridge::ldap
