#include "bridge/mapping/suggestion.h"

#include <algorithm>

#include "bridge/base/ascii.h"
#include "bridge/base/visible_text.h"

namespace rolebridge::mapping {
namespace {

constexpr size_t kLongestWord = 64;  // the distance takes time with the square of it
constexpr size_t kLongestQuote = 120;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool IsPlain(char c) { return c >= 0x20 && c < 0x7F; }

// Control characters as \x0a, and what else nobody sees, or turns the text around, as [U+202E].
std::string Visible(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string escaped;
  for (const char c : text) {
    if (IsControl(c)) {
      const auto byte = static_cast<unsigned char>(c);
      escaped.append("\\x").append({kHex[byte >> 4], kHex[byte & 15]});
    } else {
      escaped += c;
    }
  }
  return VisibleText(escaped, LineBreaks::kShow);
}

// A near miss: few edits for the length, the same but for case, or the beginning of the word meant.
bool IsNear(std::string_view word, std::string_view candidate, size_t distance) {
  if (distance <= std::max<size_t>(1, std::min<size_t>(3, word.size() / 3))) return true;
  return word.size() >= 3 && candidate.starts_with(word);
}

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> row(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) row[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) row[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = row[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[i][j] = std::min({row[i - 1][j] + 1, row[i][j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[i][j] = std::min(row[i][j], row[i - 2][j - 2] + 1);
    }
  }
  return row[a.size()][b.size()];
}

std::string DidYouMean(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.empty() || word.size() > kLongestWord) return "";
  const std::string lower = LowerAscii(word);
  std::string_view best;
  size_t best_distance = 2 * kLongestWord;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    const std::string lower_candidate = LowerAscii(candidate);
    const size_t distance = EditDistance(lower, lower_candidate);
    if (distance >= best_distance || !IsNear(lower, lower_candidate, distance)) continue;
    best = candidate;
    best_distance = distance;
  }
  return best.empty() ? "" : "; did you mean '" + std::string(best) + "'?";
}

void AppendQuote(std::string& words, std::string_view text) {
  words += '\'';
  if (text.size() < kLongestQuote && std::all_of(text.begin(), text.end(), IsPlain)) {
    words.append(text).append("'");
    return;
  }
  // A few bytes more than are shown: no character that is shown is cut.
  const std::string visible = Visible(text.substr(0, kLongestQuote + 8));
  size_t end = std::min(kLongestQuote - 1, visible.size());
  while (end < visible.size() && (static_cast<unsigned char>(visible[end]) & 0xC0) == 0x80) ++end;
  words.append(visible, 0, end).append(end < visible.size() ? "...'" : "'");
}

std::string Quote(std::string_view text) {
  std::string words;
  words.reserve(std::min(text.size(), kLongestQuote) + 8);
  AppendQuote(words, text);
  return words;
}

std::string OneOf(const std::vector<std::string_view>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace rolebridge::mapping
