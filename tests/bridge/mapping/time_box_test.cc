#include "bridge/mapping/time_box.h"

#include <gtest/gtest.h>

#include "tests/bridge/mapping/facts_for_tests.h"

namespace rolebridge::mapping {
namespace {

using std::chrono::days, std::chrono::hours, std::chrono::minutes, std::chrono::seconds;
using std::chrono::sys_days, std::chrono::sys_seconds, std::chrono::year;

TEST(TimeBoxTest, TakesTheEndOff) {
  struct Row {
    std::string text, value;
    sys_seconds end;
  };
  const sys_seconds new_year = sys_days(year(2027) / 1 / 1);
  const Row rows[] = {
      {"Admin;until=2026-12-31", "Admin", new_year},
      {"Admin ; until=2026-12-31 ", "Admin", new_year},
      {"Admin;\tuntil=2026-12-31", "Admin", new_year},
      {"Admin;UNTIL=2026-12-31", "Admin", new_year},
      {"Admin;until=2026-12-31T18:00Z", "Admin", new_year - hours(6)},
      {"Admin;until=2026-12-31T00:00Z", "Admin", new_year - hours(24)},
      {"Admin;until=2028-02-29", "Admin", sys_days(year(2028) / 3 / 1)},
      {"a;b;until=2026-12-31", "a;b", new_year},
      {"a b;until=2026-12-31", "a b", new_year},
  };
  for (const Row& row : rows) {
    const TimeBox box = SplitTimeBox(row.text);
    EXPECT_FALSE(box.malformed) << row.text;
    EXPECT_EQ(box.value, row.value) << row.text;
    ASSERT_TRUE(box.end.has_value()) << row.text;
    EXPECT_EQ(*box.end, row.end) << row.text;
  }
}

TEST(TimeBoxTest, LeavesOtherValuesAlone) {
  for (const std::string text :
       {"", "Admin", "Admin;", "a;b", "until=2026-12-31", "a until=2026-12-31", " Admin ", ";",
        "a;untill=2026-12-31", "a;until", "a;untilx=2020-01-01", "a; until you know"}) {
    const TimeBox box = SplitTimeBox(text);
    EXPECT_EQ(box.value, text);
    EXPECT_FALSE(box.end.has_value()) << text;
    EXPECT_FALSE(box.malformed) << text;
  }
}

TEST(TimeBoxTest, KnowsAnEndThatIsNone) {
  for (const std::string text :
       {"Admin;until=", "Admin;until=2026-02-30", "Admin;until=2026-13-01",
        "Admin;until=2026-00-01", "Admin;until=2026-1-1", "Admin;until=26-12-31",
        "Admin;until=31.12.2026", "Admin;until = 31.12.2026", "Admin;until=2026-12-31T24:00Z",
        "Admin;until=2026-12-31T18:60Z", "Admin;until=2026-12-31T18:00",
        "Admin;until=2026-12-31T18:00+01:00", "Admin;until=2026-12-31 18:00",
        "Admin;until=2026-12-31;x", "Admin;until=2026-12-31;until=2027-12-31", "Admin;until=never",
        ";until=2026-12-31",
        "Admin;until=\xEF\xBC\x92"
        "026-12-31"}) {
    EXPECT_TRUE(SplitTimeBox(text).malformed) << text;
  }
}

TEST(TimeBoxTest, TakesBlanksAndCapitals) {
  for (const std::string text : {"Deploy;until =2020-01-01", "Deploy; UNTIL = 2020-01-01",
                                 "Deploy ;\tUntil\t=\t2020-01-01 "}) {
    const TimeBox box = SplitTimeBox(text);
    EXPECT_EQ(box.value, "Deploy") << text;
    EXPECT_EQ(box.end, sys_seconds(sys_days(year(2020) / 1 / 2))) << text;
  }
}

Facts Boxed(sys_seconds instant) {
  Facts facts = SampleFacts();
  facts.instant = instant;
  facts.user.attributes["department"] = {"IT", "R&D;until=2026-06-30"};
  facts.groups = {{"ops", "cn=ops", {{"aws_role", {"Admin;until=2026-12-31", "Reader"}}}},
                  {"dev", "cn=dev", {{"aws_role", {"Dev;until=2026-02-30"}}}}};
  return facts;
}

TEST(RemoveEndedTest, LeavesWhatStillCountsWithoutItsEnd) {
  Facts facts = Boxed(sys_days(year(2026) / 6 / 30) + hours(23));
  std::vector<EndedValue> ended;
  RemoveEnded(facts, ended);
  EXPECT_EQ(facts.user.attributes["department"], (std::vector<std::string>{"IT", "R&D"}));
  EXPECT_EQ(facts.groups[0].attributes["aws_role"], (std::vector<std::string>{"Admin", "Reader"}));
  ASSERT_EQ(ended.size(), 1u);
}

TEST(RemoveEndedTest, ReportsWhatEndedAndWhatIsNoEnd) {
  Facts facts = Boxed(sys_days(year(2027) / 1 / 1));
  std::vector<EndedValue> ended;
  RemoveEnded(facts, ended);
  EXPECT_EQ(facts.user.attributes["department"], std::vector<std::string>{"IT"});
  EXPECT_EQ(facts.groups[0].attributes["aws_role"], std::vector<std::string>{"Reader"});
  // A list that becomes empty is as one that the directory does not have.
  EXPECT_FALSE(facts.groups[1].attributes.contains("aws_role"));
  ASSERT_EQ(ended.size(), 3u);
  EXPECT_EQ(ended[0].owner, "user 'alice'");
  EXPECT_EQ(ended[0].attribute, "department");
  EXPECT_EQ(ended[0].value, "R&D;until=2026-06-30");
  EXPECT_EQ(ended[0].reason, "ended at 2026-07-01T00:00:00Z");
  EXPECT_EQ(ended[1].owner, "group 'ops'");
  EXPECT_EQ(ended[1].reason, "ended at 2027-01-01T00:00:00Z");
  EXPECT_EQ(ended[2].reason,
            "';until=2026-02-30' is no end; write ;until=2026-12-31 or ;until=2026-12-31T18:00Z");
}

TEST(RemoveEndedTest, EndsAtThatInstantAndNotBefore) {
  for (const bool is_over : {false, true}) {
    Facts facts = Boxed(sys_days(year(2027) / 1 / 1) - seconds(is_over ? 0 : 1));
    std::vector<EndedValue> ended;
    RemoveEnded(facts, ended);
    EXPECT_EQ(facts.groups[0].attributes["aws_role"].size(), is_over ? 1u : 2u);
  }
}

// A deny-list must not pass by a misprint (security.md M8).
TEST(RemoveEndedTest, AnAttributeWithAnEndThatIsNoneSaysNothing) {
  Facts facts = Boxed(sys_days(year(2026) / 1 / 1));
  facts.user.attributes["department"] = {"contractor;until=31.12.2026", "person"};
  std::vector<EndedValue> ended;
  RemoveEnded(facts, ended);
  EXPECT_FALSE(facts.user.attributes.contains("department"));
  ASSERT_GE(ended.size(), 2u);
  EXPECT_EQ(ended[1].value, "person");
  EXPECT_EQ(ended[1].reason, "another value of it has an end that is none");
}

// A misprint must be no way past a deny-list, however it is asked.
TEST(RemoveEndedTest, WhatNobodyCanReadIsUndefinedForEverybody) {
  Facts facts = SampleFacts();
  facts.user.attributes["department"] = {"contractor;until=31.12.2026"};
  facts.groups = {{"a", "cn=a", {{"owner", {"alice"}}}},
                  {"b", "cn=b", {{"owner", {"contractor;until=soon"}}}}};
  std::vector<EndedValue> ended;
  RemoveEnded(facts, ended);
  for (const std::string condition :
       {"'contractor' not in user.department",
        "'contractor' not in (user.department | default([]))", "user.department is not defined",
        "user.department is defined", "'contractor' not in group_attributes.owner",
        "'contractor' not in (group_attributes.owner | default(['x']))",
        "true or group_attributes.owner is defined"}) {
    EXPECT_TRUE(Judge(condition, facts).starts_with("undefined: ")) << condition;
  }
  EXPECT_EQ(Judge("'contractor' not in group_attributes.owner", facts),
            "undefined: group 'b': owner cannot be read");
}

// The same role, once with an end and once without, is one value.
TEST(RemoveEndedTest, LeavesNoValueTwice) {
  Facts facts = Boxed(sys_days(year(2026) / 1 / 1));
  facts.groups[0].attributes["aws_role"] = {"Admin;until=2026-12-31", "Admin",
                                            "Admin;until=2026-11-30"};
  std::vector<EndedValue> ended;
  RemoveEnded(facts, ended);
  EXPECT_EQ(facts.groups[0].attributes["aws_role"], std::vector<std::string>{"Admin"});
}

TEST(RemoveEndedTest, TouchesNothingWithoutEnds) {
  Facts facts = SampleFacts();
  EXPECT_FALSE(HasTimeBox(facts));
  std::vector<EndedValue> ended;
  RemoveEnded(facts, ended);
  EXPECT_TRUE(ended.empty());
  EXPECT_EQ(facts.user.attributes, SampleFacts().user.attributes);
  EXPECT_TRUE(HasTimeBox(Boxed({})));
}

}  // namespace
}  // namespace rolebridge::mapping
