#include "ldap/value_range.h"

#include <gtest/gtest.h>

#include <string>

namespace rolebridge::ldap {
namespace {

// [MS-ADTS] 3.1.1.3.1.3.3.
TEST(ValueRangeTest, IsReadFromAmongTheOptions) {
  const std::pair<const char*, ValueRange> kTable[] = {
      {";range=0-1499", {0, 1499}},      {";range=1500-*", {1500, std::nullopt}},
      {";range=0-*", {0, std::nullopt}}, {";range=7-7", {7, 7}},
      {";binary;range=1-2", {1, 2}},     {";range=1-2;binary", {1, 2}},
  };
  for (const auto& [options, range] : kTable) {
    const auto read = ParseValueRange(options);
    ASSERT_TRUE(read && *read) << options;
    EXPECT_EQ(**read, range) << options;
  }
  for (const char* const options : {"", ";binary", ";lang-de", ";x-range=0-1", ";ranges=0-1"}) {
    const auto read = ParseValueRange(options);
    EXPECT_TRUE(read && !*read) << options;
  }
}

TEST(ValueRangeTest, IsRefusedWhereItCannotBeRead) {
  for (const char* const options :
       {";range=", ";range=0", ";range=-1", ";range=-", ";range=0-", ";range=*-*", ";range=a-b",
        ";range=0-1x", ";range= 0-1", ";range=0-1 ", ";range=+0-1", ";range=2-1",
        ";range=0-99999999999999999999", ";range=99999999999999999999-*", ";range=0-*0",
        ";range=0--1", ";range=0-1;range=0-1", ";range=0-1;range=2-*"}) {
    EXPECT_FALSE(ParseValueRange(options)) << options;
  }
}

}  // namespace
}  // namespace rolebridge::ldap
