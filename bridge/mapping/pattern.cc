#include "bridge/mapping/pattern.h"

#include <re2/re2.h>
#include <re2/stringpiece.h>

#include <algorithm>
#include <array>

namespace rolebridge::mapping {
namespace {

constexpr int kMostMemory = 1'048'576;

// RE2 tells a group that took no part by its null pointer, so a text must not be one.
re2::StringPiece Piece(std::string_view text) {
  return text.data() == nullptr ? re2::StringPiece("", 0)
                                : re2::StringPiece(text.data(), text.size());
}

// Room for what the groups of a pattern take; on the stack for as many as patterns have.
class Pieces {
 public:
  explicit Pieces(const RE2& expression)
      : size_(static_cast<size_t>(expression.NumberOfCapturingGroups()) + 1) {
    if (size_ > few_.size()) many_.resize(size_);
  }
  re2::StringPiece* data() { return many_.empty() ? few_.data() : many_.data(); }
  size_t size() const { return size_; }
  const re2::StringPiece& operator[](size_t i) { return data()[i]; }

 private:
  const size_t size_;
  std::array<re2::StringPiece, 8> few_;
  std::vector<re2::StringPiece> many_;
};

bool Find(const RE2& expression, std::string_view text, size_t begin, RE2::Anchor anchor,
          Pieces& groups) {
  return expression.Match(Piece(text), begin, text.size(), anchor, groups.data(),
                          static_cast<int>(groups.size()));
}

// How long the character at the start of `text` is; one byte where it is no UTF-8.
size_t CharacterSize(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return size;
}

}  // namespace

Result<std::shared_ptr<const Pattern>> Pattern::Compile(std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostMemory);
  auto expression = std::make_unique<const RE2>(Piece(text), options);
  if (!expression->ok()) return Error{ErrorCode::kInvalidArgument, expression->error()};
  return std::make_shared<const Pattern>(std::move(expression));
}

Pattern::Pattern(std::unique_ptr<const re2::RE2> expression) : expression_(std::move(expression)) {
  for (const auto& [number, name] : expression_->CapturingGroupNames()) {
    named_groups_.emplace_back(name, static_cast<size_t>(number));
  }
}

Pattern::~Pattern() = default;

std::string Pattern::ComplaintAbout(std::string_view rewrite) const {
  const int wanted = RE2::MaxSubmatch(Piece(rewrite));
  const int groups = expression_->NumberOfCapturingGroups();
  std::string error;
  if (wanted > groups) {
    return "names group \\" + std::to_string(wanted) + ", and the pattern has " +
           std::to_string(groups);
  }
  if (expression_->CheckRewriteString(Piece(rewrite), &error)) return "";
  return "has a backslash that stands before neither a digit nor a backslash";
}

// Where RE2 needs its slower ways it looks at each byte once for each part of the pattern.
bool Pattern::Pay(Evaluation& evaluation, size_t bytes) const {
  const auto parts = static_cast<size_t>(std::max(expression_->ProgramSize(), 0));
  return evaluation.Step(bytes * (1 + parts / 64));
}

std::optional<Pattern::Groups> Pattern::MatchWhole(Evaluation& evaluation,
                                                   std::string_view text) const {
  if (!Pay(evaluation, text.size())) return std::nullopt;
  Pieces pieces(*expression_);
  if (!Find(*expression_, text, 0, RE2::ANCHOR_BOTH, pieces)) return std::nullopt;
  Groups groups;
  groups.reserve(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    const re2::StringPiece& piece = pieces[i];
    groups.push_back(piece.data() == nullptr
                         ? std::nullopt
                         : std::optional(std::string_view(piece.data(), piece.size())));
  }
  return groups;
}

std::optional<std::string_view> Pattern::Search(Evaluation& evaluation,
                                                std::string_view text) const {
  if (!Pay(evaluation, text.size())) return std::nullopt;
  Pieces pieces(*expression_);
  if (!Find(*expression_, text, 0, RE2::UNANCHORED, pieces)) return std::nullopt;
  const re2::StringPiece& found = pieces.size() > 1 ? pieces[1] : pieces[0];
  if (found.data() == nullptr) return std::nullopt;
  return std::string_view(found.data(), found.size());
}

// RE2::GlobalReplace, but for the budget: a long replacement for each empty match of a long text
// would fill the memory before anybody could count it.
std::string Pattern::Replace(Evaluation& evaluation, std::string_view text,
                             std::string_view rewrite) const {
  if (text.data() == nullptr) text = "";
  Pieces groups(*expression_);
  std::string replaced;
  size_t begin = 0;
  std::optional<size_t> last_end;
  while (begin <= text.size() && Pay(evaluation, text.size() - begin) &&
         Find(*expression_, text, begin, RE2::UNANCHORED, groups)) {
    const auto at = static_cast<size_t>(groups[0].data() - text.data());
    replaced += text.substr(begin, at - begin);
    begin = at + groups[0].size();
    if (groups[0].empty() && last_end == at) {
      // No empty match right behind a match: on by one character.
      if (at == text.size()) return replaced;
      const size_t size = CharacterSize(text.substr(at));
      replaced += text.substr(at, size);
      begin = at + size;
      continue;
    }
    expression_->Rewrite(&replaced, Piece(rewrite), groups.data(), static_cast<int>(groups.size()));
    last_end = begin;
    if (!evaluation.Step(rewrite.size()) || replaced.size() > kEvaluationOutput) break;
  }
  if (begin < text.size()) replaced += text.substr(begin);
  return replaced;
}

}  // namespace rolebridge::mapping
