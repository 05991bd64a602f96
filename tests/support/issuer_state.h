#pragma once

#include <memory>
#include <string>

#include "bridge/issuer/state.h"
#include "tests/support/fakes.h"
#include "tests/support/opened_store.h"

namespace rolebridge::testing {

// What an issuer keeps from its start to its end, over a real store, with nobody behind its PAM
// sockets.
struct IssuerState {
  IssuerState(const std::string& folder, const Clock& clock, Random& random, issuer::Audit& audit,
              const Limits& limits = {}, int sessions = 1000)
      : stored(folder, clock, random,
               {.lifetime = std::chrono::hours(8),
                .idle = std::chrono::hours(1),
                .sessions = static_cast<size_t>(sessions),
                .sessions_per_user = 10}),
        record(*store::AuditLog::Open(
            *stored.store, *store::AuditKey::Open(folder + "/audit.key", clock.Now(), random),
            clock.Now(), std::nullopt)),
        throttle(*issuer::Throttle::Open(store::ThrottleTable(*stored.store), limits, keys.throttle,
                                         clock)),
        repeated_attempts(clock, random),
        unasked_logins(clock),
        conversations(clock, random),
        response_rate(clock),
        guard(clock),
        state{.clock = clock,
              .random = random,
              .keys = keys,
              .pam = pam,
              .store = *stored.store,
              .record = *record,
              .sessions = *stored.sessions,
              .seen_requests = *stored.seen_requests,
              .known_names = *stored.known_names,
              .audit = audit,
              .throttle = *throttle,
              .repeated_attempts = repeated_attempts,
              .unasked_logins = unasked_logins,
              .conversations = conversations,
              .response_rate = response_rate,
              .clock_guard = guard,
              .metrics = metrics} {}

  OpenedStore stored;
  std::unique_ptr<store::AuditLog> record;
  const issuer::StateKeys keys = SomeKeys();
  issuer::PamSockets pam{"/nonexistent/pam.sock", "", 0};
  std::unique_ptr<issuer::Throttle> throttle;
  issuer::RepeatedAttempts repeated_attempts;
  issuer::UnaskedLogins unasked_logins;
  issuer::Conversations conversations;
  issuer::ResponseRate response_rate;
  issuer::ClockGuard guard;
  issuer::Metrics metrics;
  const issuer::State state;
};

}  // namespace rolebridge::testing
