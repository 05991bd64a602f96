#include "bridge/mapping/test_nodes.h"

#include <gtest/gtest.h>

#include "tests/bridge/mapping/facts_for_tests.h"

namespace rolebridge::mapping {
namespace {

struct Row {
  std::string condition;
  std::string expected;
};

std::string JudgeFrom(const std::string& address, const std::string& condition) {
  Facts facts = SampleFacts();
  facts.client_address = address;
  return Judge(condition, facts);
}

TEST(InNetworkTest, JudgesAddresses) {
  EXPECT_EQ(JudgeFrom("10.1.2.3", "client.address is in_network('10.0.0.0/8')"), "true");
  EXPECT_EQ(JudgeFrom("11.1.2.3", "client.address is in_network('10.0.0.0/8')"), "false");
  EXPECT_EQ(JudgeFrom("11.1.2.3", "client.address is not in_network('10.0.0.0/8')"), "true");
  EXPECT_EQ(JudgeFrom("::ffff:10.1.2.3", "client.address is in_network('10.0.0.0/8')"), "true");
  EXPECT_EQ(JudgeFrom("2001:db8::7", "client.address is in_network('10.0.0.0/8', '2001:db8::/32')"),
            "true");
  EXPECT_EQ(JudgeFrom("2001:db9::7", "client.address is in_network('10.0.0.0/8', '2001:db8::/32')"),
            "false");
}

// security.md M8: what is no address is in no network, and outside of none.
TEST(InNetworkTest, IsUndefinedForWhatIsNoAddress) {
  for (const std::string address : {"", "10.1.2", "10.1.2.3 ", "010.1.2.3", "10.1.2.3:80",
                                    "fe80::1%eth0", "unix", "10.1.2.3, 10.1.2.4"}) {
    const std::string expected = "undefined: '" + address + "' is no IP address";
    EXPECT_EQ(JudgeFrom(address, "client.address is in_network('0.0.0.0/0')"), expected);
    EXPECT_EQ(JudgeFrom(address, "client.address is not in_network('0.0.0.0/0')"), expected);
  }
  const std::string nul("10.1.2.3\0", 9);
  EXPECT_EQ(JudgeFrom(nul, "client.address is in_network('0.0.0.0/0')"),
            "undefined: '10.1.2.3\\x00' is no IP address");
  EXPECT_EQ(Judge("user.nickname is in_network('0.0.0.0/0')"),
            "undefined: user 'alice' has no attribute nickname");
}

TEST(InNetworkTest, RefusesWithPlaceAndReason) {
  const Row rows[] = {
      {"client.address is in_network",
       "28: when: 'in_network' takes networks: in_network('10.0.0.0/8')"},
      {"client.address is in_network()",
       "28: when: 'in_network' takes networks: in_network('10.0.0.0/8')"},
      {"client.address is in_network('10.0.0.0/8', '10.0.0.0/33')",
       "53: when: '10.0.0.0/33' is no network; use 10.0.0.0/8, 2001:db8::/32 or an address"},
      {"client.address is in_network(vars.region)",
       "39: when: test 'in_network' takes its arguments in quotes"},
      {"groups is in_network('10.0.0.0/8')",
       "20: when: 'in_network' takes a text, and this is the list of groups (groups.name are their "
       "names)"},
      {"client.address is in_netwrk('10.0.0.0/8')",
       "28: when: unknown test 'in_netwrk'; there is between, defined or in_network; did you mean "
       "'in_network'?"},
      {"client.address is in_network('10.0.0.0/8'",
       "51: when: the expression ends where ',' or ')' is due"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(MistakesInCondition(row.condition), row.expected) << row.condition;
  }
}

std::string JudgeAt(int day, int hour, int minute, const std::string& condition) {
  Facts facts = SampleFacts();
  facts.instant = std::chrono::sys_days(std::chrono::year(2026) / 11 / day) +
                  std::chrono::hours(hour) + std::chrono::minutes(minute);
  return Judge(condition, facts);
}

// November 2026: the 22nd is a Sunday; Berlin is an hour ahead of UTC.
TEST(BetweenTest, JudgesTheWallClockOfTheZone) {
  const std::string work = "now is between('Mon-Fri 08:00-18:00', 'Europe/Berlin')";
  EXPECT_EQ(JudgeAt(24, 6, 59, work), "false");
  EXPECT_EQ(JudgeAt(24, 7, 0, work), "true");
  EXPECT_EQ(JudgeAt(24, 16, 59, work), "true");
  EXPECT_EQ(JudgeAt(24, 17, 0, work), "false");
  EXPECT_EQ(JudgeAt(22, 12, 0, work), "false");
  EXPECT_EQ(JudgeAt(22, 12, 0, "now is not between('Mon-Fri 08:00-18:00', 'Europe/Berlin')"),
            "true");
  // Sunday 23:30 in UTC is Monday in Berlin.
  EXPECT_EQ(JudgeAt(22, 23, 30, "now is between('Mon 00:00-24:00', 'Europe/Berlin')"), "true");
  EXPECT_EQ(JudgeAt(22, 23, 30, "now is between('Mon 00:00-24:00', 'UTC')"), "false");
}

TEST(BetweenTest, TakesSeveralWindows) {
  const std::string both = "now is between('Mon-Fri 08:00-18:00', 'Sat 10:00-12:00', 'UTC')";
  EXPECT_EQ(JudgeAt(24, 8, 0, both), "true");
  EXPECT_EQ(JudgeAt(28, 11, 0, both), "true");
  EXPECT_EQ(JudgeAt(28, 12, 0, both), "false");
  EXPECT_EQ(JudgeAt(28, 8, 0, both), "false");
}

TEST(BetweenTest, FollowsSummerTime) {
  const auto judge = [](std::chrono::sys_seconds instant) {
    Facts facts = SampleFacts();
    facts.instant = instant;
    return Judge("now is between('08:00-09:00', 'Europe/Berlin')", facts);
  };
  using std::chrono::hours, std::chrono::sys_days, std::chrono::year;
  EXPECT_EQ(judge(sys_days(year(2026) / 3 / 28) + hours(7)), "true");
  EXPECT_EQ(judge(sys_days(year(2026) / 3 / 29) + hours(7)), "false");
  EXPECT_EQ(judge(sys_days(year(2026) / 3 / 29) + hours(6)), "true");
  EXPECT_EQ(judge(sys_days(year(2026) / 10 / 24) + hours(6)), "true");
  EXPECT_EQ(judge(sys_days(year(2026) / 10 / 25) + hours(6)), "false");
  EXPECT_EQ(judge(sys_days(year(2026) / 10 / 25) + hours(7)), "true");
}

TEST(BetweenTest, RefusesWithPlaceAndReason) {
  const std::string hint =
      " is no time window; use 'Mon-Fri 08:00-18:00', 'Sat,Sun 00:00-24:00' or '22:00-06:00'";
  const std::string shape =
      "17: when: 'between' takes hours and a time zone: between('Mon-Fri 08:00-18:00', "
      "'Europe/Berlin')";
  const Row rows[] = {
      {"now is between", shape},
      {"now is between('UTC')", shape},
      {"now is between('8-18', 'UTC')", "25: when: '8-18'" + hint},
      {"now is between('08:00-18:00', 'Mars')",
       "40: when: unknown time zone 'Mars'; write it as in 'Europe/Berlin'"},
      {"now is between('08:00-18:00', 'Europe/Berln')",
       "40: when: unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"},
      {"now is between('08:00-18:00', '20:00-21:00')",
       "40: when: unknown time zone '20:00-21:00'; write it as in 'Europe/Berlin'"},
      {"now is between(vars.region, 'UTC')",
       "25: when: test 'between' takes its arguments in quotes"},
      {"user.username is between('08:00-18:00', 'UTC')",
       "27: when: 'between' judges 'now', and this is a text"},
      {"now == 'x'",
       "14: when: '==' takes a text, and this is the time of the request (test it: now is "
       "between(...))"},
      {"now",
       "10: when: this is the time of the request (test it: now is between(...)), and a "
       "condition is due; compare it with '==' or 'in'"},
      {"now.hour == 'x'", "14: when: 'now' has no fields; write: now is between(...)"},
      {"now is in_network('10.0.0.0/8')",
       "17: when: 'in_network' takes a text, and this is the time of the request (test it: now is "
       "between(...))"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(MistakesInCondition(row.condition), row.expected) << row.condition;
  }
  EXPECT_EQ(Judge("now is defined"), "true");
}

}  // namespace
}  // namespace rolebridge::mapping
