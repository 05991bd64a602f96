#include <fuzzer/FuzzedDataProvider.h>

#include <cstdlib>
#include <string>

#include "bridge/mapping/mapping.h"
#include "bridge/mapping/policy.h"

// Any text as a mapping and as a policy, over any values from the directory: parsing comes to an
// end with a mapping or mistakes; rendering is total, bounded, the same twice, and marks whatever
// came from the directory.
namespace {

using namespace rolebridge::mapping;  // NOLINT: a fuzz target of one page

void Require(bool condition) {
  if (!condition) std::abort();
}

// No template that is mutated out of the corpus holds this.
constexpr char kCanary[] = "\x01\x02\x03";

Facts MakeFacts(FuzzedDataProvider& data) {
  Facts facts;
  facts.user.username = kCanary + data.ConsumeRandomLengthString(64);
  facts.user.attributes["email"] = {kCanary + data.ConsumeRandomLengthString(64), kCanary};
  const size_t groups = data.ConsumeIntegralInRange<size_t>(0, 5);
  for (size_t i = 0; i < groups; ++i) {
    Group group{kCanary + data.ConsumeRandomLengthString(16), kCanary, {}};
    group.attributes["aws_role"] = {kCanary + data.ConsumeRandomLengthString(16)};
    facts.groups.push_back(std::move(group));
  }
  facts.application = {{"slug", "aws"}, {"name", "AWS"}};
  facts.client_address = kCanary;
  facts.assurance = data.ConsumeIntegralInRange<size_t>(0, 2);
  return facts;
}

std::string Written(const Outcome& outcome) {
  std::string text = outcome.exhausted ? "!" : "";
  for (const Value& value : outcome.values) {
    for (const auto& piece : value.text.pieces) {
      Require(piece.from_directory != piece.source.empty());
      Require(piece.from_directory || piece.text.find(kCanary) == std::string::npos);
      text += piece.text + "|";
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  const Names names{{"email"}, {"aws_role"}, {"password", "mfa"}, {{"provider", "bridge"}}};
  const Facts facts = MakeFacts(data);
  const std::string for_each = data.ConsumeRandomLengthString(256);
  const std::string when = data.ConsumeRandomLengthString(256);
  const std::string value = data.ConsumeRemainingBytesAsString();
  MappingSource source{.name = "fuzz", .saml_name = {"x", {}}, .values = {{value, {"f", 1, 1}}}};
  if (!for_each.empty()) source.for_each = SourceText{for_each, {"f", 2, 1}};
  if (!when.empty()) source.when = SourceText{when, {"f", 3, 1}};

  // A canary within the configuration would be found in what is not the directory's.
  if ((for_each + when + value).find('\x01') != std::string::npos) return 0;
  std::vector<Mistake> mistakes;
  const auto mapping = Mapping::Parse(source, names, mistakes);
  Require(mapping.has_value() == mistakes.empty());
  if (mapping) Require(Written(mapping->Evaluate(facts)) == Written(mapping->Evaluate(facts)));

  mistakes.clear();
  const auto policy = Policy::Parse({"fuzz", {}, {when, {"f", 3, 1}}, "no"}, names, mistakes);
  Require(policy.has_value() == mistakes.empty());
  if (policy) Require(policy->Allows(facts) == policy->Allows(facts));
  return 0;
}
