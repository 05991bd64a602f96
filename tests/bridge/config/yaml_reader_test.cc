#include "bridge/config/yaml_reader.h"

#include <gtest/gtest.h>

#include "tests/bridge/config/mistakes_for_tests.h"

namespace rolebridge::config {
namespace {

using Kind = YamlNode::Kind;

YamlNode Read(const std::string& text) {
  YamlResult result = ReadYaml(text, "f");
  EXPECT_EQ(Lines(result.mistakes), "") << text;
  return result.root ? *std::move(result.root) : YamlNode{};
}

std::string Refused(const std::string& text) { return Lines(ReadYaml(text, "f").mistakes); }

TEST(YamlReaderTest, ReadsMapsListsAndTexts) {
  const YamlNode root = Read("a: b\nc: [d, 'e']\nf:\n  g: \"h\"\n  i:\n    - j\n    - k: l\n");
  ASSERT_EQ(root.kind, Kind::kMap);
  ASSERT_EQ(root.entries.size(), 3u);
  EXPECT_EQ(root.Find("a")->value.text, "b");
  EXPECT_EQ(root.Find("a")->value.style, YamlNode::Style::kPlain);
  ASSERT_EQ(root.Find("c")->value.items.size(), 2u);
  EXPECT_EQ(root.Find("c")->value.items[1].text, "e");
  EXPECT_EQ(root.Find("c")->value.items[1].style, YamlNode::Style::kQuoted);
  const YamlNode& f = root.Find("f")->value;
  EXPECT_EQ(f.Find("g")->value.text, "h");
  EXPECT_EQ(f.Find("i")->value.items[1].Find("k")->value.text, "l");
  EXPECT_EQ(root.Find("x"), nullptr);
}

TEST(YamlReaderTest, GivesScalarsAsTheyAreWritten) {
  const YamlNode root =
      Read("a: 0755\nb: no\nc: 1e3\nd: 2026-01-31\ne: \"\"\nf: 012341234123\ng: 'null'\n");
  EXPECT_EQ(root.Find("a")->value.text, "0755");
  EXPECT_EQ(root.Find("b")->value.text, "no");
  EXPECT_EQ(root.Find("c")->value.text, "1e3");
  EXPECT_EQ(root.Find("d")->value.text, "2026-01-31");
  EXPECT_EQ(root.Find("e")->value.kind, Kind::kScalar);
  EXPECT_EQ(root.Find("f")->value.text, "012341234123");
  EXPECT_EQ(root.Find("g")->value.kind, Kind::kScalar);
}

TEST(YamlReaderTest, KnowsNothingFromSomething) {
  const YamlNode root = Read("a: ~\nb:\nc: null\nd: NULL\n");
  for (const auto& entry : root.entries) EXPECT_EQ(entry.value.kind, Kind::kNull) << entry.key;
  EXPECT_EQ(ToString(root.entries[1].value.position), "f:2:1");
}

struct Place {
  std::string text;
  std::string position;
  bool verbatim;
};

TEST(YamlReaderTest, KnowsWhereTheTextOfAScalarBegins) {
  const Place places[] = {
      {"k: abc\n", "f:1:4", true},
      {"k:   abc  # x\n", "f:1:6", true},
      {"k: 'abc'\n", "f:1:5", true},
      {"k: \"abc\"\n", "f:1:5", true},
      {"{ x: y, k: 'abc' }\n", "f:1:13", true},
      {"\xC3\xBC: \xC3\xB6\nk: abc", "f:2:4", true},
      {"k: 'it''s'\n", "f:1:5", false},
      {"k: \"a\\\"b\"\n", "f:1:5", false},
      {"k: abc\n  def\n", "f:1:4", false},
      {"k: >-\n  abc\n", "f:2:3", true},
      {"k: |\n    abc\n", "f:2:5", true},
      {"k: >-  # x\n  abc\n", "f:2:3", true},
      {"k: >-\n\n  abc\n", "f:1:4", false},
      {"k: >-\n  abc\n  def\n", "f:1:4", false},
      {"k: |\n  abc\n  def\n", "f:1:4", false},
      {"k:\n  abc\n", "f:2:3", true},
  };
  for (const Place& place : places) {
    const YamlNode root = Read(place.text);
    const YamlNode& value = root.Find("k")->value;
    EXPECT_EQ(ToString(value.position), place.position) << place.text;
    EXPECT_EQ(value.verbatim, place.verbatim) << place.text;
  }
}

TEST(YamlReaderTest, CountsColumnsInCharacters) {
  const YamlNode root = Read("{ \xC3\xBC: 'ab', k: x }\n");
  EXPECT_EQ(ToString(root.Find("k")->position), "f:1:12");
  EXPECT_EQ(ToString(root.Find("k")->value.position), "f:1:15");
}

struct Row {
  std::string text;
  std::string expected;
};

// security.md Y1.
TEST(YamlReaderTest, RefusesWhatAConfigurationDoesNotNeed) {
  const Row rows[] = {
      {"a: &x b\n", "f:1:4: a: anchors are not allowed; write the value where it is used"},
      {"a: &x { b: c }\n", "f:1:4: a: anchors are not allowed; write the value where it is used"},
      {"a: &x [b]\n", "f:1:4: a: anchors are not allowed; write the value where it is used"},
      {"a: &x b\nc: *x\n",
       "f:1:4: a: anchors are not allowed; write the value where it is used\n"
       "f:2:4: c: aliases are not allowed; write the value out"},
      {"a: &x { b: *x }\n",
       "f:1:4: a: anchors are not allowed; write the value where it is used\n"
       "f:1:12: a.b: aliases are not allowed; write the value out"},
      {"a: !!str b\n", "f:1:4: a: tags are not allowed; take out what begins with '!'"},
      {"a: !x b\n", "f:1:4: a: tags are not allowed; take out what begins with '!'"},
      {"a: ! b\n", "f:1:4: a: tags are not allowed; take out what begins with '!'"},
      {"a: !x { b: c }\n", "f:1:4: a: tags are not allowed; take out what begins with '!'"},
      {"<<: { a: b }\n", "f:1:1: '<<' merges nothing here; write the keys out"},
      {"a: b\nc: d\na: e\n", "f:3:1: 'a' stands here twice, first in line 1; keep one of the two"},
      {"x:\n  a: b\n  \"a\": c\n",
       "f:3:3: x: 'a' stands here twice, first in line 2; keep one of the two"},
      {"? [a]\n: b\n", "f:1:3: a list stands where a key is due; put the key in quotes"},
      {"? { a: b }\n: c\n", "f:1:3: a map stands where a key is due; put the key in quotes"},
      {"~: b\n", "f:1:1: a key is due here; null is none"},
      {"'': b\n", "f:1:1: a key is empty; give it a name"},
      {"\"a\\x1b[31m\": b\n", "f:1:1: a key has a control character; take it out"},
      {"\"a\\nb\": c\n", "f:1:1: a key has a control character; take it out"},
      {"a: b\n---\nc: d\n", "f:2:1: a second document begins; one file holds one"},
      {"a: b\n...\nc: d\n", "f:3:1: a second document begins; one file holds one"},
      {"%YAML 1.2\n---\na: b\n", "f:1:1: directives are not allowed; take it out"},
      {"# x\n%TAG ! tag:x,2000:\n---\na: b\n", "f:2:1: directives are not allowed; take it out"},
      {"", "f:1:1: is empty; a configuration is due"},
      {"# nothing\n", "f:1:1: is empty; a configuration is due"},
      {"- a\n", "f:1:1: is no map; keys and values are due"},
      {"abc\n", "f:1:1: is no map; keys and values are due"},
  };
  for (const Row& row : rows) EXPECT_EQ(Refused(row.text), row.expected) << row.text;
}

TEST(YamlReaderTest, TakesAFileThatBeginsWithItsMarker) {
  EXPECT_EQ(Read("---\na: b\n").Find("a")->value.text, "b");
}

TEST(YamlReaderTest, ExplainsTrapsAndReadsThemAsTheyWereMeant) {
  struct Trap {
    std::string text;
    std::string mistake;
    std::string value;  // of k
  };
  const Trap traps[] = {
      {"k: {{ user.username }}\n",
       "f:1:4: k: '{{' begins a nested map in YAML; put the value in quotes: k: \"{{ "
       "user.username }}\"",
       "{{ user.username }}"},
      {"k: {{ user.a | default(\"x\") }}  # c\n",
       "f:1:4: k: '{{' begins a nested map in YAML; put the value in quotes: k: '{{ user.a | "
       "default(\"x\") }}'",
       "{{ user.a | default(\"x\") }}"},
      {"{ k: {{ a }}, b: c }\n",
       "f:1:6: k: '{{' begins a nested map in YAML; put the value in quotes: k: \"{{ a }}\"",
       "{{ a }}"},
      {"{ k: group in groups, role in group.aws_role, v: x }\n",
       "f:1:6: the comma ends a value in '{ }'; put all of it in quotes: k: \"group in groups, "
       "role in group.aws_role\"",
       "group in groups, role in group.aws_role"},
      {"{ k: a in b, c in d, e in f }\n",
       "f:1:6: the comma ends a value in '{ }'; put all of it in quotes: k: \"a in b, c in d, e in "
       "f\"",
       "a in b, c in d, e in f"},
      {"{ k: arn:aws:iam::1:role/x,arn:aws:iam::1:saml-provider/y }\n",
       "f:1:6: the comma ends a value in '{ }'; put all of it in quotes: k: "
       "\"arn:aws:iam::1:role/x,arn:aws:iam::1:saml-provider/y\"",
       "arn:aws:iam::1:role/x,arn:aws:iam::1:saml-provider/y"},
      {"k: ask team #cloud\n",
       "f:1:4: k: ' #' begins a comment, and the value ends before it; put all of it in quotes "
       "(or a space behind '#'): k: \"ask team #cloud\"",
       "ask team #cloud"},
  };
  for (const Trap& trap : traps) {
    const YamlResult result = ReadYaml(trap.text, "f");
    EXPECT_EQ(Lines(result.mistakes), trap.mistake) << trap.text;
    ASSERT_TRUE(result.root.has_value()) << trap.text;
    ASSERT_NE(result.root->Find("k"), nullptr) << trap.text;
    EXPECT_EQ(result.root->Find("k")->value.text, trap.value) << trap.text;
  }
}

TEST(YamlReaderTest, NoticesAHoleCutByAComment) {
  EXPECT_EQ(Refused("k: a{{ b # c }}\n"),
            "f:1:4: k: ' #' begins a comment, and the value ends before it; put all of it in "
            "quotes (or a space behind '#'): k: \"a{{ b # c }}\"");
}

TEST(YamlReaderTest, LeavesCommentsAlone) {
  EXPECT_EQ(Refused("k: a  # comment\nl: b ## heading\nm: 'c' #x\nn: d #\n# e\n"), "");
}

TEST(YamlReaderTest, ExplainsWhatTheParserRefuses) {
  const Row rows[] = {
      {"when: 'staff' in groups.name\n",
       "f:1:15: when: the quotes end before the value does; put all of it in quotes: when: "
       "\"'staff' in "
       "groups.name\""},
      {"a: \"^\\d+$\"\n",
       "f:1:8: a: a backslash means something else in double quotes; use single quotes: a: "
       "'^\\d+$'"},
      {"a:\n\tb: c\n",
       "f:2:1: a: the line is indented by a tab; YAML takes spaces alone: '  b: c'"},
      {"a: b: c\n",
       "f:1:5: a: ': ' within a value begins a map in YAML; put the value in quotes: a: \"b: c\""},
      {"a: @b\n", "f:1:4: a: a value cannot begin with '@' in YAML; put it in quotes: a: \"@b\""},
      {"a: b\nc: {{ d }}:e\n",
       "f:2:4: c: '{{' begins a nested map in YAML; put the value in quotes: c: \"{{ d }}:e\""},
      {"a: \"x\\u0007\"\n",
       "f:1:4: a: a backslash made a control character in double quotes; use single quotes: a: "
       "'x\\u0007'"},
      {"a: \"\\b\"\n",
       "f:1:4: a: a backslash made a control character in double quotes; use single quotes: a: "
       "'\\b'"},
      {"a: \"x\\u202Ey\"\n",
       "f:1:4: a: a backslash made a control character in double quotes; use single quotes: a: "
       "'x\\u202Ey'"},
  };
  for (const Row& row : rows) EXPECT_EQ(Refused(row.text), row.expected) << row.text;
}

TEST(YamlReaderTest, NoticesAQuoteThatIsNotClosed) {
  // With a line end behind it, yaml-cpp takes the end of the file for the end of the text.
  for (const std::string text : {"a: 'b", "a: 'b\n", "a: \"b\nc: d\n", "a: 'b''\n"}) {
    EXPECT_NE(Refused(text).find("a: the quote is not closed"), std::string::npos) << text;
  }
}

TEST(YamlReaderTest, PointsAtTheQuoteThatTookInTheLinesBelow) {
  EXPECT_EQ(Refused("x:\n  a: \"b\n  c: d\n  e: \"f\"\n"),
            "f:2:6: x.a: the quote is not closed before line 4; end the value with it");
  EXPECT_EQ(Refused("a: 'b\nc: d\ne: it's\n"),
            "f:1:4: a: the quote is not closed before line 3; end the value with it");
}

TEST(YamlReaderTest, HasWordsForAnyOtherSyntaxError) {
  for (const std::string text : {"a: [b\n", "a: b\n c: d\n", "}", "a: ]\n", "a: {b: c\n"}) {
    const YamlResult result = ReadYaml(text, "f");
    EXPECT_FALSE(result.root.has_value()) << text;
    EXPECT_EQ(result.mistakes.size(), 1u) << text << Lines(result.mistakes);
  }
}

TEST(YamlReaderTest, ComesToAnEndWhereTheParserDoesNot) {
  EXPECT_EQ(Refused("{a: b},\"x\n"), "f:1:7: a second document begins; one file holds one");
}

TEST(YamlReaderTest, ReportsSeveralMistakesOfOneFile) {
  EXPECT_EQ(Refused("a: &x b\na: c\nd: !y e\n"),
            "f:1:4: a: anchors are not allowed; write the value where it is used\n"
            "f:2:1: 'a' stands here twice, first in line 1; keep one of the two\n"
            "f:3:4: d: tags are not allowed; take out what begins with '!'");
}

// Limits, each at the limit and one beyond (security.md section 3).

std::string Nested(size_t depth) {
  std::string text = "a: ";
  for (size_t i = 1; i < depth; ++i) text += "[";
  for (size_t i = 1; i < depth; ++i) text += "]";
  return text + "\n";
}

TEST(YamlReaderTest, NestsToItsLimitAndNoFurther) {
  EXPECT_EQ(Refused(Nested(kMaxYamlDepth)), "");
  EXPECT_EQ(
      Refused(Nested(kMaxYamlDepth + 1)), "f:1:23: a" + [] {
        std::string path;
        for (size_t i = 1; i < kMaxYamlDepth; ++i) path += "[0]";
        return path;
      }() + ": nests deeper than 20 levels");
  EXPECT_NE(Refused("a: " + std::string(16'000, '[')), "");
  EXPECT_NE(Refused("a: " + std::string(16'000, '{')), "");
}

std::string Nodes(size_t nodes) {
  std::string text = "a:\n";  // a map, a key and a list
  for (size_t i = 3; i < nodes; ++i) text += " - b\n";
  return text;
}

TEST(YamlReaderTest, HasNodesToItsLimitAndNoMore) {
  EXPECT_EQ(Refused(Nodes(kMaxYamlNodes)), "");
  EXPECT_TRUE(Refused(Nodes(kMaxYamlNodes + 1)).ends_with("the file has more than 50000 nodes"));
}

TEST(YamlReaderTest, HasBytesToItsLimitAndNoMore) {
  std::string text = "a: b\n";
  while (text.size() + 1025 < kMaxYamlBytes) text += "#" + std::string(1023, 'x') + "\n";
  text += "#" + std::string(kMaxYamlBytes - text.size() - 1, 'x');
  ASSERT_EQ(text.size(), kMaxYamlBytes);
  EXPECT_EQ(Refused(text), "");
  EXPECT_EQ(Refused(text + "\n"), "f: is larger than 1 MiB; split it over conf.d");
}

TEST(YamlReaderTest, HasLinesToTheirLimitAndNoLonger) {
  EXPECT_EQ(Refused("a: " + std::string(kMaxYamlLine - 3, 'b')), "");
  EXPECT_EQ(Refused("a: b\na: " + std::string(kMaxYamlLine - 2, 'b')),
            "f:2:1: the line is longer than 16384 bytes; break it");
}

TEST(YamlReaderTest, IsNotFooledByAliasesThatMultiply) {
  std::string text = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before +
            "]\n";
  }
  EXPECT_NE(Refused(text), "");
}

}  // namespace
}  // namespace rolebridge::config
