#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/mapping/checker.h"
#include "bridge/mapping/lexer.h"

namespace rolebridge::mapping {

// A name as it is written: user.email, accounts['prod'].tags.team, account.tags['cost-centre'].
struct Path {
  Token root;
  ExpressionPtr subscript;  // [...] behind the root; null: none
  std::vector<Token> fields;
  ExpressionPtr key;      // [...] behind the last field; null: none
  size_t key_offset = 0;  // of its bracket
};

// What `path` names, or a BrokenNode after a mistake.
ExpressionPtr ResolveName(const Checker& checker, const Path& path);

// Whether `word` belongs to the grammar, as `and` does.
bool IsKeyword(std::string_view word);

}  // namespace rolebridge::mapping
