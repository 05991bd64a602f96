#include "bridge/cli/init_findings.h"

#include <gtest/gtest.h>

namespace rolebridge::cli {
namespace {

using ldap::Membership;

Styles Counted(size_t member, size_t member_uid, size_t unique_member, size_t member_of) {
  Styles styles;
  styles.member.entries = member;
  styles.member_uid.entries = member_uid;
  styles.unique_member.entries = unique_member;
  styles.member_of.entries = member_of;
  return styles;
}

TEST(StylesTest, MostGroupsDecide) {
  EXPECT_EQ(Counted(5, 2, 0, 0).Usual(), Membership::kMember);
  EXPECT_EQ(Counted(2, 5, 0, 0).Usual(), Membership::kMemberUid);
  EXPECT_EQ(Counted(3, 3, 0, 9).Usual(), Membership::kMember);
  EXPECT_EQ(Counted(0, 2, 5, 9).Usual(), Membership::kMember);
  EXPECT_EQ(Counted(1, 5, 2, 0).Usual(), Membership::kMemberUid);
}

TEST(StylesTest, MemberOfCountsWhereGroupsShowNoMembers) {
  EXPECT_EQ(Counted(0, 0, 0, 4).Usual(), Membership::kMemberOf);
  EXPECT_EQ(Counted(0, 1, 0, 4).Usual(), Membership::kMemberUid);
}

TEST(StylesTest, UniqueMemberIsWhatMoreGroupsHave) {
  EXPECT_TRUE(Counted(0, 0, 7, 0).HasUniqueMembers());
  EXPECT_TRUE(Counted(6, 0, 7, 0).HasUniqueMembers());
  EXPECT_FALSE(Counted(7, 0, 7, 0).HasUniqueMembers());
  Styles styles = Counted(1, 0, 2, 0);
  styles.member.base = "ou=few,dc=org";
  styles.unique_member.base = "ou=many,dc=org";
  EXPECT_EQ(styles.BaseOf(Membership::kMember), "ou=many,dc=org");
}

TEST(StylesTest, NobodyInAnyGroupIsNone) { EXPECT_EQ(Counted(0, 0, 0, 0).Usual(), std::nullopt); }

TEST(StylesTest, GroupsOfMemberOfStandWherePeopleSay) {
  Styles styles;
  styles.member_of.values = {"cn=a,ou=x,ou=groups,dc=org", "cn=b,ou=groups,dc=org"};
  EXPECT_EQ(styles.BaseOf(Membership::kMemberOf), "ou=groups,dc=org");
  EXPECT_EQ(styles.BaseOf(Membership::kMember), "");
}

}  // namespace
}  // namespace rolebridge::cli
