#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"

namespace rolebridge::pam {

// Who may pass, whatever the issuer asks for (security.md P2): the monitor's own rules, from a file
// that only root writes. Each line is empty, a comment that starts with '#', or `key = value`.
struct Settings {
  // Local accounts below this uid are the system's and no people (U5); at least 1.
  uint32_t min_uid = 1000;
  // Names that never pass, separated by spaces or commas; compared without regard to ASCII case.
  // root is refused in any case.
  std::vector<std::string> deny_users;
  // `allow` or `refuse`: a name that PAM accepts and this host's account database does not know.
  bool allow_people_without_local_account = false;
  // `change` or `refuse`: a password that PAM calls expired may be changed in the login, by a
  // rolebridge-pam that was started for that (rolebridge-pam-change@).
  bool allow_change_of_expired_passwords = false;
};

// The settings in `text`. Errors: kInvalidArgument, with a line `path:line: ...` for each mistake:
// an unknown key, a key twice, a value out of range.
Result<Settings> ParseSettings(std::string_view text, const std::string& path);

// Errors: those of ReadTrustedFile and ParseSettings. The file has to exist: whoever removes it
// must not by that widen who may pass.
Result<Settings> LoadSettings(const std::string& path);

}  // namespace rolebridge::pam
