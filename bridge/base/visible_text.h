#pragma once

#include <string>
#include <string_view>

namespace rolebridge {

enum class LineBreaks { kKeep, kShow };

// `text` for people's eyes, on a page or in a terminal: control characters and those that change
// the direction of text come out as "[U+202E]", and bytes that are no UTF-8 as U+FFFD. Line breaks
// and tabs stay, or are shown as well.
std::string VisibleText(std::string_view text, LineBreaks line_breaks);

}  // namespace rolebridge
