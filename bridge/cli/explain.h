#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "bridge/base/clock.h"
#include "bridge/cli/exit_status.h"
#include "bridge/cli/explanation.h"

namespace rolebridge::cli {

struct ExplainOptions {
  std::string config_path = "/etc/rolebridge/rolebridge.yaml";
  std::string user;
  std::string application;  // one slug; empty: all
  std::string role;         // an ARN: why not?
  std::string client;       // address; empty: unknown, which every condition on it refuses
  std::string assurance;    // name of a level; empty: the lowest
  bool json = false;
  bool colour = false;
};

// `rolebridge explain`: what a person would get, and why, by the same code that issues, with the
// directory live and without a password. kYes where something (with a role: that role) would be
// issued, kNo where not, kCannotTell where the question has no answer; `errors` then says why.
ExitStatus Explain(const ExplainOptions& options, const Clock& clock, std::ostream& out,
                   std::ostream& errors);

// Why `facts` do not give the role `arn` in the application, and what would: other groups of the
// directory, another level of assurance. `directory` may be null: groups are not looked at then.
RoleAnswer WhyNot(const config::Config& config, const config::Application& application,
                  const mapping::Facts& facts, const std::string& arn, ldap::Directory* directory);

}  // namespace rolebridge::cli
