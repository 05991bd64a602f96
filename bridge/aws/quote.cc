#include "bridge/aws/quote.h"

#include <span>

#include "bridge/base/random.h"

namespace rolebridge::aws {

std::string Quoted(std::string_view text) {
  constexpr size_t kMost = 200;
  std::string quoted;
  for (const char c : text) {
    if (quoted.size() >= kMost) return quoted + "...";
    if (c >= ' ' && c < 0x7F) {
      quoted += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      quoted += "\\x" + ToHex(std::span(&byte, 1));
    }
  }
  return quoted;
}

}  // namespace rolebridge::aws
