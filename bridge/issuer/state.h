#pragma once

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/issuer/audit.h"
#include "bridge/issuer/clock_guard.h"
#include "bridge/issuer/conversations.h"
#include "bridge/issuer/login_end.h"
#include "bridge/issuer/metrics.h"
#include "bridge/issuer/repeated_attempts.h"
#include "bridge/issuer/response_rate.h"
#include "bridge/issuer/state_keys.h"
#include "bridge/issuer/throttle.h"
#include "bridge/issuer/unasked_logins.h"
#include "bridge/store/audit_log.h"
#include "bridge/store/known_names.h"
#include "bridge/store/seen_requests.h"
#include "bridge/store/session_store.h"
#include "bridge/store/store.h"

namespace rolebridge::issuer {

// What one process keeps from its start to its end, whatever configuration is in force; made once,
// in main().
struct State {
  const Clock& clock;
  Random& random;
  const StateKeys& keys;
  const PamSockets& pam;
  store::Store& store;
  store::AuditLog& record;
  store::SessionStore& sessions;
  store::SeenRequests& seen_requests;
  store::KnownNames& known_names;
  Audit& audit;
  Throttle& throttle;
  RepeatedAttempts& repeated_attempts;
  UnaskedLogins& unasked_logins;
  Conversations& conversations;
  ResponseRate& response_rate;
  ClockGuard& clock_guard;
  Metrics& metrics;
};

inline LoginMeans LoginMeansOf(const State& state, Audit& audit) {
  return {.pam = state.pam,
          .sessions = state.sessions,
          .known_names = state.known_names,
          .throttle = state.throttle,
          .repeated_attempts = state.repeated_attempts,
          .unasked_logins = state.unasked_logins,
          .conversations = state.conversations,
          .audit = audit,
          .metrics = state.metrics,
          .clock = state.clock,
          .random = state.random,
          .keys = state.keys};
}

}  // namespace rolebridge::issuer
