#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bridge/base/clock.h"
#include "ldap/connection.h"
#include "ldap/directory.h"

namespace rolebridge::ldap {

// The attributes that say whether an account may pass; most are operational, so each must be asked
// for by name (security.md L10).
const std::vector<std::string>& AccountStateAttributes();

struct AccountVerdict {
  AccountState state = AccountState::kActive;
  std::string reason;  // "shadowExpire=19000"; empty where active
};

// What `entry` says at `now`. A value that cannot be read closes the account: kDisabled.
// `lockout_duration`: after it a pwdAccountLockedTime has run out; 0, never. In Active Directory
// everybody has userAccountControl, msDS-User-Account-Control-Computed and accountExpires: one that
// is not shown closes the account as well.
// Spec: shadow(5), draft-behera-ldap-password-policy-10 section 5.3, MS-ADTS 2.2.16, 2.3.1
// (accountExpires).
AccountVerdict JudgeAccount(const Entry& entry, Membership layout, SysSeconds now,
                            std::chrono::seconds lockout_duration);

}  // namespace rolebridge::ldap
