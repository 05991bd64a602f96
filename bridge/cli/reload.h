#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace rolebridge::cli {

enum class Reloaded {
  kTaken,
  kRefused,     // the old configuration and keys stay in force
  kNotRunning,  // nobody was there to ask
  kUnknown,     // no answer, or none that says it
};
// Asks, and says on `errors` what is wrong and what is warned of, or as `command` ("rolebridge
// reload") why there is no answer.
struct ReloadOutcome {
  Reloaded reloaded = Reloaded::kUnknown;
  std::string config_hash;  // of what is in force, with kTaken and kRefused
};
ReloadOutcome AskToReload(const std::string& admin_socket, std::string_view command,
                          std::ostream& errors);

// Has the running issuer take the configuration as it is now, or says everything that keeps it from
// that. Exit status: kYes, it is in force; kNo, the old one stays; kCannotTell, nobody answered.
int Reload(const std::string& admin_socket, std::ostream& out, std::ostream& errors);

}  // namespace rolebridge::cli
