#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "bridge/base/result.h"

namespace rolebridge::ldap {

// Which of an attribute's values an answer holds, where it does not hold all of them: from `first`,
// which counts from nought, to `last`; none: to the end.
// Spec: [MS-ADTS] 3.1.1.3.1.3.3, draft-kashi-incremental.
struct ValueRange {
  size_t first = 0;
  std::optional<size_t> last;
  bool operator==(const ValueRange&) const = default;
};

// That of the options behind an attribute's name, in lower case: ";binary;range=0-1499". None: they
// name no range. Errors: kInvalidArgument, one that cannot be read, or several.
Result<std::optional<ValueRange>> ParseValueRange(std::string_view options);

}  // namespace rolebridge::ldap
