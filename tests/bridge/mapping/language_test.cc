// Runs every row of docs/mapping-language.md: what that page says is what the language does.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "bridge/mapping/expression.h"
#include "bridge/mapping/mapping.h"

namespace rolebridge::mapping {
namespace {

using nlohmann::json;

struct Row {
  int line = 0;
  std::vector<std::string> input;
  std::string with;
  std::string gives;
};

struct Page {
  Names names;
  std::map<std::string, Facts> people;
  std::vector<Row> rows;
};

AttributeValues AttributesOf(const json& object) {
  AttributeValues attributes;
  for (const auto& [name, values] : object.items()) {
    if (values.is_array()) attributes[name] = values.get<std::vector<std::string>>();
  }
  return attributes;
}

// "2026-11-24T12:30Z"
std::chrono::sys_seconds InstantOf(const std::string& text) {
  const auto number = [&](size_t at, size_t size) { return std::stoi(text.substr(at, size)); };
  return std::chrono::sys_days(std::chrono::year(number(0, 4)) / number(5, 2) / number(8, 2)) +
         std::chrono::hours(number(11, 2)) + std::chrono::minutes(number(14, 2));
}

Names NamesOf(const json& object) {
  std::vector<Account> accounts;
  for (const json& account : object.at("accounts")) {
    accounts.push_back({.alias = account.at("alias"),
                        .id = account.at("id"),
                        .partition = account.value("partition", "aws"),
                        .provider = account.value("provider", "rolebridge"),
                        .name = account.value("name", ""),
                        .tags = account.value("tags", std::map<std::string, std::string>())});
  }
  return {.user_attributes = object.at("user_attributes").get<std::vector<std::string>>(),
          .group_attributes = object.at("group_attributes").get<std::vector<std::string>>(),
          .assurance_levels = object.at("assurance_levels").get<std::vector<std::string>>(),
          .vars = object.at("vars").get<std::map<std::string, std::string>>(),
          .accounts = std::make_shared<const std::vector<Account>>(std::move(accounts))};
}

Facts FactsOf(const json& object, const Names& names) {
  const json& user = object.at("user");
  Facts facts{.user = {user.at("username"), user.at("dn"), AttributesOf(user)},
              .application = {{"slug", "aws"}, {"name", "Amazon Web Services"}},
              .client_address = object.at("client"),
              .instant = InstantOf(object.at("instant"))};
  for (const json& group : object.at("groups")) {
    facts.groups.push_back({group.at("name"), group.at("dn"), AttributesOf(group)});
  }
  const std::string assurance = object.at("assurance");
  while (names.assurance_levels.at(facts.assurance) != assurance) ++facts.assurance;
  return facts;
}

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// The cells of "| a | b |"; \| within one is a bar.
std::vector<std::string> CellsOf(const std::string& line) {
  std::vector<std::string> cells(1);
  for (size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
      cells.back() += line[++i];
    } else if (line[i] == '|') {
      cells.back() = Trimmed(cells.back());
      cells.emplace_back();
    } else {
      cells.back() += line[i];
    }
  }
  cells.pop_back();
  return cells;
}

// What stands in the code spans of a cell.
std::vector<std::string> SpansOf(const std::string& cell) {
  std::vector<std::string> spans;
  for (size_t begin = cell.find('`'); begin != std::string::npos;) {
    const size_t end = cell.find('`', begin + 1);
    spans.push_back(cell.substr(begin + 1, end - begin - 1));
    begin = end == std::string::npos ? end : cell.find('`', end + 1);
  }
  return spans;
}

void ReadPeople(const std::string& text, Page& page) {
  const json block = json::parse(text);
  page.names = NamesOf(block.at("configuration"));
  for (const auto& [name, object] : block.items()) {
    if (name != "configuration") page.people[name] = FactsOf(object, page.names);
  }
}

Page ReadPage() {
  std::ifstream file(MAPPING_LANGUAGE_PAGE);
  Page page;
  std::string line, block;
  bool in_block = false, in_table = false;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line == "```json") {
      in_block = true;
    } else if (line == "```") {
      in_block = false;
      ReadPeople(block, page);
    } else if (in_block) {
      block += line + "\n";
    } else if (line == "| input | with | gives |") {
      in_table = true;
    } else if (!line.starts_with('|')) {
      in_table = false;
    } else if (in_table && !line.starts_with("|---")) {
      const auto cells = CellsOf(line);
      EXPECT_EQ(cells.size(), 3u) << "line " << number;
      page.rows.push_back({number, SpansOf(cells.at(0)), cells.at(1), cells.at(2)});
    }
  }
  return page;
}

