#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bridge/mapping/mapping.h"
#include "bridge/mapping/policy.h"
#include "bridge/mapping/time_box.h"

// Any text as a mapping and as a policy, over any values from the directory: parsing comes to an
// end with a mapping or mistakes; rendering is total, bounded, the same twice, and marks whatever
// came from the directory. An input is lines: for_each, when, value, the user's name and e-mail
// address, then a group's name and role by turns.
namespace {

using namespace rolebridge::mapping;  // NOLINT: a fuzz target of one page

void Require(bool condition) {
  if (!condition) std::abort();
}

// Begins every value of the directory, and stands in no template.
constexpr char kCanary[] = "\x01\x02\x03";

// The first line of `rest`, which loses it.
std::string TakeLine(std::string_view& rest) {
  const size_t end = rest.find('\n');
  const std::string line(rest.substr(0, end));
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

Names MakeNames() {
  return {.user_attributes = {"email"},
          .group_attributes = {"aws_role"},
          .assurance_levels = {"password", "mfa"},
          .vars = {{"provider", "bridge"}},
          .accounts = std::make_shared<const std::vector<Account>>(std::vector<Account>{
              {.alias = "prod", .id = "123412341234", .tags = {{"team", "core"}}},
              {.alias = "dev", .id = "210987654321"}})};
}

Facts MakeFacts(std::string_view rest) {
  Facts facts;
  facts.user.username = kCanary + TakeLine(rest);
  facts.user.attributes["email"] = {kCanary + TakeLine(rest), kCanary};
  while (!rest.empty() && facts.groups.size() < 5) {
    Group group{kCanary + TakeLine(rest), kCanary + std::to_string(facts.groups.size()), {}};
    group.attributes["aws_role"] = {kCanary + TakeLine(rest)};
    facts.groups.push_back(std::move(group));
  }
  facts.application = {{"slug", "aws"}, {"name", "AWS"}};
  facts.client_address = kCanary;
  facts.instant = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);
  facts.assurance = facts.groups.size() % 3;
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
  Require(text.size() <= 4 * 1'048'576);
  return text;
}

// What is left of values with an end carries none any more.
void CheckEnds(Facts facts) {
  std::vector<EndedValue> ended;
  RemoveEnded(facts, ended);
  for (const EndedValue& value : ended) Require(!value.reason.empty());
  Require(!HasTimeBox(facts));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(bytes), size);
  const Names names = MakeNames();
  const std::string for_each = TakeLine(rest), when = TakeLine(rest), value = TakeLine(rest);
  const Facts facts = MakeFacts(rest);
  CheckEnds(facts);
  // A canary within the configuration would be found in what is not the directory's.
  if ((for_each + when + value).find('\x01') != std::string::npos) return 0;
  MappingSource source{.name = "fuzz", .saml_name = {"x", {}}, .values = {{value, {"f", 1, 1}}}};
  if (!for_each.empty()) source.for_each = SourceText{for_each, {"f", 2, 1}};
  if (!when.empty()) source.when = SourceText{when, {"f", 3, 1}, when.size() % 2 == 0};

  std::vector<Mistake> mistakes;
  const auto mapping = Mapping::Parse(source, names, mistakes);
  Require(mapping.has_value() == mistakes.empty());
  for (const Mistake& mistake : mistakes) Require(!mistake.message.empty());
  if (mapping) Require(Written(mapping->Evaluate(facts)) == Written(mapping->Evaluate(facts)));

  mistakes.clear();
  const auto policy = Policy::Parse(
      {.name = "fuzz", .conditions = {{when, {"f", 3, 1}}}, .message = "no"}, names, mistakes);
  Require(policy.has_value() == mistakes.empty());
  if (policy) Require(policy->Judge(facts).reason == policy->Judge(facts).reason);
  return 0;
}
