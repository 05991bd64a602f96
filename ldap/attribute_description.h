#pragma once

#include <string>
#include <string_view>

namespace rolebridge::ldap {

// An attribute with options is another one than the attribute without: `cn;lang-de` holds none of
// what `cn` holds (RFC 4512 section 2.5.2). Two options say only how values were sent, and make no
// difference: `;binary` (RFC 4522) and `;range=` (ldap/value_range.h).

// What an entry's attribute is found by, however its name is written: in lower case, with the
// options that make a difference in their order.
std::string AttributeKey(std::string_view description);

// RFC 4512 section 2.5: an attribute's name, and options that make a difference.
bool IsAttributeDescription(std::string_view text);

}  // namespace rolebridge::ldap
