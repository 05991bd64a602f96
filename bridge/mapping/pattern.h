#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/mapping/evaluation.h"

namespace re2 {
class RE2;
}

namespace rolebridge::mapping {

// A regular expression of the configuration, compiled when it is read: linear in time, bounded in
// memory (security.md M7). Sole user of RE2.
class Pattern {
 public:
  // Errors: kInvalidArgument, with RE2's words.
  static Result<std::shared_ptr<const Pattern>> Compile(std::string_view text);
  explicit Pattern(std::unique_ptr<const re2::RE2> expression);
  ~Pattern();

  // What its groups took, the whole first; nothing for a group that did not take part.
  using Groups = std::vector<std::optional<std::string_view>>;

  // Name and number of each (?P<name>...), by number. Two alternatives may have the same name.
  const std::vector<std::pair<std::string, size_t>>& named_groups() const { return named_groups_; }

  // What is wrong with `rewrite` as a replacement, in which \1 is the first group; empty: nothing.
  std::string ComplaintAbout(std::string_view rewrite) const;

  // The groups where all of `text` matches; nothing also where the budget is gone.
  std::optional<Groups> MatchWhole(Evaluation& evaluation, std::string_view text) const;
  // The first match: its first group where the pattern has one, else the whole.
  std::optional<std::string_view> Search(Evaluation& evaluation, std::string_view text) const;
  // `text` with each match replaced. Cut short where the budget ends.
  std::string Replace(Evaluation& evaluation, std::string_view text,
                      std::string_view rewrite) const;

 private:
  bool Pay(Evaluation& evaluation, size_t bytes) const;

  const std::unique_ptr<const re2::RE2> expression_;
  std::vector<std::pair<std::string, size_t>> named_groups_;
};

}  // namespace rolebridge::mapping
