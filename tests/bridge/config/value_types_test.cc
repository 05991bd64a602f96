#include "bridge/config/value_types.h"

#include <gtest/gtest.h>

#include "bridge/config/checks.h"
#include "bridge/config/yaml_reader.h"
#include "tests/bridge/config/mistakes_for_tests.h"

namespace rolebridge::config {
namespace {

using std::chrono::seconds;

// What `type` makes of `key: <yaml>`, or the mistakes.
template <typename Type>
struct Reading {
  std::optional<typename Type::Value> value;
  std::string mistakes;
};

template <typename Type>
Reading<Type> Read(const Type& type, const std::string& yaml) {
  YamlResult file = ReadYaml("key: " + yaml, "f");
  EXPECT_TRUE(file.root.has_value()) << yaml << Lines(file.mistakes);
  if (!file.root) return {};
  const YamlNode::Entry& entry = file.root->entries.front();
  Reader reader("/etc/rolebridge", file.mistakes);
  const Reader::Step step(reader, entry.key, entry.position);
  auto value = type.Read(reader, entry.value);
  EXPECT_EQ(value.has_value(), file.mistakes.empty()) << yaml;
  return {std::move(value), Lines(file.mistakes)};
}

TEST(ValueTypesTest, ReadDurations) {
  const DurationType type(seconds(60), std::chrono::hours(24 * 7));
  EXPECT_EQ(Read(type, "60s").value, seconds(60));
  EXPECT_EQ(Read(type, "1m").value, seconds(60));
  EXPECT_EQ(Read(type, "8h").value, seconds(28'800));
  EXPECT_EQ(Read(type, "7d").value, seconds(604'800));
  EXPECT_EQ(Read(type, "'15m'").value, seconds(900));
  for (const std::string outside : {"59s", "604801s", "8d", "1s", "0s"}) {
    EXPECT_EQ(Read(type, outside).mistakes,
              "f:1:6: key: '" + outside + "' is out of range; use 1m to 7d");
  }
  for (const std::string wrong : {"8", "300"}) {
    EXPECT_EQ(Read(type, wrong).mistakes, "f:1:6: key: '" + wrong +
                                              "' has no unit; write 's', 'm', 'h' or 'd' behind "
                                              "it: 1m to 7d");
  }
  for (const std::string wrong : {"8 h", "h", "1.5h", "-1h", "+1h", "8H", "08h", "1h30m", "8w",
                                  "99999999999999999999h", "9999999999s"}) {
    EXPECT_EQ(Read(type, wrong).mistakes, "f:1:6: key: '" + wrong +
                                              "' is no duration; use one number and one unit: 1m "
                                              "to 7d");
  }
  EXPECT_EQ(Read(type, "[1h]").mistakes, "f:1:6: key: is a list; use a duration of 1m to 7d");
}

TEST(ValueTypesTest, PutDurationsInWords) {
  EXPECT_EQ(DurationWords(seconds(300)), "5m");
  EXPECT_EQ(DurationWords(seconds(90)), "90s");
  EXPECT_EQ(DurationWords(seconds(86'400)), "1d");
}

// security.md Y3.
TEST(ValueTypesTest, ReadTrueAndFalseAlone) {
  EXPECT_EQ(Read(FlagType(), "true").value, true);
  EXPECT_EQ(Read(FlagType(), "false").value, false);
  const std::pair<std::string, std::string> meant[] = {{"yes", "true"},  {"on", "true"},
                                                       {"True", "true"}, {"no", "false"},
                                                       {"off", "false"}, {"FALSE", "false"}};
  for (const auto& [wrong, right] : meant) {
    EXPECT_EQ(Read(FlagType(), wrong).mistakes,
              "f:1:6: key: '" + wrong + "' is not true or false; write: key: " + right);
  }
  for (const std::string wrong : {"y", "n", "1", "0", "maybe"}) {
    EXPECT_EQ(Read(FlagType(), wrong).mistakes,
              "f:1:6: key: '" + wrong + "' is not true or false; use one of those two words");
  }
  EXPECT_EQ(Read(FlagType(), "\"true\"").mistakes,
            "f:1:7: key: 'true' is in quotes; take them off: key: true");
  EXPECT_EQ(Read(FlagType(), "~").mistakes,
            "f:1:1: key: is empty; give it true or false, or take the key out for its default");
}

TEST(ValueTypesTest, ReadNumbersWithinTheirBounds) {
  const NumberType type(16, 16'384);
  EXPECT_EQ(Read(type, "16").value, 16u);
  EXPECT_EQ(Read(type, "16384").value, 16'384u);
  for (const std::string outside : {"15", "16385", "0", "4294967312"}) {
    EXPECT_EQ(Read(type, outside).mistakes,
              "f:1:6: key: '" + outside + "' is out of range; use a number from 16 to 16384");
  }
  for (const std::string wrong : {"0x10", "020", "1_000", "1e3", "+20", "-20", "20.0",
                                  "20 "
                                  "000",
                                  "99999999999999999999"}) {
    EXPECT_EQ(Read(type, wrong).mistakes,
              "f:1:6: key: '" + wrong + "' is no plain number; use a number from 16 to 16384");
  }
  EXPECT_NE(Read(type, "'20'").mistakes, "");
}

TEST(ValueTypesTest, ReadAccountIdsInQuotes) {
  EXPECT_EQ(Read(AccountIdType(), "\"123412341234\"").value, "123412341234");
  EXPECT_EQ(Read(AccountIdType(), "'012341234123'").value, "012341234123");
  for (const std::string bare : {"123412341234", "012341234123"}) {
    EXPECT_EQ(
        Read(AccountIdType(), bare).mistakes,
        "f:1:6: key: '" + bare + "' is a number to YAML; put it in quotes: key: \"" + bare + "\"");
  }
  for (const std::string dashed : {"1234-1234-1234", "0123-4123-4123"}) {
    EXPECT_NE(Read(AccountIdType(), dashed).mistakes.find("write the digits alone: key: \""),
              std::string::npos);
  }
  for (const std::string wrong :
       {"'1'", "''", "'12341234123'", "'1234123412345'", "'12341234123a'", "' 123412341234'",
        "'\xEF\xBC\x91"
        "23412341234'",
        "1.23412341234"}) {
    EXPECT_NE(Read(AccountIdType(), wrong).mistakes.find("is no account id"), std::string::npos)
        << wrong;
  }
}

TEST(ValueTypesTest, ReadPathsFromTheConfigurationsFolder) {
  EXPECT_EQ(Read(PathType(), "tls.crt").value, "/etc/rolebridge/tls.crt");
  EXPECT_EQ(Read(PathType(), "/run/x.key").value, "/run/x.key");
  EXPECT_NE(Read(PathType(), "''").mistakes, "");
}

// security.md K7.
TEST(ValueTypesTest, NeverShowAKeyThatStandsWhereItsPathIsDue) {
  const std::string mistakes = Read(PathType(), "-----BEGIN PRIVATE KEY-----MIIC").mistakes;
  EXPECT_EQ(mistakes,
            "f:1:6: key: is a key or certificate itself; write it to a file and name that");
}

TEST(ValueTypesTest, ReadOneWordOfAClosedSet) {
  const ChoiceType<int> type({{"fold", 1}, {"keep", 2}});
  EXPECT_EQ(Read(type, "keep").value, 2);
  EXPECT_EQ(Read(type, "flod").mistakes,
            "f:1:6: key: 'flod' is not allowed; use fold or keep; did you mean 'fold'?");
  EXPECT_EQ(Read(type, "x").mistakes, "f:1:6: key: 'x' is not allowed; use fold or keep");
}

TEST(ValueTypesTest, ReadTextsOfOneLine) {
  const TextType type(CheckLabel, "a text");
  EXPECT_EQ(Read(type, "2024").value, "2024");
  EXPECT_EQ(Read(type, "no").value, "no");
  EXPECT_EQ(Read(type, ">-\n  a\n  b").value, "a b");
  EXPECT_EQ(Read(type, "|\n  a").value, "a");
  EXPECT_EQ(Read(type, "|\n  a\n  b\n").mistakes,
            "f:1:6: key: has a line break; write one line, or begin the block with '>-'");
  EXPECT_EQ(Read(type, "\"a\\nb\"").mistakes,
            "f:1:7: key: has a line break; write one line, or begin the block with '>-'");
  EXPECT_EQ(Read(type, "").mistakes,
            "f:1:1: key: is empty; give it a text, or take the key out for its default");
  EXPECT_EQ(Read(type, "{ a: b }").mistakes, "f:1:6: key: is a map; use a text");
}

TEST(ValueTypesTest, ReadListsWithinTheirBounds) {
  const ListType type(NumberType(0, 9), 1, 3);
  EXPECT_EQ(Read(type, "[1, 2, 3]").value, (std::vector<uint32_t>{1, 2, 3}));
  EXPECT_EQ(Read(type, "[1]").value, std::vector<uint32_t>{1});
  EXPECT_EQ(Read(type, "[]").mistakes, "f:1:6: key: has 0 entries; use 1 to 3");
  EXPECT_EQ(Read(type, "[1, 2, 3, 4]").mistakes, "f:1:6: key: has 4 entries; use 1 to 3");
  EXPECT_EQ(Read(type, "7").mistakes,
            "f:1:6: key: '7' is a text; use a list, each entry a number from 0 to 9");
}

TEST(ValueTypesTest, ReportEachEntryOfAList) {
  YamlResult file = ReadYaml("key: [1, x, 10]", "f");
  Reader reader("/", file.mistakes);
  const Reader::Step step(reader, "key", {});
  const auto list = ListType(NumberType(0, 9), 0, 9).Read(reader, file.root->entries[0].value);
  EXPECT_EQ(list, std::vector<uint32_t>{1});
  EXPECT_EQ(Lines(file.mistakes),
            "f:1:10: key[1]: 'x' is no plain number; use a number from 0 to 9\n"
            "f:1:13: key[2]: '10' is out of range; use a number from 0 to 9");
}

TEST(ValueTypesTest, ReadMapsFromNamesInTheirOrder) {
  const NamedMapType type(CheckVariable, "a-z", NumberType(0, 9));
  const auto read = Read(type, "{ b: 1, a: 2 }");
  ASSERT_TRUE(read.value.has_value());
  ASSERT_EQ(read.value->size(), 2u);
  EXPECT_EQ(read.value->at(0).name, "b");
  EXPECT_EQ(ToString(read.value->at(1).position), "f:1:14");
}

TEST(ValueTypesTest, KeepTheNamesOfWhatCannotBeRead) {
  YamlResult file = ReadYaml("key: { A: 1, b: x }", "f");
  Reader reader("/", file.mistakes);
  const Reader::Step step(reader, "key", {});
  const auto map = NamedMapType(CheckVariable, "a-z", NumberType(0, 9))
                       .Read(reader, file.root->entries[0].value);
  ASSERT_EQ(map->size(), 2u);
  EXPECT_FALSE(map->at(0).readable);
  EXPECT_FALSE(map->at(1).readable);
  EXPECT_EQ(file.mistakes.size(), 2u);
}

}  // namespace
}  // namespace rolebridge::config
