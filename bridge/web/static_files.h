#pragma once

#include <string>
#include <vector>

#include "bridge/base/result.h"

namespace rolebridge::web {

struct StaticFile {
  std::string name;  // "rolebridge.css"
  std::string path;  // with a hash of its bytes, so that it can be cached for ever (B8)
  std::string content_type;
  std::string bytes;
};

// The style sheet, script and pictures in `folder`: all regular files whose names end in css, js,
// svg, png or woff2. Errors: kNotFound, no such folder; kResourceExhausted, a file is above 192
// KiB; kInvalidArgument, a name that is not made of a-z, 0-9, "-" and "_".
Result<std::vector<StaticFile>> LoadStaticFiles(const std::string& folder);

}  // namespace rolebridge::web
