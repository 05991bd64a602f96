#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <kainjow/mustache.hpp>

#include "bridge/base/result.h"
#include "bridge/web/static_files.h"

namespace rolebridge::web {

// The pages, each a Mustache template of that name in one folder, so that a site can replace them.
enum class Page {
  kLogin,
  kPrompts,
  kWorking,
  kPortal,
  kChoice,
  kHandOver,
  kSignedOut,
  kError,
  kWhy,
  kStepUp
};

// What a template shows: names and their values. A condition ({{#name}}) is a bool or a list.
using PageData = kainjow::mustache::data;

class Pages {
 public:
  // Reads every template of `folder` and checks it. Here {{> name}} is replaced by name.mustache,
  // and {{static.rolebridge_css}} by the path of the static file rolebridge.css.
  // Errors: kNotFound, a file is missing; kInvalidArgument, it is malformed, names no static file
  // that is there, or it could put something into a page unescaped: "{{{", "{{&", changed
  // delimiters, a value outside of quotes (security.md B10). The message names file and line.
  static Result<Pages> Load(const std::string& folder, const std::vector<StaticFile>& static_files);

  // The page as HTML in UTF-8. Every value is escaped; characters that nobody sees, or that reverse
  // the text around them, are shown by their number, except on the hand-over page, whose hidden
  // values must arrive as they are. Safe to call from several threads.
  std::string Render(Page page, const PageData& data) const;

 private:
  std::map<Page, std::unique_ptr<kainjow::mustache::mustache>> templates_;
};

// `text` for HTML text or a quoted attribute.
std::string EscapeHtml(std::string_view text);
// The same for people's eyes: control characters and those that change the direction of text come
// out as "[U+202E]", and bytes that are no UTF-8 as U+FFFD.
std::string EscapeVisibly(std::string_view text);

}  // namespace rolebridge::web
