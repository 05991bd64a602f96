#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"

namespace rolebridge::ldap {

// True for what RFC 4512 calls a short name or dotted number: `mail`, `msDS-Name`, `2.5.4.3`.
bool IsAttributeName(std::string_view name);

// `(attribute=value)`, with every byte of `value` outside of [A-Za-z0-9._@-] as \hh: the one place
// where a value becomes part of a filter (security.md L5, RFC 4515).
std::string EqualityFilter(std::string_view attribute, std::string_view value);

// `(|...)` of filters made above; one alone stands as it is.
std::string AnyOf(const std::vector<std::string>& filters);

// `(&...)` of filters made above.
std::string AllOf(const std::vector<std::string>& filters);

// `(attribute:1.2.840.113556.1.4.803:=bits)`: Active Directory's "all of these bits are set"
// ([MS-ADTS] 3.1.1.3.4.4.1).
std::string BitsFilter(std::string_view attribute, uint32_t bits);

// `(attribute=*)`.
std::string PresenceFilter(std::string_view attribute);

// A search filter as an administrator writes it, with a hole: `(&(uid={{ username
// }})(active=TRUE))`.
//
// Parsed once, by the grammar of RFC 4515 (white space between the parts of a list is let pass).
// The hole may be a value or a part of one; it may not stand in a name, beside a `*`, nor below a
// `!`, where it would find everybody else.
class FilterTemplate {
 public:
  // Errors: kInvalidArgument, with the column (from one) and what is wrong there.
  static Result<FilterTemplate> Parse(std::string_view text);

  // The filter with `username`, escaped, in each hole.
  std::string Render(std::string_view username) const;

 private:
  FilterTemplate() = default;
  std::vector<std::string> literals_;  // the holes stand between them
};

// For whoever only wants to know whether `text` would be taken.
Result<void> CheckFilterTemplate(std::string_view text);

}  // namespace rolebridge::ldap
