#pragma once

#include <ostream>
#include <string>

namespace rolebridge::cli {

// Has the running issuer take the configuration as it is now, or says everything that keeps it from
// that. Exit status: kYes, it is in force; kNo, the old one stays; kCannotTell, nobody answered.
int Reload(const std::string& admin_socket, std::ostream& out, std::ostream& errors);

}  // namespace rolebridge::cli
