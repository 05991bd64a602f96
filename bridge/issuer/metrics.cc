#include "bridge/issuer/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <mutex>

#include "bridge/base/monotonic.h"
#include "bridge/base/version.h"

namespace rolebridge::issuer {
namespace {

// By Step.
constexpr std::array kSteps = {"pam", "directory", "mapping", "signing", "store"};

prometheus::Histogram::BucketBoundaries Boundaries() {
  return {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
}

prometheus::Gauge& Gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

struct Metrics::Families {
  std::mutex mutex;  // of what is shown at the moment, and so of a whole text
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& logins = prometheus::BuildCounter()
                                                        .Name("rolebridge_logins_total")
                                                        .Help("Logins and step-ups, by outcome.")
                                                        .Register(registry);
  prometheus::Family<prometheus::Counter>& responses =
      prometheus::BuildCounter()
          .Name("rolebridge_responses_total")
          .Help("SAML responses issued, by application.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& refusals =
      prometheus::BuildCounter()
          .Name("rolebridge_refusals_total")
          .Help("Pages and sign-ons refused to somebody who is logged in, by reason.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& seconds =
      prometheus::BuildHistogram()
          .Name("rolebridge_step_seconds")
          .Help("How long each part of a login or a sign-on took.")
          .Register(registry);
  prometheus::Gauge& sessions =
      Gauge(registry, "rolebridge_sessions", "Sessions that have not ended.");
  prometheus::Gauge& conversations =
      Gauge(registry, "rolebridge_conversations", "Logins under way.");
  prometheus::Gauge& certificate =
      Gauge(registry, "rolebridge_signing_certificate_not_after_seconds",
            "When the certificate of the key that signs ends, in seconds since 1970.");
  prometheus::Family<prometheus::Gauge>& published =
      prometheus::BuildGauge()
          .Name("rolebridge_published_certificate_not_after_seconds")
          .Help(
              "When each certificate of the metadata ends, in seconds since 1970, by its key's "
              "name and state.")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& build = prometheus::BuildGauge()
                                                     .Name("rolebridge_build_info")
                                                     .Help("1, with the version of the issuer.")
                                                     .Register(registry);
  prometheus::Family<prometheus::Gauge>& configuration =
      prometheus::BuildGauge()
          .Name("rolebridge_configuration_info")
          .Help("1, with the SHA-256 of the configuration in force.")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& directory =
      prometheus::BuildGauge()
          .Name("rolebridge_directory_server_healthy")
          .Help("1 for each server of the directory that answered last, 0 for one that failed.")
          .Register(registry);
  std::vector<ldap::ServerHealth> servers;
  std::vector<prometheus::Gauge*> healths;  // of those
  std::vector<EndingCertificate> shown;
  std::vector<prometheus::Gauge*> ends;  // of those
  prometheus::Gauge* in_force = nullptr;
  std::string in_force_hash;
  std::array<prometheus::Histogram*, kSteps.size()> steps{};

  void ShowCertificates(const std::vector<EndingCertificate>& certificates);
  void ShowServers(const std::vector<ldap::ServerHealth>& now);
};

void Metrics::Families::ShowServers(const std::vector<ldap::ServerHealth>& now) {
  if (now == servers) return;
  for (prometheus::Gauge* const gauge : healths) directory.Remove(gauge);
  healths.clear();
  for (const ldap::ServerHealth& server : now) {
    prometheus::Gauge& gauge = directory.Add({{"server", server.uri}});
    gauge.Set(server.is_healthy ? 1 : 0);
    healths.push_back(&gauge);
  }
  servers = now;
}

void Metrics::Families::ShowCertificates(const std::vector<EndingCertificate>& certificates) {
  if (certificates == shown) return;
  for (prometheus::Gauge* const gauge : ends) published.Remove(gauge);
  ends.clear();
  for (const EndingCertificate& each : certificates) {
    // By the fingerprint too: two of a list may be called alike.
    prometheus::Gauge& gauge =
        published.Add({{"key", each.key}, {"state", each.state}, {"sha256", each.sha256}});
    gauge.Set(static_cast<double>(each.not_after.time_since_epoch().count()));
    ends.push_back(&gauge);
  }
  if (!certificates.empty()) {
    certificate.Set(static_cast<double>(certificates.front().not_after.time_since_epoch().count()));
  }
  shown = certificates;
}

Metrics::Metrics() : families_(std::make_unique<Families>()) {
  for (size_t i = 0; i < kSteps.size(); ++i) {
    families_->steps.at(i) = &families_->seconds.Add({{"step", kSteps.at(i)}}, Boundaries());
  }
  families_->build.Add({{"version", std::string(kVersion)}}).Set(1);
}

Metrics::~Metrics() = default;

void Metrics::CountLogin(std::string_view outcome) {
  families_->logins.Add({{"outcome", std::string(outcome)}}).Increment();
}

void Metrics::CountResponse(const std::string& application) {
  families_->responses.Add({{"application", application}}).Increment();
}

void Metrics::CountRefusal(std::string_view reason) {
  families_->refusals.Add({{"reason", std::string(reason)}}).Increment();
}

void Metrics::Observe(Step step, std::chrono::duration<double> took) {
  families_->steps.at(static_cast<size_t>(step))->Observe(took.count());
}

std::string Metrics::Text(const Gauges& gauges) {
  const std::lock_guard lock(families_->mutex);
  families_->sessions.Set(static_cast<double>(gauges.sessions));
  families_->conversations.Set(static_cast<double>(gauges.conversations));
  families_->ShowCertificates(gauges.certificates);
  families_->ShowServers(gauges.directory_servers);
  if (families_->in_force_hash != gauges.config_hash) {
    if (families_->in_force != nullptr) families_->configuration.Remove(families_->in_force);
    families_->in_force = &families_->configuration.Add({{"sha256", gauges.config_hash}});
    families_->in_force->Set(1);
    families_->in_force_hash = gauges.config_hash;
  }
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

Timed::Timed(Metrics& metrics, Metrics::Step step)
    : metrics_(metrics), step_(step), began_(MonotonicNow()) {}

Timed::~Timed() { metrics_.Observe(step_, MonotonicNow() - began_); }

}  // namespace rolebridge::issuer
