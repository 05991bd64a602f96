#include "bridge/config/yaml_text.h"

#include <algorithm>

namespace rolebridge::config {
namespace {

using mapping::Mistake;

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// The code point of the well-formed UTF-8 sequence at the start of `text` and its length, or a
// length of zero: no overlong form, no surrogate, nothing above U+10FFFF.
struct Decoded {
  char32_t code = 0;
  size_t length = 0;
};

Decoded DecodeFirst(std::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < length) return {};
  char32_t code = byte(0) & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3Fu);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest[length] || surrogate || code > 0x10FFFF) return {};
  return {code, length};
}

bool IsDirectional(char32_t code) {
  return code == 0x200E || code == 0x200F || code == 0x061C || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

std::string_view Complaint(char32_t code) {
  if (code == '\r') return "the line ends in a carriage return; save the file with Unix line ends";
  if (code == 0xFEFF) return "has a byte order mark; save the file without one";
  if (IsDirectional(code)) return "has a character that turns the direction of text; take it out";
  const bool control = (code < 0x20 && code != '\n' && code != '\t') ||
                       (code >= 0x7F && code <= 0x9F) || code == 0x2028 || code == 0x2029;
  return control ? "has a control character; take it out" : "";
}

// The offset behind what opens at `i` and takes commas, brackets and '#' as they are: {{ }}, and a
// quoted text (not the apostrophe of a word); `i` where nothing does. npos: it does not close.
size_t SkipWhole(std::string_view text, size_t i) {
  if (text.substr(i).starts_with("{{")) {
    const size_t close = text.find("}}", i);
    return close == std::string_view::npos ? close : close + 2;
  }
  if (text[i] != '\'' && text[i] != '"') return i;
  const bool opens = i == 0 || std::string_view(" \t([=,").find(text[i - 1]) != std::string::npos;
  return opens ? EndOfQuoted(text, i) : i;
}

// The two ARNs of a role are one value, though a comma joins them.
size_t EndOfFlowValue(std::string_view text) {
  int open = 0;
  for (size_t i = 0; i < text.size();) {
    const size_t behind = SkipWhole(text, i);
    if (behind == std::string_view::npos) return i;
    if (behind > i) {
      i = behind;
      continue;
    }
    const char c = text[i];
    const std::string_view rest = text.substr(i + 1);
    const bool joins = c == ',' && (rest.starts_with("{{") || rest.starts_with("arn:"));
    if (open == 0 && !joins && (c == ',' || c == '}' || c == ']')) return i;
    if (c == '(' || c == '[') ++open;
    if (open > 0 && (c == ')' || c == ']')) --open;
    ++i;
  }
  return text.size();
}

std::string Corrected(std::string_view key, std::string_view value) {
  return std::string(key) + (key.empty() ? "" : ": ") + InQuotes(value);
}

// Whether a text in double quotes has a backslash that means nothing to YAML: "\d".
bool HasUnknownEscape(std::string_view quoted) {
  constexpr std::string_view kEscapes = "0abtnvfre \"'/\\N_LPxuU";
  for (size_t i = quoted.find('\\'); i < quoted.size(); i = quoted.find('\\', i + 2)) {
    if (i + 1 < quoted.size() && kEscapes.find(quoted[i + 1]) == std::string_view::npos)
      return true;
  }
  return false;
}

// A value in quotes with something behind them: 'staff' in groups.name
std::optional<std::string> ExplainQuoted(std::string_view key, std::string_view value) {
  const size_t end = EndOfQuoted(value, 0);
  if (end == std::string_view::npos) return "the quote is not closed; end the value with it";
  if (value.front() == '"' && HasUnknownEscape(value.substr(0, end))) {
    return "a backslash means something else in double quotes; use single quotes: " +
           InSingleQuotes(key, value.substr(1, end - 2));
  }
  const std::string_view rest = Trimmed(value.substr(end));
  if (rest.empty() || rest.front() == '#') return std::nullopt;
  return "the quotes end before the value does; put all of it in quotes: " +
         Corrected(key, WithoutComment(value));
}

std::optional<std::string> ExplainValue(std::string_view key, std::string_view value,
                                        bool in_flow) {
  if (value.empty()) return std::nullopt;
  if (value.front() == '\'' || value.front() == '"') return ExplainQuoted(key, value);
  const bool has_hole = value.find("{{") != std::string_view::npos;
  if (value.starts_with("{{") || (in_flow && has_hole)) {
    return "'{{' begins a nested map in YAML; put the value in quotes: " +
           Corrected(key, WithoutComment(value));
  }
  if (std::string_view("@`%*&!,]}").find(value.front()) != std::string_view::npos) {
    return "a value cannot begin with '" + std::string(1, value.front()) +
           "' in YAML; put it in quotes: " + Corrected(key, WithoutComment(value));
  }
  if (!key.empty() && WithoutComment(value).find(": ") != std::string_view::npos) {
    return "': ' within a value begins a map in YAML; put the value in quotes: " +
           Corrected(key, WithoutComment(value));
  }
  return std::nullopt;
}

// Where the value begins behind `key: `; 0: it has no key.
size_t StartOfValue(std::string_view entry) {
  const bool quoted = entry.starts_with('\'') || entry.starts_with('"');
  size_t end = quoted ? EndOfQuoted(entry, 0) : 0;
  if (end == std::string_view::npos) return 0;
  if (quoted && !entry.substr(end).starts_with(": ")) return 0;
  const size_t colon = entry.find(": ", end);
  if (colon == std::string_view::npos) return 0;
  const size_t value = entry.find_first_not_of(' ', colon + 1);
  return value == std::string_view::npos ? 0 : value;
}

bool BeginsFlow(std::string_view value) {
  return value.starts_with('[') || (value.starts_with('{') && !value.starts_with("{{"));
}

// The entries of { } and [ ], one after another, at whatever depth.
std::optional<std::string> ExplainFlow(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const bool bracket = std::string_view(" \t{}[],").find(rest.front()) != std::string_view::npos;
    if (bracket && !rest.starts_with("{{")) {
      ++at;
      continue;
    }
    const std::string_view entry = rest.substr(0, EndOfFlowValue(rest));
    const size_t start = StartOfValue(entry);
    const std::string_view value = Trimmed(entry.substr(start));
    const bool nests = BeginsFlow(value);
    const std::string_view key = Trimmed(entry.substr(0, start == 0 ? 0 : entry.find(": ")));
    const std::optional<std::string> explained =
        nests ? std::nullopt : ExplainValue(key, value, true);
    if (explained) return explained;
    at += nests && start > 0 ? start : std::max<size_t>(entry.size(), 1);
  }
  return std::nullopt;
}

