#include "bridge/issuer/current_service.h"

#include <utility>

#include "bridge/base/log.h"
#include "bridge/base/service_manager.h"

namespace rolebridge::issuer {
namespace {

using Outcome = CurrentService::Outcome;

constexpr size_t kMaxDetail = 1000;
// Well before whoever asked gives up (AdminClient::kReplyTimeout): what is reported as failed must
// not be taken afterwards. A test may be under way for ten seconds beyond it.
constexpr auto kReloadTime = std::chrono::seconds(60);

// What web binds when it starts, and keeps.
std::vector<std::string> NeedsRestart(const config::Config& before, const config::Config& after) {
  std::vector<std::string> keys;
  if (before.url != after.url) keys.emplace_back("url");
  if (before.listen.address != after.listen.address) keys.emplace_back("listen.address");
  if (before.listen.status_address != after.listen.status_address) {
    keys.emplace_back("listen.status_address");
  }
  if (before.listen.tls.certificate != after.listen.tls.certificate ||
      before.listen.tls.key != after.listen.tls.key) {
    keys.emplace_back("listen.tls");
  }
  if (before.listen.trusted_proxies != after.listen.trusted_proxies) {
    keys.emplace_back("listen.trusted_proxies");
  }
  for (const LimitRow& row : kLimitRows) {
    if (row.is_front && before.limits.*row.member != after.limits.*row.member) {
      keys.emplace_back("limits." + std::string(row.name));
    }
  }
  return keys;
}

// Whoever reloads is at hand to do something about it.
void WarnOfEnds(const std::vector<PublishedKey>& keys, SysSeconds now,
                std::vector<std::string>& warnings) {
  for (const PublishedKey& key : keys) {
    if (key.not_after - now >= kCertificateNotice) continue;
    warnings.push_back("signing: the certificate of '" + key.name + "' (" +
                       std::string(saml::ToString(key.state)) +
                       (key.not_after < now ? ") ended at " : ") ends at ") +
                       FormatUtc(key.not_after));
  }
}

// What systemctl status shows: one line.
void TellServiceManager(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  NotifyServiceManager("STATUS=" + text.substr(0, kMaxDetail));
}

}  // namespace

store::SessionBounds SessionBoundsOf(const config::Config& config) {
  return {.lifetime = config.session_lifetime,
          .idle = config.session_idle,
          .sessions = config.limits.sessions,
          .sessions_per_user = config.limits.sessions_per_user};
}

std::shared_ptr<const Service> CurrentService::Get() const {
  const std::lock_guard lock(mutex_);
  return service_;
}

Outcome CurrentService::Reload(const std::string& by) {
  const std::unique_lock lock(reloading_, std::try_to_lock);
  if (!lock) {
    return {.is_taken = false,
            .config_hash = Get()->config().hash,
            .problems = {"another reload is under way; ask again in a minute"},
            .warnings = {}};
  }
  Outcome outcome = Try(by);
  outcome.config_hash = Get()->config().hash;
  const std::string in_force = "configuration " + outcome.config_hash.substr(0, 12);
  if (outcome.is_taken) {
    TellServiceManager(in_force + ", reloaded " + FormatUtc(state_.clock.Now()));
    return outcome;
  }
  const std::string detail = outcome.problems.front().substr(0, kMaxDetail);
  TellServiceManager("still " + in_force + "; the reload of " + FormatUtc(state_.clock.Now()) +
                     " was refused: " + (outcome.gist.empty() ? detail : outcome.gist));
  // The old one stays in force whether that can be told or not.
  static_cast<void>(state_.audit.Write({"reload_refused",
                                        LogPriority::kError,
                                        {{"by", by},
                                         {"config", outcome.config_hash},
                                         {"problems", std::to_string(outcome.problems.size())},
                                         {"detail", detail}}}));
  return outcome;
}

Outcome CurrentService::Try(const std::string& by) {
  Outcome outcome;
  const BootTime deadline = state_.clock.SinceBoot() + kReloadTime;
  config::LoadResult loaded = read_();
  for (const config::Mistake& warning : loaded.warnings) {
    outcome.warnings.push_back(config::ToString(warning));
  }
  for (const config::Mistake& mistake : loaded.mistakes) {
    outcome.problems.push_back(config::ToString(mistake));
  }
  if (!loaded.config) return outcome;
  const Result<std::shared_ptr<const Service>> service =
      Service::Create(*std::move(loaded.config), state_);
  if (!service) {
    outcome.problems.push_back(service.error().message);
    return outcome;
  }
  outcome.problems = (*service)->BrokenPromises(Service::Whose::kAll, state_.clock, deadline);
  if (!outcome.problems.empty()) {
    outcome.gist = "tests that do not hold: " + std::to_string(outcome.problems.size()) +
                   "; rolebridge reload says which";
    return outcome;
  }
  if (state_.clock.SinceBoot() >= deadline) {
    outcome.problems.emplace_back("it took too long; whoever asked has given up");
    return outcome;
  }
  const std::shared_ptr<const Service> current = Get();
  const config::Config& before = current->config();
  const config::Config& after = (*service)->config();
  for (const std::string& key : NeedsRestart(before, after)) {
    outcome.warnings.push_back(key + ": takes effect when rolebridge-web starts again");
  }
  const std::vector<PublishedKey>& keys = (*service)->published_keys();
  WarnOfEnds(keys, state_.clock.Now(), outcome.warnings);
  const Result<void> recorded =
      state_.audit.Write({"config_reloaded",
                          LogPriority::kNotice,
                          {{"by", by},
                           {"config", after.hash},
                           {"config_before", before.hash},
                           {"key", keys.front().fingerprint},
                           {"key_before", current->published_keys().front().fingerprint},
                           {"published_keys", OtherFingerprints(keys)}}});
  if (!recorded) {
    outcome.problems.push_back("it can't be put on record: " + recorded.error().message);
    return outcome;
  }
  Install(*service);
  outcome.is_taken = true;
  return outcome;
}

void CurrentService::Install(std::shared_ptr<const Service> service) {
  const config::Config& config = service->config();
  state_.sessions.SetBounds(SessionBoundsOf(config));
  state_.throttle.SetLimits(config.limits);
  state_.record.SetRetention(config.audit_retention);
  const std::lock_guard lock(mutex_);
  service_.swap(service);
}

}  // namespace rolebridge::issuer
