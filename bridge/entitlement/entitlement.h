#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/aws/arn.h"
#include "bridge/base/position.h"
#include "bridge/base/traced_text.h"
#include "bridge/config/config.h"
#include "bridge/mapping/facts.h"
#include "bridge/saml/assertion.h"

namespace rolebridge::entitlement {

// A role that is open to a person, and what gave it.
struct Role {
  aws::RolePair pair;
  std::string mapping;  // the name of the mapping that gave it
  Position position;
  // "group 'aws admins': aws_role"; empty where nothing of the directory is in it
  std::string source;
  std::optional<std::chrono::seconds> duration;  // of the session at AWS
  std::vector<TracedText::Piece> pieces;         // of the template that gave it, in their order
};

// A role that the person would have, were it not for a policy.
struct WithheldRole {
  Role role;
  const mapping::Policy* policy = nullptr;
  mapping::Verdict verdict;
};

// Where one value of an attribute other than Role came from.
struct Provenance {
  std::string saml_name;
  std::string value;
  std::string mapping;
  Position position;
  std::string source;                     // as in Role
  std::vector<TracedText::Piece> pieces;  // as in Role
};

// A value that is not sent, and why: for the audit record and whoever explains.
struct Dropped {
  std::string mapping;  // empty: before any mapping, for what a value itself says
  std::string saml_name;
  Position position;
  std::string reason;
  bool breaks_rule = false;  // there was a value, and AWS or the application does not allow it
};

// What a policy of the whole application said.
struct PolicyVerdict {
  const mapping::Policy* policy = nullptr;
  mapping::Verdict verdict;
};

// What an application may be told about a person: everything that passed AWS's rules and the
// application's own. What is sent is a part of this and never more.
struct Entitlement {
  std::vector<PolicyVerdict> policies;      // of the application, in their order
  bool exhausted = false;                   // a budget ran out: nothing is issued
  std::vector<std::string> missing;         // `required` mappings that came to nothing
  std::vector<Role> roles;                  // each pair once, sorted by account, then role
  std::vector<WithheldRole> withheld;       // in the same order
  std::vector<saml::Attribute> attributes;  // all but Role and what depends on the role
  std::vector<Provenance> provenance;       // of `attributes`
  std::optional<std::string> name_id;       // where `name_id_value` says what it is
  std::vector<Dropped> dropped;
  size_t more_dropped = 0;  // left out as well, and not reported one by one

  // The first policy of the application that does not hold; null: all do.
  const PolicyVerdict* refused_by() const;
  bool IsRefused() const { return refused_by() != nullptr || exhausted || !missing.empty(); }
};

// The one path from facts to what may be signed: login, the portal, `check --online` and whatever
// explains a decision all come through here (security.md M9). Pure. `facts.application` is filled
// in here.
Entitlement Evaluate(const config::Config& config, const config::Application& application,
                     const mapping::Facts& facts);

// SessionDuration for a response with these roles: the shortest of theirs, since AWS takes one for
// all. Nothing where none is set.
std::optional<std::chrono::seconds> DurationOf(const std::vector<Role>& roles);

}  // namespace rolebridge::entitlement