SourceText At(std::string text) { return {std::move(text), {"", 1, 1}}; }

// "error at 6: `unknown name`", for mappings "error in when at 6: `...`".
std::string Written(const std::vector<Mistake>& mistakes, bool with_key) {
  std::string written;
  for (const Mistake& mistake : mistakes) {
    const size_t colon = mistake.message.find(": ");
    written += (written.empty() ? "error" : "<br>error") +
               (with_key ? " in " + mistake.message.substr(0, colon) : "") + " at " +
               std::to_string(mistake.position.column) + ": `" + mistake.message.substr(colon + 2) +
               "`";
  }
  return written;
}

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

struct WriteComputed {
  std::string operator()(const Undefined& undefined) const {
    return "undefined: `" + undefined.reason + "`";
  }
  std::string operator()(const Text& text) const { return "`" + Quoted(text.text) + "`"; }
  std::string operator()(const List& list) const {
    std::string written;
    for (const Text& text : list) written += (written.empty() ? "" : ", ") + Quoted(text.text);
    return "`[" + written + "]`";
  }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(const auto&) const { return "no value"; }
};

std::string GivenByExpression(const Row& row, const Page& page) {
  std::vector<Mistake> mistakes;
  Scope scope{page.names, {}, mistakes, "value"};
  Token end;
  const SourceText source = At(row.input.at(0));
  ExpressionPtr expression = ParseExpression(source, 0, scope, end);
  if (mistakes.empty() && end.kind != TokenKind::kEndOfText) return "no end";
  if (!mistakes.empty()) return Written(mistakes, false);
  if (expression->type() == Type::kLevel) expression = AsText(expression, scope);
  Evaluation evaluation(page.people.at(row.with), 0);
  return std::visit(WriteComputed{}, expression->Evaluate(evaluation));
}

// The text behind `key` where `line` is that key's.
std::optional<SourceText> ValueOf(const std::string& line, const std::string& key) {
  if (!line.starts_with(key + ":")) return std::nullopt;
  return At(Trimmed(line.substr(key.size() + 1)));
}

std::string GivenByMapping(const MappingSource& source, bool with_key, const Row& row,
                           const Page& page) {
  std::vector<Mistake> mistakes;
  const auto mapping = Mapping::Parse(source, page.names, mistakes);
  if (!mapping) return Written(mistakes, with_key);
  const Outcome outcome = mapping->Evaluate(page.people.at(row.with));
  if (outcome.exhausted) return "too many steps";
  std::string written;
  const auto add = [&](const std::string& text) {
    written += (written.empty() ? "" : "<br>") + text;
  };
  for (const Value& value : outcome.values) add("`" + value.text.Text() + "`");
  for (const Dropped& dropped : outcome.dropped) add("dropped: `" + dropped.reason + "`");
  return written.empty() ? "nothing" : written;
}

std::string Given(const Row& row, const Page& page) {
  MappingSource source{.name = "example", .saml_name = At("https://example.org/a")};
  for (const std::string& line : row.input) {
    if (auto for_each = ValueOf(line, "for_each")) source.for_each = std::move(for_each);
    if (auto when = ValueOf(line, "when")) source.when = std::move(when);
    if (auto value = ValueOf(line, "value")) source.values.push_back(*std::move(value));
  }
  const bool is_mapping = source.for_each || source.when || !source.values.empty();
  if (source.values.empty()) source.values.push_back(At(is_mapping ? "x" : row.input.at(0)));
  const bool is_text = row.input.at(0).find_first_of("{}") != std::string::npos ||
                       row.input.at(0).starts_with("arn:");
  if (is_mapping || is_text) return GivenByMapping(source, is_mapping, row, page);
  return GivenByExpression(row, page);
}

TEST(LanguageTest, DoesWhatItsPageSays) {
  const Page page = ReadPage();
  EXPECT_GE(page.rows.size(), 120u);
  for (const Row& row : page.rows) {
    ASSERT_TRUE(page.people.contains(row.with)) << "line " << row.line << ": " << row.with;
    EXPECT_EQ(Given(row, page), row.gives) << "docs/mapping-language.md:" << row.line;
  }
}

}  // namespace
}  // namespace rolebridge::mapping
