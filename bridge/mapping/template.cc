#include "bridge/mapping/template.h"

#include <algorithm>
#include <utility>

#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

// Reports what cannot stand outside of {{ }}.
void CheckLiteral(const SourceText& source, size_t offset, std::string_view literal, Scope& scope) {
  const auto control = std::find_if(literal.begin(), literal.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (control != literal.end()) {
    Report(scope, source, offset + static_cast<size_t>(control - literal.begin()),
           *control == '\n' ? "the text has a line break; begin a block with '>-', which has none"
                            : "the text has a control character; take it out");
    return;
  }
  for (const std::string_view mark : {"}}", "{%", "{#"}) {
    const size_t at = literal.find(mark);
    if (at == std::string_view::npos) continue;
    Report(scope, source, offset + at,
           mark == "}}" ? "'}}' without '{{' before it"
                        : Quote(mark) + " is not part of this language; use for_each and when");
    return;
  }
}

}  // namespace

bool Template::ParseHole(const SourceText& source, size_t& offset, Scope& scope,
                         std::vector<Piece>& pieces) {
  Token end;
  ExpressionPtr expression = ParseExpression(source, offset + 2, scope, end);
  const size_t opened = offset;
  if (expression == nullptr || end.kind != TokenKind::kEndOfExpression) {
    const size_t close = source.text.find("}}", offset + 2);
    if (expression != nullptr && close == std::string::npos) {
      Report(scope, source, opened, "'{{' is not closed; end the expression with '}}'");
    } else if (expression != nullptr) {
      Report(scope, source, end.offset,
             Quote(end.text) + " does not belong to the expression; end it with '}}'");
    }
    if (close == std::string::npos) return false;
    offset = close + 2;
    return true;
  }
  offset = end.offset + 2;
  ExpressionPtr text = AsText(expression, scope);
  if (text == nullptr) {
    Report(scope, source, opened,
           "a text is due between '{{' and '}}', and this is " +
               std::string(TypeWords(expression->type())));
    return true;
  }
  pieces.push_back({"", std::move(text)});
  return true;
}

bool Template::ParsePiece(const SourceText& source, size_t& offset, Scope& scope,
                          std::vector<Piece>& pieces) {
  const size_t hole = std::min(source.text.find("{{", offset), source.text.size());
  if (hole == offset) return ParseHole(source, offset, scope, pieces);
  std::string literal = source.text.substr(offset, hole - offset);
  CheckLiteral(source, offset, literal, scope);
  pieces.push_back({std::move(literal), nullptr});
  offset = hole;
  return true;
}

std::optional<Template> Template::Parse(const SourceText& source, Scope& scope) {
  const size_t mistakes = scope.mistakes.size();
  Template parsed;
  parsed.position_ = source.position;
  size_t offset = 0;
  while (offset < source.text.size() && ParsePiece(source, offset, scope, parsed.pieces_)) {
  }
  if (source.text.empty()) Report(scope, source, 0, "is empty; give it a text");
  if (scope.mistakes.size() != mistakes) return std::nullopt;
  return parsed;
}

Rendered Template::Render(Evaluation& evaluation) const {
  Rendered rendered;
  rendered.text.pieces.reserve(pieces_.size());
  for (const Piece& piece : pieces_) {
    Text text{piece.literal, {}};
    if (piece.expression != nullptr) {
      Computed value = piece.expression->Evaluate(evaluation);
      if (Undefined* undefined = std::get_if<Undefined>(&value)) {
        rendered.undefined = std::move(undefined->reason);
        return rendered;
      }
      text = std::get<Text>(value);
    }
    if (!evaluation.Emit(text.text.size())) {
      rendered.undefined = "the budget of output ran out";
      return rendered;
    }
    TracedText::Piece& made = rendered.text.pieces.emplace_back();
    made.text = std::string(text.text);
    made.from_directory = text.source.from_directory();
    if (made.from_directory) made.source = text.source.Words();
  }
  return rendered;
}

std::vector<TemplatePart> Template::parts() const {
  std::vector<TemplatePart> parts;
  for (const Piece& piece : pieces_) {
    const bool is_expression = piece.expression != nullptr;
    parts.push_back(
        {piece.literal, is_expression, is_expression && piece.expression->from_directory()});
  }
  return parts;
}

}  // namespace rolebridge::mapping
