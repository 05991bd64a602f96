#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::web {

// The fields of a form or of a query, application/x-www-form-urlencoded. Passwords and responses
// come this way, so every value is wiped when the form goes.
class Form {
 public:
  // `text`: the body as received, or the query without its question mark. Strict, so that two
  // readers can't disagree: at most 64 fields, complete escapes, no NUL, each name once (two values
  // for one parameter are how filters are passed by).
  // Errors: kInvalidArgument, one of these; no text of the sender's is in the message.
  static Result<Form> Parse(std::string_view text);

  // The value of `name`; nothing where it is not there. Valid as long as the form.
  std::optional<std::string_view> Find(std::string_view name) const;
  // The same, or an empty text.
  std::string_view Get(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, SecretString>> fields_;
};

// `text` as it may stand in a query: everything outside of A-Z, a-z, 0-9, "-", "." and "_" escaped
// (RFC 3986 section 2.1).
std::string EncodeQueryValue(std::string_view text);

}  // namespace rolebridge::web
