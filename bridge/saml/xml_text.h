#pragma once

#include <cstddef>
#include <string_view>

namespace rolebridge::saml {

// How many characters `text` has; npos where it is not well-formed UTF-8 (RFC 3629: nothing
// overlong, no surrogates, nothing above U+10FFFF).
size_t CountUtf8(std::string_view text);

// Null where every octet of `text` may stand in a text or attribute of a document of ours:
// well-formed UTF-8, only characters of XML 1.0, and no CR, LF or TAB, which readers normalise in
// different ways (security.md O3). Else what is wrong, in words. libxml2 checks none of it when it
// writes.
const char* WhyNotXmlText(std::string_view text);

// The same for a document as it was received, where CR, LF and TAB are white space.
const char* WhyNotXmlDocument(std::string_view text);

}  // namespace rolebridge::saml
