#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/mapping/mapping.h"

namespace rolebridge::config {

// The text of a YAML file, before and beside its parser: what the parser would read in silence as
// something else, and the words for what it refuses.

// The first byte that no configuration file may hold: bad UTF-8, a control character, a byte order
// mark, a character that turns the direction of text (security.md Y2).
std::optional<mapping::Mistake> FindBadCharacter(std::string_view text, const std::string& file);

// The line that holds the byte at `offset`, without its end.
std::string_view LineAt(std::string_view text, size_t offset);

// Counts lines and columns (in characters) from one.
Position PositionAt(std::string_view text, size_t offset, const std::string& file);

// The unquoted value that begins at `offset`, as its writer meant it: to the end of the line, or in
// a flow map or list to the comma or bracket that follows, but for those of its own: within {{ }},
// quotes, ( ) and [ ].
std::string_view MeantValue(std::string_view text, size_t offset, bool in_flow);

// `value` without the comment behind it; a '#' within quotes or {{ }} begins none.
std::string_view WithoutComment(std::string_view value);

// Whether a quote opens in `value` that does not close in it: 'team
bool HasOpenQuote(std::string_view value);

// `value` in quotes that survive: double ones where it holds neither those nor a backslash.
std::string InQuotes(std::string_view value);

// `key: 'text'` for what stands between double quotes, as its writer meant the backslashes in it.
std::string InSingleQuotes(std::string_view key, std::string_view between_quotes);

// The offset behind the quote that closes the quoted scalar which begins at `offset`, or npos.
size_t EndOfQuoted(std::string_view text, size_t offset);

// The first tab before the text of a line, or npos.
size_t FindTabInIndentation(std::string_view line);

// What is wrong with the line at `offset`, which the parser refused, where that is one of YAML's
// known traps, with the corrected line.
std::optional<std::string> ExplainLine(std::string_view text, size_t offset);

}  // namespace rolebridge::config
