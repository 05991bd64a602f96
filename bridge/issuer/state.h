#pragma once

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/issuer/audit.h"
#include "bridge/issuer/clock_guard.h"
#include "bridge/issuer/conversations.h"
#include "bridge/issuer/login_service.h"
#include "bridge/issuer/metrics.h"
#include "bridge/issuer/state_keys.h"
#include "bridge/issuer/throttle.h"
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
  const PamSocket& pam;
  store::Store& store;
  store::AuditLog& record;
  store::SessionStore& sessions;
  store::SeenRequests& seen_requests;
  store::KnownNames& known_names;
  Audit& audit;
  Throttle& throttle;
  Conversations& conversations;
  ClockGuard& clock_guard;
  Metrics& metrics;
};

}  // namespace rolebridge::issuer
