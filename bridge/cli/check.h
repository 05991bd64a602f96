#pragma once

#include <ostream>
#include <string>

#include "bridge/base/clock.h"

namespace rolebridge::cli {

struct CheckOptions {
  std::string config_path = "/etc/rolebridge/rolebridge.yaml";
  std::string pam_folder = "/etc/pam.d";
  std::string pam_settings = "/etc/rolebridge-pam.conf";
  bool online = false;
};

// `rolebridge check`: everything that start would refuse, and what it would not: the configuration,
// keys and certificates, the PAM service files (security.md P2 to P4), and with `online` the
// directory, with each group's value that no response may hold. One line a finding on `out`.
// True where nothing is wrong; warnings alone are not.
bool Check(const CheckOptions& options, const Clock& clock, std::ostream& out);

}  // namespace rolebridge::cli
