#include "ldap/attribute_description.h"

#include <gtest/gtest.h>

#include <utility>

namespace rolebridge::ldap {
namespace {

TEST(AttributeKeyTest, KeepsTheOptionsThatMakeADifference) {
  const std::pair<const char*, const char*> kTable[] = {
      {"awsRole", "awsrole"},
      {"cn;lang-DE", "cn;lang-de"},
      {"cn;x-b;x-a", "cn;x-a;x-b"},
      {"userCertificate;binary", "usercertificate"},
      {"member;range=0-1499", "member"},
      {"member;x-a;Range=0-*", "member;x-a"},
      {"cn;", "cn;"},
      {"", ""},
  };
  for (const auto& [description, key] : kTable) EXPECT_EQ(AttributeKey(description), key);
}

TEST(IsAttributeDescriptionTest, FollowsRfc4512) {
  for (const char* text : {"cn", "cn;lang-de", "2.5.4.3;x-1", "a;1;2"}) {
    EXPECT_TRUE(IsAttributeDescription(text)) << text;
  }
  for (const char* text : {"", ";lang-de", "cn;", "cn;;a", "cn;lang_de", "cn;binary",
                           "member;range=0-1", "cn;a=b", "cn;lang de", "a;1;2;3;4;5;6;7;8;9"}) {
    EXPECT_FALSE(IsAttributeDescription(text)) << text;
  }
}

}  // namespace
}  // namespace rolebridge::ldap
