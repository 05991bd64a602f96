#include "bridge/config/key_table.h"

#include <gtest/gtest.h>

#include "bridge/config/value_types.h"
#include "bridge/config/yaml_reader.h"
#include "tests/bridge/config/mistakes_for_tests.h"

namespace rolebridge::config {
namespace {

struct Inner {
  Position position;
  uint32_t depth = 7;
};

struct Outer {
  bool flag = false;
  Inner inner;
};

SectionType<Outer> OuterSection() {
  return SectionType<Outer>({Row("flag", &Outer::flag, FlagType(), Need::kOptional, "a flag"),
                             Row("inner", &Outer::inner,
                                 SectionType<Inner>({Row("depth", &Inner::depth, NumberType(1, 9),
                                                         Need::kRequired, "how deep")}),
                                 Need::kOptional, "what is inside")});
}

struct Reading {
  Outer outer;
  std::string mistakes;
};

Reading Read(const std::string& yaml) {
  YamlResult file = ReadYaml(yaml, "f");
  Reader reader("/", file.mistakes);
  const Reader::Step top(reader, "", {"f", 1, 1});
  const auto outer = OuterSection().Read(reader, *file.root);
  return {*outer, Lines(file.mistakes)};
}

TEST(KeyTableTest, FillsTheMembersOfItsRows) {
  const Reading read = Read("flag: true\ninner:\n  depth: 3\n");
  EXPECT_EQ(read.mistakes, "");
  EXPECT_TRUE(read.outer.flag);
  EXPECT_EQ(read.outer.inner.depth, 3u);
  EXPECT_EQ(ToString(read.outer.inner.position), "f:2:1");
}

TEST(KeyTableTest, LeavesWhatIsNotThereAtItsDefault) {
  const Reading read = Read("flag: true\n");
  EXPECT_EQ(read.mistakes, "");
  EXPECT_EQ(read.outer.inner.depth, 7u);
}

TEST(KeyTableTest, ReportsUnknownKeysWithTheNearestOrAll) {
  EXPECT_EQ(Read("flga: true\n").mistakes, "f:1:1: flga: unknown key; did you mean 'flag'?");
  EXPECT_EQ(Read("x: true\n").mistakes, "f:1:1: x: unknown key; there is flag or inner");
  EXPECT_EQ(Read("inner: { depth: 1, x: 2 }\n").mistakes,
            "f:1:20: inner.x: unknown key; there is depth");
}

TEST(KeyTableTest, ReportsRequiredKeysThatAreMissing) {
  EXPECT_EQ(Read("inner: { }\n").mistakes, "f:1:1: inner: 'depth' is missing; it is how deep");
}

TEST(KeyTableTest, ReportsAMisspeltRequiredKeyOnce) {
  EXPECT_EQ(Read("inner: { dept: 1 }\n").mistakes,
            "f:1:10: inner.dept: unknown key; did you mean 'depth'?");
}

TEST(KeyTableTest, ReportsAllMistakesAndReadsTheRest) {
  const Reading read = Read("flag: maybe\ninner: { depth: 3, x: y }\nz: 1\n");
  EXPECT_EQ(read.mistakes,
            "f:1:7: flag: 'maybe' is not true or false; use one of those two words\n"
            "f:2:20: inner.x: unknown key; there is depth\n"
            "f:3:1: z: unknown key; there is flag or inner");
  EXPECT_EQ(read.outer.inner.depth, 3u);
}

TEST(KeyTableTest, SaysOfEachKeyWhatItIs) {
  const SectionType<Outer> section = OuterSection();
  EXPECT_EQ(section.Words(), "a map of flag, inner");
  const Shape shape = section.Describe();
  ASSERT_EQ(shape.properties.size(), 2u);
  EXPECT_EQ(shape.properties[0].shape.kind, Shape::Kind::kFlag);
  EXPECT_EQ(shape.properties[1].shape.kind, Shape::Kind::kSection);
}

}  // namespace
}  // namespace rolebridge::config
