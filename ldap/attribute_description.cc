#include "ldap/attribute_description.h"

#include <algorithm>
#include <vector>

#include "bridge/base/ascii.h"
#include "ldap/filter.h"

namespace rolebridge::ldap {
namespace {

constexpr size_t kMostOptions = 8;

bool MakesADifference(std::string_view option) {
  return option != "binary" && !option.starts_with("range=");
}

// Those behind the name, which each begin with ';'.
std::vector<std::string_view> OptionsOf(std::string_view description) {
  std::vector<std::string_view> options;
  size_t at = description.find(';');
  while (at != std::string_view::npos) {
    const size_t next = description.find(';', at + 1);
    options.push_back(description.substr(at + 1, next - at - 1));
    at = next;
  }
  return options;
}

}  // namespace

std::string AttributeKey(std::string_view description) {
  std::string key = LowerAscii(description);
  const size_t name = key.find(';');
  if (name == std::string::npos) return key;
  const std::string whole = std::move(key);
  std::vector<std::string_view> options = OptionsOf(whole);
  std::sort(options.begin(), options.end());
  key = whole.substr(0, name);
  for (const std::string_view option : options) {
    if (MakesADifference(option)) key.append(";").append(option);
  }
  return key;
}

bool IsAttributeDescription(std::string_view text) {
  if (!IsAttributeName(text.substr(0, text.find(';')))) return false;
  const std::string lower = LowerAscii(text);
  const std::vector<std::string_view> options = OptionsOf(lower);
  // An option is a keychar sequence: that of a name, with any of them first.
  return options.size() <= kMostOptions &&
         std::all_of(options.begin(), options.end(), [](std::string_view option) {
           return IsAttributeName("a" + std::string(option)) && !option.empty() &&
                  MakesADifference(option);
         });
}

}  // namespace rolebridge::ldap
