#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bridge/base/result.h"

namespace rolebridge::pam {

// One module in a PAM stack, after all includes (pam.conf(5)).
struct StackLine {
  std::string type;                    // "auth", "account", "password" or "session"
  std::string control;                 // "required", "[success=1 default=ignore]"
  std::string module;                  // "pam_unix.so"
  std::vector<std::string> arguments;  // "nullok"
  std::string file;                    // where it stands
  size_t line = 0;                     // from 1
};

// The stacks that `service` has in `folder`, in order, with @include, include and substack
// followed.
//
// libpam takes the file `other` for a service, and for a type of it, that is not there; there an
// unknown service would log people in (security.md P2). So each file has to exist, be root's alone
// (trusted_file.h), and in the end there must be an auth and an account line.
// Errors: those of ReadTrustedFile; kInvalidArgument, with file:line: a line that pam.conf(5) does
// not know, an include out of the folder or nested more than 16 deep or more than
// 64 in all, no auth or no account line.
Result<std::vector<StackLine>> ReadServiceFile(const std::string& folder,
                                               const std::string& service);

}  // namespace rolebridge::pam
