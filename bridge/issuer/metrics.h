#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/certificate_notice.h"
#include "ldap/server_list.h"

namespace rolebridge::issuer {

// What this process has done since it started, and how long that took, for Prometheus; sole user of
// prometheus-cpp. Nothing in it tells of a person (security.md X2). Safe to call from several
// threads.
class Metrics {
 public:
  // Of what a login and a sign-on are made.
  enum class Step { kPam, kDirectory, kMapping, kSigning, kStore };

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // `outcome`: "succeeded", "stepped_up", or what stood against it; one of few words.
  void CountLogin(std::string_view outcome);
  void CountResponse(const std::string& application);
  // `reason`: of protocol::Reason.
  void CountRefusal(std::string_view reason);
  void Observe(Step step, std::chrono::duration<double> took);

  // What is so at this moment.
  struct Gauges {
    size_t sessions = 0;
    size_t conversations = 0;
    std::vector<EndingCertificate>
        certificates;  // in the metadata, that of the key that signs first
    std::string config_hash;
    std::vector<ldap::ServerHealth> directory_servers;
  };
  // In Prometheus's text format.
  std::string Text(const Gauges& gauges);

 private:
  struct Families;
  const std::unique_ptr<Families> families_;
};

// Observes from its making to its end.
class Timed {
 public:
  Timed(Metrics& metrics, Metrics::Step step);
  ~Timed();
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  Metrics& metrics_;
  const Metrics::Step step_;
  const std::chrono::nanoseconds began_;
};

}  // namespace rolebridge::issuer
