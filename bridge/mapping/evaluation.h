#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bridge/mapping/facts.h"

namespace rolebridge::mapping {

// What one rendering of a mapping or policy may cost (security.md section 3).
inline constexpr size_t kEvaluationSteps = 100'000;
inline constexpr size_t kEvaluationOutput = 1'048'576;

// Where a text came from: views into the facts and the expression, made into words only where
// somebody will read them.
struct Source {
  enum class Kind { kConfiguration, kUser, kGroup, kClient };
  Kind kind = Kind::kConfiguration;
  std::string_view owner;      // name of the user or group
  std::string_view attribute;  // template name

  bool from_directory() const { return kind != Kind::kConfiguration; }
  std::string Words() const;  // "group 'aws admins': aws_role"; empty for the configuration
};

// A text while it is evaluated. The bytes belong to the facts, the expression or the Evaluation.
struct Text {
  std::string_view text;
  Source source;
};

// A list while it is evaluated, cheap to copy: one text, which is what most attributes have, or a
// view of several that the Evaluation keeps.
class List {
 public:
  List() = default;
  explicit List(const Text& only) : only_(only), size_(1) {}
  explicit List(std::span<const Text> kept) : kept_(kept.data()), size_(kept.size()) {}

  const Text* begin() const { return kept_ == nullptr ? &only_ : kept_; }
  const Text* end() const { return begin() + size_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Text& operator[](size_t i) const { return begin()[i]; }
  const Text& front() const { return *begin(); }
  const Text& back() const { return *(end() - 1); }

 private:
  Text only_;
  const Text* kept_ = nullptr;
  size_t size_ = 0;
};

// Why there is no value.
struct Undefined {
  std::string reason;
  // There is something, and nobody can tell what: `default` and `is defined` do not answer for it.
  bool is_unreadable = false;
};

struct Level {
  size_t index = 0;  // among the configured ones, lowest first
};

// An account with what templates make of it again and again.
struct KnownAccount {
  const Account* account = nullptr;
  std::string iam;           // arn:PARTITION:iam::ID
  std::string provider_arn;  // arn:PARTITION:iam::ID:saml-provider/PROVIDER
};

using Accounts = const std::vector<const KnownAccount*>*;
using Computed = std::variant<Undefined, Text, List, bool, const Group*, Level, const KnownAccount*,
                              Accounts, std::chrono::sys_seconds>;

// The state of one rendering: facts in a fixed order, loop variables, the budget. It outlives the
// values that were made in it.
class Evaluation {
 public:
  Evaluation(const Facts& facts, size_t variables);
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

  const Facts& facts() const { return facts_; }
  // By name (bytes), then DN: the order in which a server answers never matters.
  const std::vector<const Group*>& groups() const { return groups_; }
  // Whether one of the groups has that name. Costs steps for a search among sorted names, however
  // many there are.
  bool HasGroup(std::string_view name);
  // The names of the groups, in their order. The first call makes the list and pays for it.
  List GroupNames();
  Computed& variable(size_t slot) { return variables_[slot]; }

  // What the last match put into a named group; nothing where none did.
  std::optional<Text>& match(size_t slot);
  void ForgetMatches() {
    for (std::optional<Text>& match : matches_) match.reset();
  }

  // One step, and one more for each 256 bytes that it looks at. False where the budget is gone.
  bool Step(size_t bytes = 0) {
    const size_t cost = 1 + bytes / 256;
    if (exhausted_ || cost > steps_left_) {
      exhausted_ = true;
      return false;
    }
    steps_left_ -= cost;
    return true;
  }
  // `bytes` more of text were made.
  bool Emit(size_t bytes);
  // Keeps `text`, which an expression made, until the end of the evaluation.
  std::string_view Keep(std::string text);
  // Keeps `texts` likewise. Whoever made them paid steps for them, which bound the memory.
  List Keep(std::vector<Text> texts);
  bool exhausted() const { return exhausted_; }

 private:
  const Facts& facts_;
  std::vector<const Group*> groups_;
  std::vector<Computed> variables_;
  std::vector<std::optional<Text>> matches_;
  std::optional<List> group_names_;
  std::deque<std::string> kept_;
  std::vector<std::vector<Text>> kept_lists_;
  size_t steps_left_ = kEvaluationSteps;
  size_t output_left_ = kEvaluationOutput;
  bool exhausted_ = false;
};

}  // namespace rolebridge::mapping
