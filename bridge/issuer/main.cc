#include <thread>

#include "bridge/base/certificate_notice.h"
#include "bridge/base/log.h"
#include "bridge/config/config_loader.h"
#include "bridge/issuer/admin_table.h"
#include "bridge/issuer/current_service.h"
#include "bridge/issuer/request_server.h"
#include "bridge/issuer/startup.h"
#include "bridge/protocol/admin.h"

using namespace rolebridge;          // NOLINT(google-build-using-namespace)
using namespace rolebridge::issuer;  // NOLINT(google-build-using-namespace)

int main(int argc, char** argv) {
  HardenProcess();
  const Options options = ParseOptionsOrExit(argc, argv);
  const UniqueFd stop = StopSignalFd();
  const config::Config config = LoadConfigOrExit(options.config_path);

  const SystemClock clock;
  SystemRandom random;
  ClockGuard clock_guard(clock);
  const StateKeys keys = OrExit(LoadStateKeys(options.state_directory, random));
  const Origin origin = ThisOrigin();
  const auto store = OrExit(store::Store::Open(options.state_directory));
  const auto record =
      OpenRecordOrExit(*store, options.state_directory, config, clock.Now(), random);
  const auto audit = OpenAudit(*record, origin, clock);
  const auto sessions = OrExit(
      store::SessionStore::Open(*store, SessionBoundsOf(config), origin.boot_id, clock, random));
  const auto seen_requests = OrExit(store::SeenRequests::Open(*store, clock));
  const auto known_names = OrExit(store::KnownNames::Open(*store));
  const auto throttle =
      OrExit(Throttle::Open(store::ThrottleTable(*store), config.limits, keys.throttle, clock));
  RepeatedAttempts repeated_attempts(clock, random);
  UnaskedLogins unasked_logins(clock);
  Conversations conversations(clock, random);
  ResponseRate response_rate(clock);
  Metrics metrics;
  const PamSockets pam{options.pam_socket_path, options.pam_change_socket_path, options.pam_uid};
  const State state{.clock = clock,
                    .random = random,
                    .keys = keys,
                    .pam = pam,
                    .store = *store,
                    .record = *record,
                    .sessions = *sessions,
                    .seen_requests = *seen_requests,
                    .known_names = *known_names,
                    .audit = *audit,
                    .throttle = *throttle,
                    .repeated_attempts = repeated_attempts,
                    .unasked_logins = unasked_logins,
                    .conversations = conversations,
                    .response_rate = response_rate,
                    .clock_guard = clock_guard,
                    .metrics = metrics};

  auto first = OrExit(Service::Create(config, state));
  KeepPromisesOrExit(*first, clock);
  CurrentService current(
      std::move(first), [&] { return config::LoadConfig(options.config_path); }, state);
  const AdminTable admin_table(current, state);
  RecordOrExit(*audit, StartedEvent(*current.Get()));
  CertificateNotice notice(clock);
  const auto keep_up = [&] {
    notice.Look(EndsOf(current.Get()->published_keys()));
    KeepUp(*store, *record, clock.Now());
  };
  {
    Listeners listeners = ListenOrExit(options);
    RequestServer web(
        std::move(listeners.web), options.web_uid, protocol::kMaxAnswerRequest, {},
        [&](std::string_view message, uid_t) { return current.Get()->Answer(message); });
    std::optional<RequestServer> admin;
    std::jthread administration;
    if (listeners.admin) {
      admin.emplace(
          *std::move(listeners.admin), std::nullopt, protocol::kMaxAdminRequest,
          RequestServer::Bounds{.connections = 16, .idle = std::chrono::seconds(10)},
          [&](std::string_view message, uid_t peer) { return admin_table.Answer(message, peer); });
      administration = std::jthread([&] { admin->ServeUntil(stop.get(), [] {}); });
    }
    NotifyReady(config);
    Log(LogPriority::kNotice, "ready", {{"socket", options.socket_path}, {"config", config.hash}});
    keep_up();
    web.ServeUntil(stop.get(), keep_up, KeepUpInterval());
  }
  sessions->Flush();
  static_cast<void>(audit->Write({"issuer_stopped", LogPriority::kNotice, {}}));
  return 0;
}
