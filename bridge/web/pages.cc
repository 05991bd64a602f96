#include "bridge/web/pages.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>

#include "bridge/base/visible_text.h"

namespace rolebridge::web {
namespace {

struct PageFile {
  Page page;
  std::string_view name;
  bool verbatim = false;  // its values must arrive byte for byte
};

constexpr std::array kPageFiles = {
    PageFile{Page::kLogin, "login"},
    PageFile{Page::kPrompts, "prompts"},
    PageFile{Page::kWorking, "working"},
    PageFile{Page::kPortal, "portal"},
    PageFile{Page::kChoice, "choice"},
    PageFile{Page::kHandOver, "hand_over", true},
    PageFile{Page::kSignedOut, "signed_out"},
    PageFile{Page::kError, "error"},
    PageFile{Page::kWhy, "why"},
    PageFile{Page::kStepUp, "step_up"},
};

constexpr int kMaxIncludes = 4;

Error Wrong(const std::string& file, std::string_view text, size_t at, const std::string& what) {
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(at), '\n');
  return Error{ErrorCode::kInvalidArgument, file + ":" + std::to_string(line) + ": " + what};
}

// A tag is "{{name}}"; what could put a value into the page unescaped is refused (security.md B10).
Result<void> CheckTags(const std::string& file, const std::string& text) {
  for (size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{", at + 2)) {
    const size_t first = text.find_first_not_of(" \t\r\n", at + 2);
    const char kind = first == std::string::npos ? '\0' : text[first];
    if (kind == '{' || kind == '&') {
      return Wrong(file, text, at, "an unescaped value; write {{name}}");
    }
    if (kind == '=') return Wrong(file, text, at, "other delimiters are not allowed");
    const size_t before = text.find_last_not_of(" \t\r\n", at == 0 ? 0 : at - 1);
    if (at > 0 && before != std::string::npos && text[before] == '=') {
      return Wrong(file, text, at, "a value outside of quotes; write attribute=\"{{name}}\"");
    }
  }
  return {};
}

// Puts the paths of static files into `text`; they can't change while this process runs.
Result<void> ResolveStatic(const std::string& file, std::string& text,
                           const std::vector<StaticFile>& static_files) {
  constexpr std::string_view kStart = "{{static.";
  for (size_t at = text.find(kStart); at != std::string::npos; at = text.find(kStart, at)) {
    const size_t end = text.find("}}", at);
    if (end == std::string::npos) return Wrong(file, text, at, "a tag that does not end");
    std::string name = text.substr(at + kStart.size(), end - at - kStart.size());
    if (const size_t dot = name.rfind('_'); dot != std::string::npos) name[dot] = '.';
    const auto found = std::find_if(static_files.begin(), static_files.end(),
                                    [&](const StaticFile& one) { return one.name == name; });
    if (found == static_files.end()) {
      return Wrong(file, text, at, "there is no static file '" + name + "'");
    }
    text.replace(at, end + 2 - at, found->path);
  }
  return {};
}

Result<std::string> ReadTemplate(const std::string& folder, std::string_view name,
                                 const std::vector<StaticFile>& static_files, int depth) {
  const std::string file = folder + "/" + std::string(name) + ".mustache";
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return Error{ErrorCode::kNotFound, file + ": cannot be read"};
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (const Result<void> checked = CheckTags(file, text); !checked) return checked.error();
  const Result<void> resolved = ResolveStatic(file, text, static_files);
  if (!resolved) return resolved.error();

  // Includes are resolved now, so that rendering reads no file and parses nothing.
  for (size_t at = text.find("{{>"); at != std::string::npos; at = text.find("{{>", at)) {
    const size_t end = text.find("}}", at);
    if (end == std::string::npos || depth == kMaxIncludes) {
      return Wrong(file, text, at, "an include that does not end, or too many of them");
    }
    std::string included = text.substr(at + 3, end - at - 3);
    included.erase(std::remove(included.begin(), included.end(), ' '), included.end());
    if (included.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string::npos) {
      return Wrong(file, text, at, "an include is a name of a-z and _");
    }
    Result<std::string> inner = ReadTemplate(folder, included, static_files, depth + 1);
    if (!inner) return inner.error();
    text.replace(at, end + 2 - at, *inner);
    at += inner->size();
  }
  return text;
}

void AppendEscaped(std::string& html, char c) {
  switch (c) {
    case '&':
      html += "&amp;";
      break;
    case '<':
      html += "&lt;";
      break;
    case '>':
      html += "&gt;";
      break;
    case '"':
      html += "&quot;";
      break;
    case '\'':
      html += "&#39;";
      break;
    default:
      html += c;
  }
}

}  // namespace

Result<Pages> Pages::Load(const std::string& folder, const std::vector<StaticFile>& static_files) {
  Pages pages;
  for (const PageFile& file : kPageFiles) {
    const Result<std::string> text = ReadTemplate(folder, file.name, static_files, 0);
    if (!text) return text.error();
    auto parsed = std::make_unique<kainjow::mustache::mustache>(*text);
    if (!parsed->is_valid()) {
      return Error{ErrorCode::kInvalidArgument,
                   folder + "/" + std::string(file.name) + ".mustache: " + parsed->error_message()};
    }
    parsed->set_custom_escape([verbatim = file.verbatim](const std::string& value) {
      return verbatim ? EscapeHtml(value) : EscapeVisibly(value);
    });
    pages.templates_.emplace(file.page, std::move(parsed));
  }
  return pages;
}

std::string Pages::Render(Page page, const PageData& data) const {
  // Includes and lambdas, which would change the template while it renders, are not there any more.
  std::string html;
  html.reserve(8 * 1024);
  templates_.at(page)->render(data, [&html](const std::string& part) { html += part; });
  return html;
}

std::string EscapeHtml(std::string_view text) {
  // Of a signed response's 10 to 95 thousand characters none is special; this loop decides what the
  // hand-over page costs.
  const auto special = [](char c) {
    return c == '&' || c == '<' || c == '>' || c == '"' || c == '\'';
  };
  if (std::none_of(text.begin(), text.end(), special)) return std::string(text);
  std::string html;
  html.reserve(text.size() + text.size() / 8);
  for (const char c : text) AppendEscaped(html, c);
  return html;
}

std::string EscapeVisibly(std::string_view text) {
  return EscapeHtml(VisibleText(text, LineBreaks::kKeep));
}

}  // namespace rolebridge::web
