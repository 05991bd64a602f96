#include "bridge/saml/xml_text.h"

#include <cstdint>

namespace rolebridge::saml {
namespace {

constexpr char32_t kMalformed = 0xFFFFFFFF;

// Takes one character off the front of `text`; kMalformed where none stands there.
char32_t TakeCharacter(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) {
    text.remove_prefix(1);
    return first;
  }
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return kMalformed;
  char32_t character = first & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return kMalformed;
    character = (character << 6) | (byte & 0x3FU);
  }
  const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (overlong || surrogate || character > 0x10FFFF) return kMalformed;
  text.remove_prefix(length);
  return character;
}

const char* Judge(std::string_view text, bool allow_white_space) {
  while (!text.empty()) {
    const char32_t character = TakeCharacter(text);
    if (character == kMalformed) return "it is not well-formed UTF-8";
    if (character == '\t' || character == '\n' || character == '\r') {
      if (!allow_white_space) return "it holds a line break or a tab";
    } else if (character < 0x20) {
      return "it holds a control character";
    } else if (character == 0xFFFE || character == 0xFFFF) {
      return "it holds a character that XML does not have";
    }
  }
  return nullptr;
}

}  // namespace

size_t CountUtf8(std::string_view text) {
  size_t count = 0;
  for (; !text.empty(); ++count) {
    if (TakeCharacter(text) == kMalformed) return std::string_view::npos;
  }
  return count;
}

const char* WhyNotXmlText(std::string_view text) { return Judge(text, false); }

const char* WhyNotXmlDocument(std::string_view text) { return Judge(text, true); }

}  // namespace rolebridge::saml
