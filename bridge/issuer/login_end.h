#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include "bridge/base/clock.h"
#include "bridge/base/log.h"
#include "bridge/base/random.h"
#include "bridge/base/result.h"
#include "bridge/config/config.h"
#include "bridge/issuer/audit.h"
#include "bridge/issuer/conversations.h"
#include "bridge/issuer/metrics.h"
#include "bridge/issuer/repeated_attempts.h"
#include "bridge/issuer/state_keys.h"
#include "bridge/issuer/throttle.h"
#include "bridge/issuer/unasked_logins.h"
#include "bridge/protocol/protocol.h"
#include "bridge/store/known_names.h"
#include "bridge/store/session_store.h"
#include "pam/client.h"

namespace rolebridge::issuer {

// How the issuer reaches rolebridge-pam.
struct PamSockets {
  std::string login;
  std::string change;  // of the process that changes expired passwords; may well not be there
  uid_t uid = 0;       // whom the peer must be
};

// What logins go by that outlives a configuration.
struct LoginMeans {
  const PamSockets& pam;
  store::SessionStore& sessions;
  store::KnownNames& known_names;
  Throttle& throttle;
  RepeatedAttempts& repeated_attempts;
  UnaskedLogins& unasked_logins;
  Conversations& conversations;
  Audit& audit;
  Metrics& metrics;
  const Clock& clock;
  Random& random;
  // `names`, under which names that never logged in here are recorded as an HMAC, since people type
  // passwords into the name field (security.md G2), and `devices`.
  const StateKeys& keys;
};

using LoginAnswer = std::variant<protocol::LoginReply, protocol::Refusal>;

// What the throttle counts a login as.
LoginAttempt AttemptOf(const Login& login);

// What becomes of a login, and of one that PAM was never asked about: the record first, then the
// session or the refusal. Safe to call from several threads, for one login from one at a time.
class LoginEnd {
 public:
  // Both live longer than this.
  LoginEnd(const config::Config& config, const LoginMeans& means)
      : config_(config), means_(means) {}

  // PAM said its last word.
  LoginAnswer Conclude(Login& login, const protocol::Context& context, const pam::Outcome& outcome);
  LoginAnswer Deny(Login& login, const protocol::Context& context, const pam::Outcome& outcome);
  // The same again within a minute: the same answer, and PAM, whose modules count too, is not
  // asked.
  LoginAnswer Repeat(Login& login, const protocol::Context& context);
  // Too many failed before; `since`: when it was that somebody sent something.
  LoginAnswer HoldUp(const std::string& username, const protocol::Context& context,
                     std::chrono::seconds wait, BootTime since);
  // A name that nobody can have.
  LoginAnswer RefuseName(const protocol::BeginLoginRequest& request, BootTime since);
  LoginAnswer RefuseForRoom(const protocol::Context& context, const std::string& username);

  // The name as it may stand in a record.
  std::string NameForRecord(const std::string& typed) const;

 private:
  LoginAnswer Admit(Login& login, const protocol::Context& context, const std::string& username,
                    const pam::Outcome& outcome);
  LoginAnswer StepUp(Login& login, const protocol::Context& context, const pam::Outcome& outcome);
  LoginAnswer RefuseSession(LogFields fields, const Error& error);
  protocol::LoginReply Held(protocol::LoginState state, BootTime since);
  Result<void> RecordChange(const Login& login, const protocol::Context& context,
                            const pam::Outcome& outcome);
  Result<void> RecordUnasked(std::string_view stage, const std::string& name,
                             const protocol::Context& context);

  const config::Config& config_;
  const LoginMeans& means_;
};

}  // namespace rolebridge::issuer
