#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ldap/filter.h"

namespace {

size_t CountOf(const std::string& text, char wanted) {
  size_t count = 0;
  for (const char c : text) count += c == wanted;
  return count;
}

}  // namespace

// The first half is a filter, the second a name: no name changes how a filter is built.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using rolebridge::ldap::FilterTemplate;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view name = bytes.substr(size / 2);
  const auto filter = FilterTemplate::Parse(bytes.substr(0, size / 2));
  if (!filter) return 0;
  const std::string plain = filter->Render("x");
  const std::string filled = filter->Render(name);
  for (const char c : {'(', ')', '*', '&', '|', '!', '='}) {
    if (CountOf(plain, c) != CountOf(filled, c)) std::abort();
  }
  return 0;
}
