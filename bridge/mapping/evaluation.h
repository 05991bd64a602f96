#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
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

using List = std::vector<Text>;
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
  Computed& variable(size_t slot) { return variables_[slot]; }

  // What the last match put into a named group; nothing where none did.
  std::optional<Text>& match(size_t slot);
  void ForgetMatches() {
    for (std::optional<Text>& match : matches_) match.reset();
  }

  // One step, and one more for each 256 bytes that it looks at. False where the budget is gone.
  bool Step(size_t bytes = 0);
  // `bytes` more of text were made.
  bool Emit(size_t bytes);
  // Keeps `text`, which an expression made, until the end of the evaluation.
  std::string_view Keep(std::string text);
  bool exhausted() const { return exhausted_; }

 private:
  const Facts& facts_;
  std::vector<const Group*> groups_;
  std::vector<Computed> variables_;
  std::vector<std::optional<Text>> matches_;
  std::deque<std::string> kept_;
  size_t steps_left_ = kEvaluationSteps;
  size_t output_left_ = kEvaluationOutput;
  bool exhausted_ = false;
};

}  // namespace rolebridge::mapping
