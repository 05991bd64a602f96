#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/mapping/mapping.h"

namespace rolebridge::mapping {

// One entry of an application's `policies:` as it was read.
struct PolicySource {
  std::string name;
  Position position;
  std::string key = "require";         // require, all or any: where the conditions stand
  std::vector<SourceText> conditions;  // may be empty where there is an assurance level
  std::optional<size_t> assurance;     // index of the level that it takes at least
  std::vector<std::string> roles;      // patterns; with accounts: the policy is about these alone
  std::vector<std::string> accounts;   // ids
  std::string message;                 // shown to the person who is refused
};

// What a policy says about one request.
struct Verdict {
  bool holds = false;
  std::string reason;                     // why it does not, for the record; empty where it holds
  std::optional<size_t> needs_assurance;  // set: with that level it would hold
};

// A condition for using an application, or some of its roles. Undefined, or anything but true,
// refuses (security.md M8).
class Policy {
 public:
  static std::optional<Policy> Parse(const PolicySource& source, const Names& names,
                                     std::vector<Mistake>& mistakes);
  const std::string& name() const;
  const Position& position() const;
  const std::string& message() const;
  // Patterns of role names and ids of accounts that it is about; both empty: the application.
  const std::vector<std::string>& roles() const;
  const std::vector<std::string>& accounts() const;
  // Name of the level that it takes at least; empty where it takes none.
  const std::string& assurance() const;
  bool IsAboutRoles() const { return !roles().empty() || !accounts().empty(); }

  Verdict Judge(const Facts& facts) const;

 private:
  struct Parsed;
  explicit Policy(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace rolebridge::mapping
