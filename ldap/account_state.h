#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bridge/base/clock.h"
#include "ldap/connection.h"
#include "ldap/directory.h"

namespace rolebridge::ldap {

struct AccountVerdict {
  AccountState state = AccountState::kActive;
  std::string reason;  // "shadowExpire=19000"; empty where active
};

// What `entry` says at `now`. A value that cannot be read closes the account: kDisabled.
// After settings.users.lockout_duration a pwdAccountLockedTime has run out. In Active Directory
// everybody has userAccountControl, msDS-User-Account-Control-Computed and accountExpires: one that
// is not shown closes the account as well.
// Spec: shadow(5), draft-behera-ldap-password-policy-10 section 5.3, MS-ADTS 2.2.16, 2.3.1
// (accountExpires).
// What settings.users.ignored_states names is not looked at.
AccountVerdict JudgeAccount(const Entry& entry, const Settings& settings, SysSeconds now);

}  // namespace rolebridge::ldap
