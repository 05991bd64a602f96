#include "pam/service_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "pam/trusted_file.h"

namespace rolebridge::pam {
namespace {

constexpr size_t kMaxDepth = 16;
constexpr size_t kMaxFiles = 64;
constexpr size_t kMaxLines = 1000;
constexpr std::string_view kBlanks = " \t\r";
constexpr std::array<std::string_view, 4> kTypes = {"auth", "account", "password", "session"};

// The words of a line; what stands in brackets is one of them.
std::vector<std::string> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const size_t start = line.find_first_not_of(kBlanks);
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    size_t end = std::min(line.find_first_of(kBlanks), line.size());
    if (line.front() == '[') {
      const size_t bracket = line.find(']');
      end = bracket == std::string_view::npos ? line.size() : bracket + 1;
    }
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

struct NumberedLine {
  size_t number = 0;
  std::string text;
};

// Lines without comments, each joined with the next where it ends in a backslash.
std::vector<NumberedLine> SplitLines(std::string_view text) {
  std::vector<NumberedLine> lines;
  size_t number = 0;
  bool continues = false;
  while (!text.empty()) {
    ++number;
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    const bool goes_on = line.ends_with('\\');
    if (goes_on) line.remove_suffix(1);
    if (!continues) lines.push_back({.number = number});
    lines.back().text += ' ';
    lines.back().text += line;
    continues = goes_on;
  }
  return lines;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

class StackReader {
 public:
  explicit StackReader(const std::string& folder) : folder_(folder) {}

  // Adds the lines of `name`; with `only_type` those of that type.
  Result<void> Read(const std::string& name, const std::optional<std::string>& only_type,
                    size_t depth) {
    const std::string path = folder_ + "/" + name;
    if (depth > kMaxDepth) return Mistake(path, 1, "includes are nested more than 16 deep");
    if (++files_ > kMaxFiles) return Mistake(path, 1, "more than 64 files are included");
    const Result<std::string> text = ReadTrustedFile(path);
    if (!text) return text.error();
    for (const NumberedLine& line : SplitLines(*text)) {
      const std::vector<std::string> words = SplitWords(line.text);
      if (words.empty()) continue;
      const Result<void> read = Line({words, path, line.number, only_type, depth});
      if (!read) return read.error();
    }
    return {};
  }

  std::vector<StackLine> Take() && { return std::move(lines_); }

 private:
  struct Place {
    const std::vector<std::string>& words;
    const std::string& path;
    size_t number;
    const std::optional<std::string>& only_type;
    size_t depth;
  };

  static Error Mistake(const std::string& path, size_t number, const std::string& what) {
    return {ErrorCode::kInvalidArgument, path + ":" + std::to_string(number) + ": " + what};
  }

  Result<void> Line(const Place& at) {
    if (Lower(at.words[0]) == "@include") return Include(at, 1, at.only_type);
    std::string type = Lower(at.words[0]);
    if (type.starts_with('-')) type.erase(0, 1);
    if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
      return Mistake(at.path, at.number, "'" + at.words[0] + "' is no type of pam.conf(5)");
    }
    if (at.words.size() < 3) return Mistake(at.path, at.number, "control and module are missing");
    if (at.only_type && *at.only_type != type) return {};
    const std::string control = Lower(at.words[1]);
    if (control == "include" || control == "substack") return Include(at, 2, type);
    if (lines_.size() >= kMaxLines) return Mistake(at.path, at.number, "more than 1000 lines");
    lines_.push_back({.type = type,
                      .control = at.words[1],
                      .module = at.words[2],
                      .arguments = {at.words.begin() + 3, at.words.end()},
                      .file = at.path,
                      .line = at.number});
    return {};
  }

  Result<void> Include(const Place& at, size_t word, const std::optional<std::string>& only_type) {
    if (at.words.size() <= word) return Mistake(at.path, at.number, "include of what?");
    const std::string& name = at.words[word];
    if (name.find('/') != std::string::npos) {
      return Mistake(at.path, at.number, "'" + name + "': include a file of this folder");
    }
    return Read(name, only_type, at.depth + 1);
  }

  const std::string& folder_;
  size_t files_ = 0;
  std::vector<StackLine> lines_;
};

bool HasType(const std::vector<StackLine>& lines, std::string_view type) {
  return std::any_of(lines.begin(), lines.end(),
                     [type](const StackLine& line) { return line.type == type; });
}

}  // namespace

Result<std::vector<StackLine>> ReadServiceFile(const std::string& folder,
                                               const std::string& service) {
  StackReader reader(folder);
  const Result<void> read = reader.Read(service, std::nullopt, 0);
  if (!read) return read.error();
  std::vector<StackLine> lines = std::move(reader).Take();
  for (const std::string_view type : {"auth", "account"}) {
    if (HasType(lines, type)) continue;
    std::string message = folder;
    message.append("/").append(service).append(": has no ").append(type);
    message.append(" line; libpam would take those of 'other'");
    return Error{ErrorCode::kInvalidArgument, std::move(message)};
  }
  return lines;
}

}  // namespace rolebridge::pam
