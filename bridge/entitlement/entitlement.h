#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bridge/aws/arn.h"
#include "bridge/base/position.h"
#include "bridge/config/config.h"
#include "bridge/mapping/facts.h"
#include "bridge/saml/assertion.h"

namespace rolebridge::entitlement {

// A role that is open to a person, and what gave it.
struct Role {
  aws::RolePair pair;
  std::string mapping;  // the name of the mapping that gave it
  Position position;
  std::string
      source;  // "group 'aws admins': aws_role"; empty where nothing of the directory is in it
};

// A value that is not sent, and why: for the audit record and `rolebridge check --online`.
struct Dropped {
  std::string mapping;
  std::string saml_name;
  Position position;
  std::string reason;
  bool breaks_rule = false;  // there was a value, and AWS or the application does not allow it
};

// What an application may be told about a person: everything that passed AWS's rules and the
// application's own. What is sent is a part of this and never more.
struct Entitlement {
  const mapping::Policy* refused_by = nullptr;  // of the application; set: nothing is issued
  bool exhausted = false;                       // a budget ran out: nothing is issued
  std::vector<std::string> missing;             // `required` mappings that came to nothing
  std::vector<Role> roles;                      // each pair once, sorted by account, then role
  std::vector<saml::Attribute> attributes;      // all but Role
  std::vector<Dropped> dropped;

  bool IsRefused() const { return refused_by != nullptr || exhausted || !missing.empty(); }
};

// The one path from facts to what may be signed: login, the portal, `check --online` and whatever
// explains a decision all come through here (security.md M9). Pure.
Entitlement Evaluate(const config::Application& application, const mapping::Facts& facts,
                     size_t max_roles);

}  // namespace rolebridge::entitlement
