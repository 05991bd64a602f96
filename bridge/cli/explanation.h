#pragma once

#include <compare>
#include <ostream>
#include <string>
#include <vector>

#include "bridge/config/config.h"
#include "bridge/entitlement/entitlement.h"
#include "bridge/mapping/facts.h"
#include "ldap/directory.h"

namespace rolebridge::cli {

// The answer to "why not this role?".
struct RoleAnswer {
  enum class Verdict { kOpen, kWithheld, kAbsent };
  std::string arn;
  Verdict verdict = Verdict::kAbsent;
  std::vector<std::string> reasons;  // what stands in the way, and what would change it
};

struct ApplicationExplanation {
  const config::Application* application = nullptr;
  entitlement::Entitlement entitlement;
  std::string objection;  // why nothing would be issued; empty: something would
};

// A group that the person is in because groups are in it.
struct NestedGroup {
  std::string name;
  std::string dn;
  std::vector<std::string> through;  // as in ldap::Group, never empty
  auto operator<=>(const NestedGroup&) const = default;
};

// What one person would get under the circumstances that stand in `facts`, by the same code that
// issues (security.md M9). Nothing secret is in it.
struct Explanation {
  const config::Config* config = nullptr;
  mapping::Facts facts;
  std::string account_objection;    // why the directory's account may not be used; empty: it may
  std::vector<NestedGroup> nested;  // of `facts.groups`, by name
  std::vector<ldap::DroppedValue> dropped;
  std::vector<ApplicationExplanation> applications;
  std::vector<RoleAnswer> role_answers;  // one for each application, where a role was asked for

  // Whether anything would be issued; with a role: that role.
  bool IsPositive() const;
};

// Aligned for a terminal; with escape sequences for colour where `colour`.
void WriteText(const Explanation& explanation, bool colour, std::ostream& out);
// All of it, as one JSON document.
void WriteJson(const Explanation& explanation, std::ostream& out);

}  // namespace rolebridge::cli
