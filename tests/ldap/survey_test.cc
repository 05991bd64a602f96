#include "ldap/survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ldap/dn.h"
#include "tests/ldap/neighbours.h"

namespace rolebridge::ldap {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kBase[] = "dc=example,dc=org";

TEST(DnTest, ParentIsWhatANameStandsUnder) {
  const auto parent = Dn::Parse("uid=alice,OU=People,dc=example,dc=org")->Parent();
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->text(), "ou=people,dc=example,dc=org");
  EXPECT_EQ(*parent, *Dn::Parse("ou=people,dc=example,dc=org"));
  EXPECT_FALSE(Dn::Parse("dc=org")->Parent());
}

TEST(CommonBaseTest, IsTheSmallestSubtreeWithoutTheEntriesThemselves) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{}, ""},
      {{"uid=a,ou=people,dc=org"}, "ou=people,dc=org"},
      {{"uid=a,ou=people,dc=org", "uid=b,OU=People,dc=org"}, "ou=people,dc=org"},
      {{"uid=a,ou=x,ou=people,dc=org", "uid=b,ou=y,ou=people,dc=org"}, "ou=people,dc=org"},
      {{"uid=a,ou=x,ou=people,dc=org", "uid=b,ou=people,dc=org"}, "ou=people,dc=org"},
      // One that is itself the parent of another.
      {{"uid=a,ou=people,dc=org", "ou=people,dc=org"}, "dc=org"},
      {{"uid=a,dc=org", "uid=a,dc=net"}, ""},
      {{"uid=a,dc=org", "uid=a,dc=net", "uid=b,dc=org"}, ""},
      {{"nonsense", "uid=a,ou=people,dc=org"}, "ou=people,dc=org"},
      {{"uid=a,ou=S\xc3\xb6hne \\, Co,dc=org"}, "ou=s\xc3\xb6hne \\, co,dc=org"}};
  for (const auto& [names, expected] : cases) EXPECT_EQ(CommonBase(names), expected);
}

class SurveyTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { slapd_ = new SlapdServer(); }
  static void TearDownTestSuite() {
    delete slapd_;
    slapd_ = nullptr;
  }
  Survey Look() { return Survey(slapd_->settings(), slapd_->password()); }
  static SlapdServer* slapd_;
};

SlapdServer* SurveyTest::slapd_ = nullptr;

TEST_F(SurveyTest, ReadsWhereEntriesBeginAndWhatTheSchemaKnows) {
  const auto root = Look().ReadRoot({"awsRole", "AWSACCOUNT", "noSuchThing"});
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_THAT(root->naming_contexts, ElementsAre(kBase));
  EXPECT_FALSE(root->is_active_directory);
  EXPECT_THAT(root->known_attributes, ElementsAre("AWSACCOUNT", "awsRole"));
}

TEST_F(SurveyTest, FindsPeopleAndBothKindsOfGroupsByTheRightToSearchAlone) {
  Survey survey = Look();
  const auto people = survey.Count(kBase, "uid");
  ASSERT_TRUE(people) << people.error().message;
  EXPECT_EQ(people->base, "ou=people,dc=example,dc=org");
  EXPECT_EQ(people->entries, 12U);
  EXPECT_EQ(survey.Count(kBase, "member")->base, "ou=groups,dc=example,dc=org");
  EXPECT_EQ(survey.Count(kBase, "memberUid")->base, "ou=unixgroups,dc=example,dc=org");
  EXPECT_EQ(survey.Count(kBase, "uniqueMember")->entries, 0U);
  // The server would not show who is a member.
  EXPECT_THAT(survey.Count(kBase, "member", "member")->values, IsEmpty());
}

TEST_F(SurveyTest, CollectsValues) {
  const auto roles = Look().Count(kBase, "awsRole", "awsRole");
  ASSERT_TRUE(roles) << roles.error().message;
  EXPECT_THAT(roles->values, Contains("ReadOnly"));
  EXPECT_THAT(roles->values, Not(Contains("staff")));
}

TEST_F(SurveyTest, TakesNoFilterForAnAttribute) {
  const auto refused = Look().Count(kBase, "uid=*)(member");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(SurveyTest, SaysWhoWasRefused) {
  const auto refused = Survey(slapd_->settings(), SecretString("wrong")).ReadRoot({});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(slapd_->bind_dn), std::string::npos);
  EXPECT_EQ(refused.error().message.find("wrong"), std::string::npos);
}

}  // namespace
}  // namespace rolebridge::ldap
