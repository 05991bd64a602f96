#include "bridge/base/visible_text.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>

namespace rolebridge {
namespace {

// One character of UTF-8 (RFC 3629) at the start of `text`, and how many bytes it takes; nothing
// where there is none.
struct Character {
  uint32_t code;
  size_t length;
};

std::optional<Character> FirstCharacter(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return Character{first, 1};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return std::nullopt;
  uint32_t code = first & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    code = code << 6 | (byte(i) & 0x3fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return std::nullopt;
  return Character{code, length};
}

// Characters that nobody sees, or that change what people read around them (B10). The joiners
// U+200C and U+200D stay: names are written with them.
bool IsHidden(uint32_t code, LineBreaks line_breaks) {
  if (code == '\t' || code == '\n' || code == '\r') return line_breaks == LineBreaks::kShow;
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0xad || code == 0x61c ||
         code == 0x180e || code == 0x200b || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
         code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
         (code >= 0xe0000 && code <= 0xe007f);
}

}  // namespace

std::string VisibleText(std::string_view text, LineBreaks line_breaks) {
  std::string visible;
  visible.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const std::optional<Character> character = FirstCharacter(text);
    const size_t length = character ? character->length : 1;
    if (!character) {
      visible += "\xef\xbf\xbd";
    } else if (IsHidden(character->code, line_breaks)) {
      std::array<char, 16> number{};
      std::snprintf(number.data(), number.size(), "[U+%04X]", character->code);
      visible += number.data();
    } else {
      visible += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return visible;
}

}  // namespace rolebridge
