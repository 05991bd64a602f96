#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rolebridge::mapping {

// How many insertions, deletions, replacements and swaps of neighbours lead from `a` to `b`.
size_t EditDistance(std::string_view a, std::string_view b);

// "; did you mean 'lower'?" with the candidate nearest to `word`, or "" where none is near.
std::string DidYouMean(std::string_view word, const std::vector<std::string_view>& candidates);

// `text` in single quotes for a message: control characters escaped, cut after some 120 bytes.
std::string Quote(std::string_view text);
// The same behind `words`, which are being put together.
void AppendQuote(std::string& words, std::string_view text);

// "a, b or c".
std::string OneOf(const std::vector<std::string_view>& words);

}  // namespace rolebridge::mapping
