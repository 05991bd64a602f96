// What issuing costs, against the least that it can cost: one RSA-2048 signature by OpenSSL's EVP
// in the same run. The last line gives the ratio; the aim is 1.5 at most (docs, "Numbers").

#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bridge/issuer/issue_service.h"
#include "bridge/saml/signing_key.h"
#include "tests/support/fakes.h"
#include "tests/support/opened_store.h"
#include "tests/support/sample_config.h"

namespace rolebridge {
namespace {

class NoAudit final : public issuer::Audit {
 public:
  Result<void> Write(const issuer::AuditEvent& event, std::vector<store::Change>) override {
    benchmark::DoNotOptimize(FormatLogLine(event.priority, event.name, event.fields));
    return {};
  }
};

// Five roles by three groups, of which one is sent: an ordinary click.
ldap::Lookup Person() {
  ldap::Lookup lookup;
  lookup.person = {.dn = "uid=alice,ou=people,dc=example,dc=org", .unique_id = "uuid-alice"};
  const auto add = [&](const std::string& name, const std::string& account,
                       std::vector<std::string> roles) {
    lookup.groups.push_back({name,
                             "cn=" + name + ",ou=groups,dc=example,dc=org",
                             {{"aws_account", {account}}, {"aws_role", std::move(roles)}}});
  };
  add("ops", "123412341234", {"Admin", "ReadOnly"});
  add("dev", "210987654321", {"Developer", "ReadOnly"});
  add("audit", "123412341234", {"Auditor"});
  return lookup;
}

saml::SigningKey Key() {
  const testing::FakeClock clock;
  SystemRandom random;
  const saml::NewKeyPair pair = *saml::MakeKeyPair("bench", {}, 2048, 2, clock.now, random);
  return *saml::SigningKey::Load(pair.certificate_pem, pair.key_pem, clock.now);
}

void RawRsa2048(benchmark::State& state) {
  const saml::SigningKey key = Key();
  const std::string text(1024, 'x');
  std::vector<unsigned char> signature(512);
  for (auto _ : state) {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    size_t size = signature.size();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key.private_key());
    EVP_DigestSign(context, signature.data(), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    benchmark::DoNotOptimize(signature);
  }
}
BENCHMARK(RawRsa2048)->Unit(benchmark::kMicrosecond);

// Session, directory answer, mapping, AWS's rules, XML, signature, its verification, record,
// base64.
void Issue(benchmark::State& state) {
  config::Config config = testing::SampleConfig();
  config.limits.responses_per_minute = 10'000'000;
  config.limits.responses_per_session_and_minute = 10'000'000;
  testing::FakeClock clock;
  SystemRandom random;
  NoAudit audit;
  testing::FakeDirectory directory;
  directory.answer = Person();
  const testing::TemporaryFolder folder;
  testing::OpenedStore stored(folder.path(), clock, random);
  store::SessionStore& sessions = *stored.sessions;
  const issuer::PersonReader people(config, directory, sessions, clock);
  const saml::Signer signer = *saml::Signer::Create(Key());
  issuer::ClockGuard guard(clock);
  issuer::Metrics metrics;
  issuer::ResponseRate rate(clock);
  const SecretString name_id_key(std::string(32, 'k'));
  issuer::IssueService service(config, people, signer, sessions, *stored.seen_requests, audit,
                               guard, rate, metrics, clock, random, name_id_key);
  const SecretString session = *sessions.Create({.username = "alice",
                                                 .assurance = "password",
                                                 .authn_instant = clock.now,
                                                 .session_index = "_bench"},
                                                stored.Commit());
  for (auto _ : state) {
    // A second a response: the counters of the last minute stay as short as in life.
    clock.Advance(std::chrono::seconds(1));
    protocol::IssueRequest request{
        .context = {.request_id = "0123456789abcdef", .client_address = "192.0.2.7"},
        .application = "aws",
        .role = "arn:aws:iam::123412341234:role/Admin"};
    request.session = SecretString(session.Reveal());
    issuer::IssueService::Reply reply = service.Issue(request);
    if (!std::holds_alternative<protocol::IssueReply>(reply)) {
      const auto& refusal = std::get<protocol::Refusal>(reply);
      state.SkipWithError(
          ("refused: " + std::to_string(static_cast<int>(refusal.reason)) + " " + refusal.detail)
              .c_str());
      break;
    }
    benchmark::DoNotOptimize(reply);
  }
}
BENCHMARK(Issue)->Unit(benchmark::kMicrosecond);

// Shows what the console shows, and keeps each benchmark's fastest repetition.
class RatioReporter final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const double time = run.GetAdjustedCPUTime();
      double& least = least_.try_emplace(run.run_name.function_name, time).first->second;
      least = std::min(least, time);
    }
  }
  void Finalize() override {
    if (least_.size() < 2) return;
    std::printf("issuing costs %.2f times one RSA-2048 signature (%.3f ms to %.3f ms of CPU)\n",
                least_["Issue"] / least_["RawRsa2048"], least_["Issue"] / 1000,
                least_["RawRsa2048"] / 1000);
  }

 private:
  std::map<std::string, double> least_;
};

}  // namespace
}  // namespace rolebridge

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  rolebridge::RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return 0;
}
