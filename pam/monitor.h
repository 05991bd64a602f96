#pragma once

#include <optional>
#include <string>

#include "bridge/base/channel.h"
#include "bridge/base/result.h"
#include "pam/protocol.h"
#include "pam/settings.h"

namespace rolebridge::pam {

// What the monitor goes by; nothing of it is the issuer's to say (security.md P2).
struct MonitorRules {
  Settings settings;
  std::string service_folder = "/etc/pam.d";
  Deadlines deadlines;
  // Started for logins whose password has expired: it may be changed, where the settings say so.
  bool changes_expired_passwords = false;
  // The whole process ends when the peer leaves in the middle (peer_watch.h).
  bool process_ends_with_peer = false;
};

// One login, over.
struct ServedLogin {
  StartRequest request;
  Outcome outcome;
  std::string remark;  // for the log: more than the outcome's detail says; may be empty
};

// Serves the one login of `channel`: kStart, whatever modules ask, kOutcome (protocol.h).
//
// A name that is no person's (U1, U5) is refused before PAM is asked and again for the name that
// PAM ended on (U3). pam_authenticate, then always pam_acct_mgmt, and only both successes are one
// (P5). Where expired passwords are changed: where pam_acct_mgmt says expired, pam_chauthtok up to
// three times, and pam_acct_mgmt again, once more in a transaction of its own where it says expired
// still; the outcome then has the detail "password_changed".
// Errors, after which nothing was answered and the process should end: kInvalidArgument, the
// peer broke the protocol; kDeadlineExceeded and kUnavailable, it is silent or gone.
Result<ServedLogin> ServeLogin(Channel& channel, const MonitorRules& rules);

// The verdicts on PAM's codes.
Verdict VerdictOfAuthenticate(int code);
Verdict VerdictOfCheckAccount(int code);

}  // namespace rolebridge::pam
