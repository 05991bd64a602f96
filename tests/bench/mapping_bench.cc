// What mapping costs for 10, 100 and 1,000 groups, against one RSA-2048 signature by OpenSSL's EVP
// in the same run. The last lines give the ratios; the aim is a tenth of it for 100 groups.

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bridge/mapping/mapping.h"

namespace rolebridge::mapping {
namespace {

Names BenchNames() {
  std::vector<Account> accounts;
  for (int i = 0; i < 200; ++i) {
    accounts.push_back(
        {.alias = "account" + std::to_string(i), .id = std::to_string(100'000'000'000 + i)});
  }
  return {.user_attributes = {"email"},
          .group_attributes = {"aws_role", "aws_account"},
          .assurance_levels = {"password"},
          .accounts = std::make_shared<const std::vector<Account>>(std::move(accounts))};
}

Facts BenchFacts(int64_t groups) {
  Facts facts{.user = {"alice", "uid=alice,ou=people,dc=example,dc=org", {}}};
  for (int64_t i = 0; i < groups; ++i) {
    const std::string number = std::to_string(i % 200);
    const std::string name = "AWS-account" + number + "-Role" + std::to_string(i);
    facts.groups.push_back(
        {name,
         "cn=" + name + ",ou=groups,dc=example,dc=org",
         {{"aws_role", {"Role" + number}}, {"aws_account", {"account" + number}}}});
  }
  return facts;
}

Mapping BenchMapping(const std::string& for_each, const std::string& when,
                     const std::string& account, const std::string& role) {
  const std::string found = "{{ accounts[" + account + "].";
  MappingSource source{
      .name = "bench",
      .saml_name = {"https://aws.amazon.com/SAML/Attributes/Role", {}},
      .for_each = SourceText{for_each, {}},
      .values = {{found + "iam }}:role/{{ " + role + " }}," + found + "provider_arn }}", {}}}};
  if (!when.empty()) source.when = SourceText{when, {}};
  std::vector<Mistake> mistakes;
  auto mapping = Mapping::Parse(source, BenchNames(), mistakes);
  if (!mapping) std::printf("%s\n", mistakes.front().message.c_str());
  return *std::move(mapping);
}

void Measure(benchmark::State& state, const Mapping& mapping) {
  const Facts facts = BenchFacts(state.range(0));
  for (auto _ : state) {
    Outcome outcome = mapping.Evaluate(facts);
    if (outcome.values.size() != facts.groups.size()) state.SkipWithError("roles are missing");
    benchmark::DoNotOptimize(outcome);
  }
  state.SetComplexityN(state.range(0));
}

void ByAttribute(benchmark::State& state) {
  Measure(state,
          BenchMapping("group in groups, role in group.aws_role", "", "group.aws_account", "role"));
}
BENCHMARK(ByAttribute)->Arg(10)->Arg(100)->Arg(1'000)->Unit(benchmark::kMicrosecond)->Complexity();

void ByName(benchmark::State& state) {
  Measure(state, BenchMapping("group in groups",
                              "group.name matches 'AWS-(?P<account>[a-z0-9]+)-(?P<role>.+)'",
                              "match.account", "match.role"));
}
BENCHMARK(ByName)->Arg(10)->Arg(100)->Arg(1'000)->Unit(benchmark::kMicrosecond)->Complexity();

void RawRsa2048(benchmark::State& state) {
  EVP_PKEY* const key = EVP_RSA_gen(2048);
  const std::string text(1024, 'x');
  std::vector<unsigned char> signature(512);
  for (auto _ : state) {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    size_t size = signature.size();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key);
    EVP_DigestSign(context, signature.data(), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    benchmark::DoNotOptimize(signature);
  }
  EVP_PKEY_free(key);
}
BENCHMARK(RawRsa2048)->Unit(benchmark::kMicrosecond);

// Shows what the console shows, and keeps each benchmark's fastest repetition.
class RatioReporter final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const std::string name =
          run.run_name.function_name + (run.run_name.args.empty() ? "" : "/" + run.run_name.args);
      const double time = run.GetAdjustedCPUTime();
      double& least = least_.try_emplace(name, time).first->second;
      least = std::min(least, time);
    }
  }
  void Finalize() override {
    for (const std::string name : {"ByAttribute", "ByName"}) {
      const double small = least_[name + "/10"], middle = least_[name + "/100"],
                   large = least_[name + "/1000"], signature = least_["RawRsa2048"];
      if (small == 0 || large == 0 || signature == 0) continue;
      std::printf(
          "%s: 100 groups cost %.3f of one RSA-2048 signature (%.1f us to %.1f us of CPU); ten "
          "times the groups cost %.1f and %.1f times as much\n",
          name.c_str(), middle / signature, middle, signature, middle / small, large / middle);
    }
  }

 private:
  std::map<std::string, double> least_;
};

}  // namespace
}  // namespace rolebridge::mapping

int main(int argc, char** argv) {
  // Else whether glibc gives the top of the heap back after each outcome, and faults it in for the
  // next, hangs on what happens to lie there; in a service something does.
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  benchmark::Initialize(&argc, argv);
  rolebridge::mapping::RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return 0;
}
