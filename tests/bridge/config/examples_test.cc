#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "bridge/aws/attributes.h"
#include "bridge/base/clock.h"
#include "bridge/config/config_loader.h"
#include "bridge/entitlement/entitlement.h"
#include "bridge/issuer/promise.h"
#include "bridge/saml/instant.h"
#include "tests/bridge/config/mistakes_for_tests.h"

// docs/mappings-by-example.md: each example is loaded within the page's frame, and each row of its
// table evaluated.
namespace rolebridge::config {
namespace {

using entitlement::Entitlement;
using Cells = std::map<std::string, std::string>;  // by the head of the column

struct Example {
  std::string heading;
  std::string yaml;
  std::vector<Cells> rows;
};

std::string Trim(const std::string& text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// `text` at each `separator` outside of parentheses and quotes, without empty parts.
std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  int open = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (c == '(') ++open;
    if (c == ')') --open;
    if (c == separator && open == 0 && !quoted)
      parts.emplace_back();
    else if (c != '"')
      parts.back() += c;
  }
  for (std::string& part : parts) part = Trim(part);
  std::erase(parts, "");
  return parts;
}

Cells CellsOf(const std::string& line, const std::vector<std::string>& heads) {
  Cells cells;
  size_t begin = 1;
  for (const std::string& head : heads) {
    const size_t end = line.find('|', begin);
    EXPECT_NE(end, std::string::npos) << line;
    cells[head] = Trim(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return cells;
}

// The examples of the page; the first is the frame.
std::vector<Example> ReadPage() {
  std::ifstream file(ROLEBRIDGE_SOURCE_DIR "/docs/mappings-by-example.md");
  EXPECT_TRUE(file.is_open());
  std::vector<Example> examples;
  std::string line, heading;
  std::vector<std::string> heads;
  bool in_yaml = false;
  while (std::getline(file, line)) {
    if (line.starts_with("## ")) heading = line.substr(3);
    if (line == "```yaml") {
      examples.push_back({heading, "", {}});
      in_yaml = true;
    } else if (line == "```") {
      in_yaml = false;
    } else if (in_yaml) {
      examples.back().yaml += line + "\n";
    } else if (line.starts_with("| person")) {
      heads = Split(line, '|');
    } else if (line.starts_with("| ")) {
      examples.back().rows.push_back(CellsOf(line, heads));
    }
  }
  return examples;
}

// "ops (aws_role: Admin, Reader; aws_account: prod)": a name, and attributes with their values.
std::string ReadName(const std::string& text, mapping::AttributeValues& attributes) {
  const size_t open = text.find(" (");
  if (open == std::string::npos) return text;
  std::string inner = text.substr(open + 2, text.size() - open - 3);
  // A value may carry its end behind a ';' without a space.
  for (size_t at; (at = inner.find("; ")) != std::string::npos;) inner.replace(at, 2, "\n");
  for (const std::string& attribute : Split(inner, '\n')) {
    const size_t colon = attribute.find(": ");
    EXPECT_NE(colon, std::string::npos) << text;
    attributes[attribute.substr(0, colon)] = Split(attribute.substr(colon + 2), ',');
  }
  return text.substr(0, open);
}

mapping::Facts FactsOf(Cells cells, const Config& config) {
  mapping::Facts facts;
  facts.user.username = ReadName(cells["person"], facts.user.attributes);
  facts.user.dn = "uid=" + facts.user.username + ",ou=people,dc=example,dc=org";
  for (const std::string& text : Split(cells["groups"], ',')) {
    mapping::Group group;
    group.name = ReadName(text, group.attributes);
    group.dn = "cn=" + group.name + ",ou=groups,dc=example,dc=org";
    facts.groups.push_back(group);
  }
  facts.client_address = cells["from"].empty() ? "192.0.2.7" : cells["from"];
  const std::string at = cells["at"].empty() ? "2026-11-24T12:00:00Z" : cells["at"];
  facts.instant = *saml::ParseInstant(at);
  const std::string login = cells["login"].empty() ? "password" : cells["login"];
  while (config.assurance.at(facts.assurance).name != login) ++facts.assurance;
  return facts;
}

std::string RoleWords(const entitlement::Role& role) {
  std::string words = role.pair.role.account() + "/" + role.pair.role.name();
  EXPECT_EQ(role.pair.role.path(), "/");
  if (role.duration) words += " for " + std::to_string(role.duration->count() / 3600) + "h";
  return words;
}

std::string ShortName(const std::string& saml_name) {
  return saml_name.starts_with(aws::kAttributePrefix)
             ? saml_name.substr(aws::kAttributePrefix.size())
             : saml_name;
}

// What the last column says.
std::vector<std::string> GivenTo(const Config& config, const mapping::Facts& facts) {
  const Entitlement entitlement = entitlement::Evaluate(config, config.applications.front(), facts);
  EXPECT_FALSE(entitlement.exhausted);
  if (const auto* policy = entitlement.refused_by()) {
    return {"refused: " + policy->policy->message()};
  }
  if (!entitlement.missing.empty()) return {"refused: nothing for " + entitlement.missing.front()};
  std::vector<std::string> given;
  for (const entitlement::Role& role : entitlement.roles) given.push_back(RoleWords(role));
  for (const entitlement::WithheldRole& withheld : entitlement.withheld) {
    given.push_back("not " + RoleWords(withheld.role) + ": " + withheld.policy->message());
  }
  for (const entitlement::Provenance& provenance : entitlement.provenance) {
    if (provenance.mapping == "preset-session-name") continue;
    const std::string start = ShortName(provenance.saml_name) + " = ";
    if (!given.empty() && given.back().starts_with(start)) {
      given.back() += ", " + provenance.value;
    } else {
      given.push_back(start + provenance.value);
    }
  }
  if (given.empty()) given.emplace_back("nothing");
  return given;
}

std::vector<std::string> Expected(std::string cell) {
  for (size_t at; (at = cell.find("<br>")) != std::string::npos;) cell.replace(at, 4, "\n");
  std::erase(cell, '`');
  std::vector<std::string> lines;
  std::istringstream stream(cell);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::optional<Config> Load(const std::string& yaml, const std::string& heading) {
  LoadResult loaded = Parsed(yaml);
  EXPECT_EQ(Lines(loaded.mistakes), "") << heading;
  EXPECT_EQ(Lines(loaded.warnings), "") << heading;
  return std::move(loaded.config);
}

TEST(ExamplesTest, GiveWhatTheirTablesSay) {
  const std::vector<Example> examples = ReadPage();
  ASSERT_GE(examples.size(), 15u);
  for (size_t i = 1; i < examples.size(); ++i) {
    const Example& example = examples[i];
    EXPECT_FALSE(example.rows.empty()) << example.heading;
    const std::optional<Config> config = Load(examples[0].yaml + example.yaml, example.heading);
    if (!config) continue;
    for (const Cells& row : example.rows) {
      EXPECT_EQ(GivenTo(*config, FactsOf(row, *config)), Expected(row.at("gets")))
          << example.heading << ": " << row.at("person");
    }
  }
}

const Example* Find(const std::vector<Example>& examples, const std::string& heading) {
  const auto found = std::find_if(examples.begin(), examples.end(), [&](const Example& example) {
    return example.heading == heading;
  });
  EXPECT_NE(found, examples.end()) << heading;
  return found == examples.end() ? nullptr : &*found;
}

TEST(ExamplesTest, KeepTheirOwnPromises) {
  const std::vector<Example> examples = ReadPage();
  const Example* example = Find(examples, "Promises about it");
  ASSERT_NE(example, nullptr);
  const std::optional<Config> config = Load(examples[0].yaml + example->yaml, example->heading);
  ASSERT_TRUE(config.has_value());
  ASSERT_EQ(config->tests.size(), 3u);
  const SystemClock clock;
  for (const config::Test& test : config->tests) {
    const Result<void> kept = issuer::CheckPromise(*config, test, nullptr, clock);
    EXPECT_TRUE(kept) << test.name << ": " << kept.error().message;
  }
}

// The example's own mapping, with as many accounts as its heading says: one person in a group for
// each of ten roles in each of them.
TEST(ExamplesTest, ServeTwoHundredAccounts) {
  const std::vector<Example> examples = ReadPage();
  const Example* example = Find(examples, "Two hundred accounts with ten roles each");
  ASSERT_NE(example, nullptr);
  const std::string start = "accounts:\n";
  ASSERT_TRUE(example->yaml.starts_with(start));
  std::string accounts = start;
  Cells person = {{"person", "alice"}};
  std::vector<std::string> expected;
  for (int account = 100; account < 297; ++account) {
    const std::string id = "523412341" + std::to_string(account);
    const std::string alias = "a" + std::to_string(account);
    accounts += "  " + alias + ": { id: \"" + id + "\" }\n";
    for (char role = 'A'; role < 'K'; ++role) {
      person["groups"] += "aws-" + alias + "-Team" + role + ", ";
      expected.push_back(id + "/Team" + role);
    }
  }
  const std::string yaml = examples[0].yaml + accounts + example->yaml.substr(start.size());
  const std::optional<Config> config = Load(yaml, example->heading);
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->applications[0].allowed_accounts.size(), 200u);
  EXPECT_EQ(GivenTo(*config, FactsOf(person, *config)), expected);
}

}  // namespace
}  // namespace rolebridge::config
