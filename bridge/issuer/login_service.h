#pragma once

#include <map>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/secret_string.h"
#include "bridge/config/config.h"
#include "bridge/issuer/audit.h"
#include "bridge/issuer/conversations.h"
#include "bridge/issuer/metrics.h"
#include "bridge/issuer/repeated_attempts.h"
#include "bridge/issuer/state_keys.h"
#include "bridge/issuer/throttle.h"
#include "bridge/protocol/protocol.h"
#include "bridge/store/known_names.h"
#include "bridge/store/session_store.h"
#include "pam/client.h"

namespace rolebridge::issuer {

// How the issuer reaches rolebridge-pam.
struct PamSocket {
  std::string path;
  uid_t uid = 0;  // whom the peer must be
};

// begin_login and answer: relays one PAM conversation for each login, and makes the session where
// it ended well or adds a level of assurance to the one there is. Safe to call from several
// threads; a call waits for PAM no longer than a quarter of a second, and besides for what it puts
// on record to be on the disk.
class LoginService {
 public:
  using Reply = std::variant<protocol::LoginReply, protocol::Refusal>;

  // Of `keys`: `names`, under which names that never logged in here are recorded as an HMAC, since
  // people type passwords into the name field (security.md G2), and `devices`.
  LoginService(const config::Config& config, PamSocket pam, store::SessionStore& sessions,
               store::KnownNames& known_names, Throttle& throttle, Conversations& conversations,
               Audit& audit, Metrics& metrics, const Clock& clock, Random& random,
               const StateKeys& keys);

  Reply Begin(protocol::BeginLoginRequest& request);
  Reply Answer(protocol::AnswerRequest& request);

  // True where somebody listens on the PAM socket.
  bool CanReachPam() const;

 private:
  static LoginAttempt AttemptOf(const Login& login);

  Reply BeginStepUp(protocol::BeginLoginRequest& request);
  Reply RefuseForRoom(const protocol::Context& context, const std::string& username);
  Reply StartPam(Login& login, const protocol::Context& context);
  Reply Converse(Login& login, const protocol::Context& context);
  Reply Repeat(Login& login, const protocol::Context& context);
  Reply HoldUp(const std::string& username, const protocol::Context& context,
               std::chrono::seconds wait, BootTime since);
  Reply RefuseName(const protocol::BeginLoginRequest& request, BootTime began);
  Reply Advance(Login& login, const protocol::Context& context);
  Reply Ask(Login& login, std::vector<pam::Prompt> prompts);
  Reply Conclude(Login& login, const protocol::Context& context, const pam::Outcome& outcome);
  Reply Admit(Login& login, const protocol::Context& context, const std::string& username,
              const pam::Outcome& outcome);
  Reply StepUp(Login& login, const protocol::Context& context, const pam::Outcome& outcome);
  Reply RefuseSession(LogFields fields, const Error& error);
  Reply Deny(Login& login, const protocol::Context& context, const pam::Outcome& outcome);
  protocol::LoginReply Held(protocol::LoginState state, BootTime since);
  Result<void> RecordUnasked(std::string_view stage, std::string name,
                             const protocol::Context& context);
  std::string NameForRecord(const std::string& typed) const;

  const config::Config& config_;
  const PamSocket pam_;
  store::SessionStore& sessions_;
  store::KnownNames& known_names_;
  Throttle& throttle_;
  Conversations& conversations_;
  Audit& audit_;
  Metrics& metrics_;
  const Clock& clock_;
  Random& random_;
  const StateKeys& keys_;
  RepeatedAttempts repeated_;

  std::mutex mutex_;  // of what follows
  struct Unasked {
    bool has_record = false;
    BootTime recorded{};
    uint32_t others = 0;  // since then
  };
  std::map<std::string, Unasked> unasked_;  // by stage and network
};

}  // namespace rolebridge::issuer
