#pragma once

#include <ostream>
#include <string>

#include "bridge/base/clock.h"
#include "bridge/cli/exit_status.h"

namespace rolebridge::cli {

struct PlanOptions {
  std::string config_path = "/etc/rolebridge/rolebridge.yaml";  // what is in force
  std::string new_path;                                         // what would be
  std::string client;                                           // address; empty: unknown
  std::string assurance;  // name of a level; empty: the lowest of each configuration
  bool json = false;
  bool shows_progress = false;
};

// `rolebridge plan`: who of the whole directory gains and who loses what between two
// configurations: roles with their providers and durations, other attributes, whole applications,
// and what policies withhold; each person by the same search and code as at issuing. People are
// read page by page, and only what changes is kept. kYes where nothing changes, kNo where something
// does, kCannotTell where a configuration has mistakes, a test of the new one fails or the
// directory does not answer: half a plan is none.
ExitStatus Plan(const PlanOptions& options, const Clock& clock, std::ostream& out,
                std::ostream& errors);

}  // namespace rolebridge::cli
