#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/base/result.h"

namespace rolebridge::ldap {

// A distinguished name in one normal form, so that two spellings of the same name are equal.
//
// What is normalised: attribute types and letters of values to lower case, dotted types to their
// names (RFC 4514 section 3), runs of spaces to one, spaces at the ends, escapes, the order within
// a multi-valued RDN. Of RFC 4518 that leaves out what not every server does: letters that look
// the same (an u with diaeresis as one code point or as two, a ligature, full width) differ, and
// so does what becomes several letters or one of ASCII. Read too strictly, never too loosely.
class Dn {
 public:
  // Takes the string form of RFC 4514, of 1 to 4096 bytes of UTF-8.
  // Errors: kInvalidArgument, with the text, anything else.
  static Result<Dn> Parse(std::string_view text);

  // The normal form, again as RFC 4514.
  const std::string& text() const { return text_; }

  // True where this is `base` itself or stands anywhere under it.
  bool IsWithin(const Dn& base) const;

  // What this stands under; none where it is one RDN alone.
  std::optional<Dn> Parent() const;

  // The normalised value of `type` (lower case) in the leftmost RDN.
  std::optional<std::string> RdnValue(std::string_view type) const;

  // An attribute and value that the entry of this name holds, since its RDN does (RFC 4512 section
  // 2.3.1); none where that is BER. Normalised, so for a filter whose answer is compared by name.
  std::optional<std::pair<std::string, std::string>> HeldValue() const;

  bool operator==(const Dn& other) const { return text_ == other.text_; }
  auto operator<=>(const Dn& other) const { return text_ <=> other.text_; }

 private:
  struct Part {
    std::string type;
    std::string value;  // normalised; "#hex" of a BER value where is_binary
    bool is_binary = false;
    auto operator<=>(const Part&) const = default;
  };
  using Rdn = std::vector<Part>;

  Dn() = default;
  void WriteText();

  std::vector<Rdn> rdns_;
  std::string text_;
};

// What caseIgnoreMatch leaves of a value: lower case (see Dn), no space at the ends, single ones
// within. The form of the values in a Dn.
std::string FoldValue(std::string_view value);

// True for well-formed UTF-8 (no surrogates, no overlong forms) without NUL.
bool IsText(std::string_view bytes);

}  // namespace rolebridge::ldap