// `line` with the indentation that the lines before it let expect.
std::string Reindented(std::string_view text, std::string_view line) {
  size_t spaces = 0;
  for (auto end = static_cast<size_t>(line.data() - text.data()); end > 0;) {
    const std::string_view before = LineAt(text, end - 1);
    const size_t first = before.find_first_not_of(' ');
    if (first != std::string_view::npos && before[first] != '#') {
      spaces = first + (Trimmed(WithoutComment(before)).ends_with(':') ? 2 : 0);
      break;
    }
    end = static_cast<size_t>(before.data() - text.data());
  }
  return std::string(spaces, ' ') + std::string(Trimmed(line));
}

}  // namespace

std::optional<Mistake> FindBadCharacter(std::string_view text, const std::string& file) {
  for (size_t offset = 0; offset < text.size();) {
    const Decoded decoded = DecodeFirst(text.substr(offset));
    std::string_view complaint = Complaint(decoded.code);
    if (decoded.length == 0) complaint = "is no UTF-8; save the file as UTF-8";
    if (!complaint.empty()) {
      return Mistake{PositionAt(text, offset, file), std::string(complaint)};
    }
    offset += decoded.length;
  }
  return std::nullopt;
}

std::string_view LineAt(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  const size_t before = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  const size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const size_t end = std::min(text.find('\n', begin), text.size());
  return text.substr(begin, end - begin);
}

