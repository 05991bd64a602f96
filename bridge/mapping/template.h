#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bridge/mapping/expression.h"

namespace rolebridge::mapping {

// What rendering came to: the text, or why there is none and how far it got.
struct Rendered {
  TracedText text;
  std::optional<std::string> undefined;  // the reason
};

// A text with {{ expressions }} in it. What an expression yields is put in its place once, and
// never read as a template again (security.md M1).
class Template {
 public:
  // Appends every mistake; a template comes back only where there was none.
  static std::optional<Template> Parse(const SourceText& source, Scope& scope);

  Rendered Render(Evaluation& evaluation) const;
  std::vector<TemplatePart> parts() const;
  const Position& position() const { return position_; }

 private:
  struct Piece {
    std::string literal;
    ExpressionPtr expression;  // null for a literal
  };
  static bool ParsePiece(const SourceText& source, size_t& offset, Scope& scope,
                         std::vector<Piece>& pieces);
  static bool ParseHole(const SourceText& source, size_t& offset, Scope& scope,
                        std::vector<Piece>& pieces);

  std::vector<Piece> pieces_;
  Position position_;
};

}  // namespace rolebridge::mapping
