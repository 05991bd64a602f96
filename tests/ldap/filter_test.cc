#include "ldap/filter.h"

#include <gtest/gtest.h>

namespace rolebridge::ldap {
namespace {

struct Escaped {
  std::string value;
  std::string filter;
};

TEST(EqualityFilterTest, EscapesEveryByteThatIsNotPlain) {
  const Escaped kTable[] = {
      {"alice", "(uid=alice)"},
      {"a.b_c@d-E9", "(uid=a.b_c@d-E9)"},
      {"*", "(uid=\\2a)"},
      {"*)(uid=*", "(uid=\\2a\\29\\28uid\\3d\\2a)"},
      {"\\2a", "(uid=\\5c2a)"},
      {std::string("a\0b", 3), "(uid=a\\00b)"},
      {"\u00fc", "(uid=\\c3\\bc)"},
      {"a b", "(uid=a\\20b)"},
      {"", "(uid=)"},
      {std::string(200, '('), "(uid=" +
                                  [] {
                                    std::string text;
                                    for (int i = 0; i < 200; ++i) text += "\\28";
                                    return text;
                                  }() +
                                  ")"},
  };
  for (const auto& [value, filter] : kTable) EXPECT_EQ(EqualityFilter("uid", value), filter);
}

TEST(AnyOfTest, LeavesOneAlone) {
  EXPECT_EQ(AnyOf({"(a=1)"}), "(a=1)");
  EXPECT_EQ(AnyOf({"(a=1)", "(b=2)"}), "(|(a=1)(b=2))");
}

TEST(AllOfTest, IsAList) { EXPECT_EQ(AllOf({"(a=1)", "(b=2)"}), "(&(a=1)(b=2))"); }

TEST(BitsFilterTest, NamesActiveDirectorysRule) {
  // [MS-ADTS] 2.2.12: a group for security has the highest bit set.
  EXPECT_EQ(BitsFilter("groupType", 0x80000000), "(groupType:1.2.840.113556.1.4.803:=2147483648)");
}

TEST(IsAttributeNameTest, FollowsRfc4512) {
  for (const char* name :
       {"uid", "awsRole", "msDS-User-Account-Control-Computed", "2.5.4.3", "a1"}) {
    EXPECT_TRUE(IsAttributeName(name)) << name;
  }
  for (const char* name : {"", "aws_role", "1a", "-a", "a b", "a;lang-de", "2.", ".2", "2..5", "2",
                           "*", "a)(b", "\u00fcid"}) {
    EXPECT_FALSE(IsAttributeName(name)) << name;
  }
}

TEST(FilterTemplateTest, FillsTheHoleAndNothingElse) {
  const std::pair<const char*, const char*> kTable[] = {
      {"(uid={{ username }})", "(uid=a\\2ab)"},
      {"(uid={{username}})", "(uid=a\\2ab)"},
      {"(mail={{ username }}@example.org)", "(mail=a\\2ab@example.org)"},
      {"(mail=x.{{ username }}@{{ username }})", "(mail=x.a\\2ab@a\\2ab)"},
      {"(&(objectClass=posixAccount)(uid={{ username }}))",
       "(&(objectClass=posixAccount)(uid=a\\2ab))"},
      {" (& (objectClass=person)\n (| (uid={{ username }}) (sAMAccountName={{ username }}) ) ) ",
       "(&(objectClass=person)(|(uid=a\\2ab)(sAMAccountName=a\\2ab)))"},
      {"(&(!(nsAccountLock=TRUE))(uid={{ username }}))", "(&(!(nsAccountLock=TRUE))(uid=a\\2ab))"},
      {"(&(cn=a*b*)(uid={{ username }}))", "(&(cn=a*b*)(uid=a\\2ab))"},
      {"(&(cn=*)(uid={{ username }}))", "(&(cn=*)(uid=a\\2ab))"},
      {"(&(a>=1)(b<=2)(c~=3)(uid={{ username }}))", "(&(a>=1)(b<=2)(c~=3)(uid=a\\2ab))"},
      {"(uid:caseExactMatch:={{ username }})", "(uid:caseExactMatch:=a\\2ab)"},
      {"(&(memberOf:1.2.840.113556.1.4.1941:=cn=staff,dc=example,dc=org)(uid={{ username }}))",
       "(&(memberOf:1.2.840.113556.1.4.1941:=cn=staff,dc=example,dc=org)(uid=a\\2ab))"},
      {"(&(ou:dn:=people)(uid={{ username }}))", "(&(ou:dn:=people)(uid=a\\2ab))"},
      {"(&(:caseIgnoreMatch:=x)(uid={{ username }}))", "(&(:caseIgnoreMatch:=x)(uid=a\\2ab))"},
      {"(&(cn;lang-de=x)(cn=\\2a\\C3\\BC {x})(uid={{ username }}))",
       "(&(cn;lang-de=x)(cn=\\2a\\C3\\BC {x})(uid=a\\2ab))"},
  };
  for (const auto& [written, rendered] : kTable) {
    const auto filter = FilterTemplate::Parse(written);
    ASSERT_TRUE(filter) << written << ": " << filter.error().message;
    EXPECT_EQ(filter->Render("a*b"), rendered);
  }
}

TEST(FilterTemplateTest, RefusesWhatIsNoFilterOrPutsTheHoleElsewhere) {
  const std::string kTable[] = {
      "",
      "uid={{ username }}",
      "(uid={{ username }}",
      "(uid={{ username }}))",
      "(uid={{ username }})(cn=x)",
      "(uid=alice)",         // would find alice for everybody
      "({{ username }}=x)",  // a name
      "(uid{{ username }}=x)",
      "{{ username }}",
      "(uid={{ user }})",
      "(uid={{ username | lower }})",
      "(uid={{ username )",
      "(uid={{ username }}*)",
      "(uid=*{{ username }})",
      "(|(a=1)(uid=*{{ username }}*))",
      "(!(uid={{ username }}))",
      "(&(a=1)(!(|(b=2)(uid={{ username }}))))",
      "(&)",
      "(|)",
      "(!)",
      "()",
      "(=x)",
      "(uid)",
      "(uid>{{ username }})",
      "(a_b={{ username }})",
      "(:={{ username }})",
      "(:dn:={{ username }})",
      "(a::={{ username }})",
      "(a:b c:={{ username }})",
      "(&(a>=*)(uid={{ username }}))",
      "(&(a:dn:=x*)(uid={{ username }}))",
      "(&(a=(b))(uid={{ username }}))",
      "(&(a=\\2)(uid={{ username }}))",
      "(&(a=\\zz)(uid={{ username }}))",
      "(&(a=b\tc)(uid={{ username }}))",
      "(&(a;=b)(uid={{ username }}))",
      "(!(a=1)(uid={{ username }}))",
      std::string("(&(a=\0)(uid={{ username }}))", 27),
      "(&(a=" + std::string(4096, 'x') + ")(uid={{ username }}))",
      [] {
        std::string deep;
        for (int i = 0; i < 17; ++i) deep += "(&";
        deep += "(uid={{ username }})";
        for (int i = 0; i < 17; ++i) deep += ")";
        return deep;
      }(),
  };
  for (const std::string& written : kTable) {
    const auto checked = CheckFilterTemplate(written);
    EXPECT_FALSE(checked) << written;
    if (!checked) {
      EXPECT_EQ(checked.error().code, ErrorCode::kInvalidArgument);
    }
  }
}

TEST(FilterTemplateTest, SaysTheColumn) {
  const auto checked = CheckFilterTemplate("(&(uid={{ username }})(aws_role=x))");
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("column 24: an attribute's name is due"),
            std::string::npos)
      << checked.error().message;
}

}  // namespace
}  // namespace rolebridge::ldap
