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

// The text of a value without the comment behind it.
std::string_view WithoutComment(std::string_view value) {
  const size_t comment = value.find(" #");
  return Trimmed(value.substr(0, comment));
}

std::string Corrected(std::string_view key, std::string_view value) {
  return std::string(key) + (key.empty() ? "" : ": ") + InQuotes(value);
}

// A value in quotes with something behind them: 'staff' in groups.name
std::optional<std::string> ExplainQuoted(std::string_view key, std::string_view value) {
  const size_t end = EndOfQuoted(value, 0);
  if (end == std::string_view::npos) return "the quote is not closed; end the value with it";
  const std::string_view rest = Trimmed(value.substr(end));
  if (value.front() == '"' && value.find('\\') < end) {
    return "a backslash means something else in double quotes; use single quotes: " +
           std::string(key) + ": '" + std::string(value.substr(1, end - 2)) + "'";
  }
  const bool ends = rest.empty() || rest.front() == '#' || rest.front() == ',' ||
                    rest.front() == '}' || rest.front() == ']';
  if (ends) return std::nullopt;
  return "the quotes end before the value does; put all of it in quotes: " +
         Corrected(key, WithoutComment(value));
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
  if (!in_flow) return WithoutComment(rest);
  size_t end = 0;
  while (end < rest.size()) {
    if (rest.substr(end).starts_with("{{")) {
      const size_t close = rest.find("}}", end);
      if (close == std::string_view::npos) break;
      end = close + 2;
      continue;
    }
    if (rest[end] == ',' || rest[end] == '}' || rest[end] == ']') break;
    ++end;
  }
  return Trimmed(rest.substr(0, end));
}

std::string InQuotes(std::string_view value) {
  if (value.find_first_of("\"\\") == std::string_view::npos) {
    return '"' + std::string(value) + '"';
  }
  std::string quoted = "'";
  for (const char c : value) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
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

std::optional<std::string> ExplainLine(std::string_view line) {
  const size_t text = line.find_first_not_of(" \t");
  if (text == std::string_view::npos) return std::nullopt;
  if (line.substr(0, text).find('\t') != std::string_view::npos) {
    return "the line is indented by a tab; YAML takes spaces alone";
  }
  const size_t colon = line.find(": ");
  const bool has_key = colon != std::string_view::npos;
  std::string_view key = Trimmed(line.substr(0, has_key ? colon : 0));
  if (key.starts_with("- ")) key = Trimmed(key.substr(2));
  std::string_view value = Trimmed(has_key ? line.substr(colon + 2) : line);
  if (!has_key && value.starts_with("- ")) value = Trimmed(value.substr(2));
  if (value.empty()) return std::nullopt;
  if (value.front() == '\'' || value.front() == '"') return ExplainQuoted(key, value);
  if (value.starts_with("{{")) {
    return "'{{' begins a nested map in YAML; put the value in quotes: " +
           Corrected(key, WithoutComment(value));
  }
  if (value.front() == '{' || value.front() == '[') return std::nullopt;
  if (std::string_view("@`%*&!,]}").find(value.front()) != std::string_view::npos) {
    return "a value cannot begin with '" + std::string(1, value.front()) +
           "' in YAML; put it in quotes: " + Corrected(key, WithoutComment(value));
  }
  if (has_key && WithoutComment(value).find(": ") != std::string_view::npos) {
    return "': ' within a value begins a map in YAML; put the value in quotes: " +
           Corrected(key, WithoutComment(value));
  }
  return std::nullopt;
}

}  // namespace rolebridge::config
