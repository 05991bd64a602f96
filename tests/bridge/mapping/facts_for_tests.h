#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bridge/mapping/mapping.h"
#include "bridge/mapping/policy.h"

namespace rolebridge::mapping {

// One person, four groups in no order, and what templates may name about them.

inline Names SampleNames() {
  return {.user_attributes = {"email", "department", "nickname"},
          .group_attributes = {"aws_role", "aws_account", "owner"},
          .assurance_levels = {"password", "mfa", "smartcard"},
          .vars = {{"provider", "rolebridge"}, {"region", "eu-west-1"}},
          .accounts = std::make_shared<const std::vector<Account>>(std::vector<Account>{
              {.alias = "prod",
               .id = "123412341234",
               .name = "Production",
               .tags = {{"team", "core"}, {"cost-centre", "42"}}},
              {.alias = "china", .id = "567856785678", .partition = "aws-cn", .provider = "sso"},
              {.alias = "dev", .id = "210987654321", .name = "Development"}})};
}

inline Facts SampleFacts() {
  return {.user = {.username = "alice",
                   .dn = "uid=alice,ou=people,dc=example,dc=org",
                   .attributes = {{"email", {"alice@example.org"}},
                                  {"department", {"R&D", "IT"}},
                                  {"nickname", {}}}},
          .groups = {{"staff", "cn=staff,ou=groups", {{"aws_account", {"123412341234"}}}},
                     {"aws-reader",
                      "cn=aws-reader,ou=groups",
                      {{"aws_role", {"reader"}}, {"owner", {"alice"}}}},
                     {"aws-admin", "cn=aws-admin,ou=groups", {{"aws_role", {"writer", "admin"}}}},
                     {"Zebra", "cn=Zebra,ou=groups", {}}},
          .application = {{"slug", "aws"}, {"name", "Amazon Web Services"}},
          .client_address = "192.0.2.7",
          // A Tuesday, 13:30 in Berlin.
          .instant = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) +
                     std::chrono::minutes(12 * 60 + 30),
          .assurance = 1};
}

inline SourceText At(std::string text, int line = 7, int column = 10) {
  return {std::move(text), {"test.yaml", line, column}};
}

inline MappingSource Sample(std::string value) {
  return {.name = "sample",
          .position = {"test.yaml", 5, 3},
          .saml_name = At("https://example.org/attribute", 6),
          .values = {At(std::move(value))}};
}

// The mistakes as an administrator reads them, one a line.
inline std::string Lines(const std::vector<Mistake>& mistakes) {
  std::string lines;
  for (const Mistake& mistake : mistakes) {
    lines += (lines.empty() ? "" : "\n") + ToString(mistake.position) + ": " + mistake.message;
  }
  return lines;
}

inline std::string MistakesIn(const MappingSource& source) {
  std::vector<Mistake> mistakes;
  const auto mapping = Mapping::Parse(source, SampleNames(), mistakes);
  EXPECT_EQ(mapping.has_value(), mistakes.empty());
  return Lines(mistakes);
}

inline Outcome OutcomeOf(const MappingSource& source, const Facts& facts = SampleFacts()) {
  std::vector<Mistake> mistakes;
  const auto mapping = Mapping::Parse(source, SampleNames(), mistakes);
  EXPECT_TRUE(mapping.has_value()) << Lines(mistakes);
  return mapping ? mapping->Evaluate(facts) : Outcome{};
}

inline std::vector<std::string> Texts(const Outcome& outcome) {
  std::vector<std::string> texts;
  for (const Value& value : outcome.values) texts.push_back(value.text.Text());
  return texts;
}

// What `{{ expression }}` renders to, or "dropped: <reason>".
inline std::string Render(const std::string& expression, const Facts& facts = SampleFacts()) {
  const Outcome outcome = OutcomeOf(Sample("{{ " + expression + " }}"), facts);
  if (outcome.exhausted) return "exhausted";
  if (outcome.values.size() == 1) return outcome.values.front().text.Text();
  return outcome.dropped.empty() ? "nothing" : "dropped: " + outcome.dropped.front().reason;
}

// The same where `condition` holds; "nothing" where it does not.
inline std::string RenderWhere(const std::string& condition, const std::string& expression,
                               const Facts& facts = SampleFacts()) {
  MappingSource source = Sample("{{ " + expression + " }}");
  source.when = At(condition);
  const Outcome outcome = OutcomeOf(source, facts);
  if (outcome.exhausted) return "exhausted";
  if (outcome.values.size() == 1) return outcome.values.front().text.Text();
  return outcome.dropped.empty() ? "nothing" : "dropped: " + outcome.dropped.front().reason;
}

// The mistakes in a condition that begins in column 10, from that column on.
inline std::string MistakesInCondition(const std::string& condition) {
  MappingSource source = Sample("x");
  source.when = At(condition);
  const std::string lines = MistakesIn(source);
  const std::string begin = "test.yaml:7:";
  return lines.starts_with(begin) ? lines.substr(begin.size()) : lines;
}

// "true", "false", "undefined: <reason>".
inline std::string Judge(const std::string& condition, const Facts& facts = SampleFacts()) {
  MappingSource source = Sample("yes");
  source.when = At(condition);
  const Outcome outcome = OutcomeOf(source, facts);
  if (!outcome.values.empty()) return "true";
  return outcome.dropped.empty() ? "false" : "undefined: " + outcome.dropped.front().reason;
}

}  // namespace rolebridge::mapping