Position PositionAt(std::string_view text, size_t offset, const std::string& file) {
  const std::string_view before = text.substr(0, offset);
  const std::string_view line = LineAt(text, offset);
  const size_t in_line = before.size() - static_cast<size_t>(line.data() - text.data());
  const std::string_view left = line.substr(0, in_line);
  const auto characters = std::count_if(left.begin(), left.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
  const auto lines = std::count(before.begin(), before.end(), '\n');
  return {file, static_cast<int>(lines) + 1, static_cast<int>(characters) + 1};
}

std::string_view MeantValue(std::string_view text, size_t offset, bool in_flow) {
  const std::string_view line = LineAt(text, offset);
  const size_t in_line = offset - static_cast<size_t>(line.data() - text.data());
  const std::string_view rest = line.substr(in_line);
  return in_flow ? Trimmed(rest.substr(0, EndOfFlowValue(rest))) : WithoutComment(rest);
}

std::string_view WithoutComment(std::string_view value) {
  for (size_t i = 0; i < value.size();) {
    const size_t behind = SkipWhole(value, i);
    if (behind != std::string_view::npos && behind > i) {
      i = behind;
      continue;
    }
    const bool begins = value[i] == '#' && i > 0 && (value[i - 1] == ' ' || value[i - 1] == '\t');
    if (begins) return Trimmed(value.substr(0, i));
    ++i;
  }
  return Trimmed(value);
}

bool HasOpenQuote(std::string_view value) {
  for (size_t i = 0; i < value.size();) {
    const size_t behind = SkipWhole(value, i);
    if (behind == std::string_view::npos) return value[i] != '{';
    i = behind > i ? behind : i + 1;
  }
  return false;
}

std::string InQuotes(std::string_view value) {
  if (value.find_first_of("\"\\") == std::string_view::npos) {
    return '"' + std::string(value) + '"';
  }
  std::string quoted = "'";
  for (const char c : value) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

std::string InSingleQuotes(std::string_view key, std::string_view between_quotes) {
  std::string text(key);
  text += key.empty() ? "'" : ": '";
  for (size_t i = 0; i < between_quotes.size(); ++i) {
    const std::string_view rest = between_quotes.substr(i);
    if (rest.starts_with("\\\"") || rest.starts_with("\\\\")) ++i;
    text += between_quotes[i] == '\'' ? "''" : std::string(1, between_quotes[i]);
  }
  return text + "'";
}

size_t EndOfQuoted(std::string_view text, size_t offset) {
  const char quote = text[offset];
  for (size_t i = offset + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
      if (!doubled) return i + 1;
      ++i;
    }
  }
  return std::string_view::npos;
}

size_t FindTabInIndentation(std::string_view line) {
  const size_t tab = line.find_first_not_of(' ');
  return tab != std::string_view::npos && line[tab] == '\t' ? tab : std::string_view::npos;
}

std::optional<std::string> ExplainLine(std::string_view text, size_t offset) {
  const std::string_view line = LineAt(text, offset);
  const size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  if (FindTabInIndentation(line) != std::string_view::npos) {
    return "the line is indented by a tab; YAML takes spaces alone: '" + Reindented(text, line) +
           "'";
  }
  std::string_view entry = line.substr(first);
  while (entry.starts_with("- ")) entry = Trimmed(entry.substr(2));
  if (BeginsFlow(entry)) return ExplainFlow(entry);
  const size_t start = StartOfValue(entry);
  const std::string_view key = Trimmed(entry.substr(0, start == 0 ? 0 : entry.find(": ")));
  const std::string_view value = Trimmed(entry.substr(start));
  return BeginsFlow(value) ? ExplainFlow(value) : ExplainValue(key, value, false);
}

}  // namespace rolebridge::config
