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
  SourceText require;   // one expression that must be true
  std::string message;  // shown to the person who is refused
};

// A condition for using an application. Undefined, or anything but true, refuses (security.md M8).
class Policy {
 public:
  static std::optional<Policy> Parse(const PolicySource& source, const Names& names,
                                     std::vector<Mistake>& mistakes);
  const std::string& name() const;
  const Position& position() const;
  const std::string& message() const;
  bool Allows(const Facts& facts) const;

 private:
  struct Parsed;
  explicit Policy(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace rolebridge::mapping
