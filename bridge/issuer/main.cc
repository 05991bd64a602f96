#include "bridge/base/log.h"
#include "bridge/issuer/request_server.h"
#include "bridge/issuer/request_table.h"
#include "bridge/issuer/startup.h"

using namespace rolebridge;          // NOLINT(google-build-using-namespace)
using namespace rolebridge::issuer;  // NOLINT(google-build-using-namespace)

int main(int argc, char** argv) {
  HardenProcess();
  const Options options = ParseOptionsOrExit(argc, argv);
  const UniqueFd stop = StopSignalFd();
  const config::Config config = LoadConfigOrExit(options.config_path);

  const SystemClock clock;
  SystemRandom random;
  const StateKeys keys = LoadStateKeysOrExit(options.state_directory, random);
  const SigningKeys signing = LoadSigningKeysOrExit(config, clock.Now());
  const std::unique_ptr<ldap::Directory> directory = OpenDirectoryOrExit(config, clock);
  ClockGuard clock_guard(clock, config.require_synchronised_clock);

  const Origin origin = ThisOrigin();
  const std::unique_ptr<store::Store> store = OpenStoreOrExit(options.state_directory);
  const auto record =
      LoadAuditLogOrExit(*store, options.state_directory, config, clock.Now(), random);
  const std::unique_ptr<Audit> audit = OpenAudit(*record, origin, clock);
  const auto sessions = LoadSessionsOrExit(*store, config, origin.boot_id, clock, random);
  const auto seen_requests = LoadSeenRequestsOrExit(*store, clock);
  const auto known_names = LoadKnownNamesOrExit(*store);

  const PersonReader people(config, *directory, *sessions, clock);
  const auto throttle = LoadThrottleOrExit(*store, config, keys, clock);
  LoginService login(config, {options.pam_socket_path, options.pam_uid}, *sessions, *known_names,
                     *throttle, *audit, clock, random, keys);
  PortalService portal(config, people, *sessions, *audit, clock);
  IssueService issue(config, people, signing.signer, *sessions, *seen_requests, *audit, clock_guard,
                     clock, random, keys.name_id);
  const RequestTable table({config, login, portal, issue, *store, *sessions, *directory,
                            clock_guard, keys.sealing, [&](std::string_view slug) {
                              return MetadataFor(config, signing.certificates_base64, slug);
                            }});

  RecordOrExit(*audit, {"issuer_started", LogPriority::kNotice, {{"config", config.hash}}});
  {
    RequestServer server(ListenOrExit(options.socket_path), options.web_uid,
                         protocol::kMaxAnswerRequest,
                         [&](std::string_view message) { return table.Answer(message); });
    NotifyReady();
    Log(LogPriority::kNotice, "ready", {{"socket", options.socket_path}, {"config", config.hash}});
    server.ServeUntil(stop.get(), [&] { KeepUp(*store, *record, clock.Now()); });
  }
  sessions->Flush();
  static_cast<void>(audit->Write({"issuer_stopped", LogPriority::kNotice, {}}));
  return 0;
}
