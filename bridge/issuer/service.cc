#include "bridge/issuer/service.h"

#include <utility>

#include "bridge/base/log.h"
#include "bridge/issuer/open_directory.h"
#include "bridge/issuer/promise.h"

namespace rolebridge::issuer {
namespace {

void TellOfServer(const std::string& uri, bool is_healthy) {
  Log(is_healthy ? LogPriority::kNotice : LogPriority::kWarning,
      is_healthy ? "directory_server_recovered" : "directory_server_failed", {{"server", uri}});
}

}  // namespace

Result<std::shared_ptr<const Service>> Service::Create(config::Config config, const State& state) {
  Result<SigningKeys> signing = LoadSigningKeys(config, state.clock.Now());
  if (!signing) return signing.error();
  Result<std::unique_ptr<ldap::Directory>> directory =
      OpenDirectory(config, state.clock, TellOfServer);
  if (!directory) return directory.error();
  return std::shared_ptr<const Service>(
      new Service(std::move(config), *std::move(signing), *std::move(directory), state));
}

Service::Service(config::Config config, SigningKeys signing,
                 std::unique_ptr<ldap::Directory> directory, const State& state)
    : config_(std::move(config)),
      signing_(std::move(signing)),
      directory_(std::move(directory)),
      people_(config_, *directory_, state.sessions, state.clock),
      audit_(state.audit, config_.hash),
      login_(config_, LoginMeansOf(state, audit_)),
      portal_(config_, people_, state.sessions, audit_, state.metrics, state.clock),
      issue_(config_, people_, signing_.signer, state.sessions, state.seen_requests, audit_,
             state.clock_guard, state.response_rate, state.metrics, state.clock, state.random,
             state.keys.name_id),
      table_({config_, login_, portal_, issue_, *directory_, state, signing_.published,
              [this](std::string_view slug) {
                return MetadataFor(config_, signing_.certificates_base64, slug);
              }}) {}

std::vector<std::string> Service::BrokenPromises(Whose whose, const Clock& clock,
                                                 BootTime deadline) const {
  std::vector<std::string> broken;
  for (const config::Test& test : config_.tests) {
    if (test.is_live && whose == Whose::kMadeUp) continue;
    if (clock.SinceBoot() >= deadline) {
      broken.push_back(ToString(test.position) + ": test '" + test.name +
                       "': the tests before it took too long");
      break;
    }
    const Result<void> kept = CheckPromise(config_, test, directory_.get(), clock);
    if (kept) continue;
    broken.push_back(ToString(test.position) + ": test '" + test.name +
                     "': " + kept.error().message);
  }
  return broken;
}

}  // namespace rolebridge::issuer
