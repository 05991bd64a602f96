#include "ldap/dn.h"

#include <gtest/gtest.h>

namespace rolebridge::ldap {
namespace {

struct Spelling {
  const char* written;
  const char* normal;
};

TEST(DnTest, BringsEverySpellingToOneForm) {
  const Spelling kTable[] = {
      {"dc=example,dc=org", "dc=example,dc=org"},
      {"DC=Example, DC=ORG", "dc=example,dc=org"},
      {"uid=alice,ou=people,dc=example,dc=org", "uid=alice,ou=people,dc=example,dc=org"},
      {"userid=Alice,ou=people", "uid=alice,ou=people"},
      {"0.9.2342.19200300.100.1.1=alice", "uid=alice"},
      {"2.5.4.3=x,domainComponent=org", "cn=x,dc=org"},
      {"cn=  two   words  ,dc=org", "cn=two words,dc=org"},
      {"cn=a\\,b,dc=org", "cn=a\\,b,dc=org"},
      {"cn=a\\2cb,dc=org", "cn=a\\,b,dc=org"},
      {"cn=a\\2Cb,dc=org", "cn=a\\,b,dc=org"},
      {"cn=Nu\\C3\\B1ez\\, Zo\\C3\\AB", "cn=nu\u00f1ez\\, zo\u00eb"},
      {"cn=M\u00fcller\\, S\u00f6hne & Co \\3CFinance\\3E",
       "cn=m\u00fcller\\, s\u00f6hne & co \\<finance\\>"},
      {"cn=\\#1,dc=org", "cn=\\#1,dc=org"},
      {"cn=one#,dc=org", "cn=one#,dc=org"},
      {"cn=O'Brien's team", "cn=o'brien's team"},
      {"cn=a\\0ab", "cn=a\\0ab"},
      {"cn=b+uid=a,dc=org", "cn=b+uid=a,dc=org"},
      {"uid=a+cn=b,dc=org", "cn=b+uid=a,dc=org"},
      {"cn=x\\+uid\\=y", "cn=x\\+uid=y"},
      {"cn=\\5c", "cn=\\\\"},
      {"CN=M\u00dcLLER\\2C S\u00f6hne", "cn=m\u00fcller\\, s\u00f6hne"},
      {"cn=\\C3\\9cbung", "cn=\u00fcbung"},
      {"cn=\u0416\u0423\u041a+OU=\u0391\u0392", "cn=\u0436\u0443\u043a+ou=\u03b1\u03b2"},
      {"cn=\U00010400", "cn=\U00010428"},
      {"cn=\\20\\ a\\20\\20b\\ ,dc=org", "cn=a b,dc=org"},
      {"cn=\\41lice", "cn=alice"},
      {"CN=a \\2B b,   dc=ORG", "cn=a \\+ b,dc=org"},
      {"2.5.4.11=x", "ou=x"},
      // RFC 4514 section 4: a BER value, and one in the dotted form.
      {"1.3.6.1.4.1.1466.0=#04024869,dc=org", "1.3.6.1.4.1.1466.0=#04024869,dc=org"},
  };
  for (const auto& [written, normal] : kTable) {
    const auto dn = Dn::Parse(written);
    ASSERT_TRUE(dn) << written << ": " << dn.error().message;
    EXPECT_EQ(dn->text(), normal) << written;
    const auto again = Dn::Parse(dn->text());
    ASSERT_TRUE(again) << dn->text();
    EXPECT_EQ(*again, *dn) << written;
  }
}

// What two servers might take for two entries is two names.
TEST(DnTest, KeepsApartWhatDiffers) {
  const std::pair<const char*, const char*> kTable[] = {
      {"cn=a,dc=org", "cn=b,dc=org"},
      {"cn=a,dc=org", "ou=a,dc=org"},
      {"cn=a,dc=org", "cn=a"},
      {"cn=a\\,dc=org", "cn=a,dc=org"},
      {"cn=a\\+uid=b", "cn=a+uid=b"},
      {"cn=a+uid=b", "cn=a,uid=b"},
      {"cn=a+uid=b", "cn=b+uid=a"},
      {"cn=a+uid=b,dc=org", "cn=a,dc=org"},
      {"cn=a b", "cn=ab"},
      {"cn=a\\0ab", "cn=ab"},
      {"cn=\\23616263", "cn=#616263"},
      {"cn=#616263", "cn=abc"},
      {"cn=m\u00fcller", "cn=muller"},
      {"cn=m\u00fcller", "cn=mueller"},
      {"cn=m\u00fcller", "cn=mu\u0308ller"},
      {"cn=stra\u00dfe", "cn=strasse"},
      {"cn=\u0130", "cn=i"},
      {"cn=\u0131", "cn=i"},
      {"cn=\u212a", "cn=k"},
      {"cn=\uff41", "cn=a"},
      {"cn=\u0430", "cn=a"},
      {"cn=a\u00a0b", "cn=a b"},
      {"cn=a\u200bb", "cn=ab"},
      {"cn=a\u00adb", "cn=ab"},
  };
  for (const auto& [one, other] : kTable) {
    const auto first = Dn::Parse(one);
    const auto second = Dn::Parse(other);
    ASSERT_TRUE(first && second) << one << " and " << other;
    EXPECT_NE(*first, *second) << one << " and " << other;
  }
}

TEST(DnTest, RefusesWhatIsNone) {
  const std::string kTable[] = {
      "",
      "alice",
      "=alice",
      "uid",
      "uid=alice,",
      "uid=alice,,dc=org",
      "uid=alice dc=org,dc",
      ",dc=org",
      "uid=al\\zice",
      "cn=a\\",
      "cn=a\\f",
      std::string("cn=a\0b", 6),
      "cn=\\00",
      "cn=\xff",
      "cn=\\ff",
      "cn=\xc0\xaf",
      "cn=\xed\xa0\x80",
      "cn=#zz",
      "cn=#4",
      "cn=#+uid=x",
      "u id=alice",
      "cn=<a>b\"",
      "cn=" + std::string(4096, 'a'),
  };
  for (const std::string& written : kTable) {
    const auto dn = Dn::Parse(written);
    EXPECT_FALSE(dn) << written << " became " << dn->text();
    if (!dn) {
      EXPECT_EQ(dn.error().code, ErrorCode::kInvalidArgument);
    }
  }
}

TEST(DnTest, TakesTheLongestAndNoLonger) {
  EXPECT_TRUE(Dn::Parse("cn=" + std::string(4093, 'a')));
  EXPECT_FALSE(Dn::Parse("cn=" + std::string(4094, 'a')));
}

TEST(DnTest, IsWithinItselfAndWhatIsAbove) {
  const auto base = Dn::Parse("OU=Groups,dc=example,dc=org");
  const std::pair<const char*, bool> kTable[] = {
      {"ou=groups,dc=example,dc=org", true},
      {"cn=admins, ou=GROUPS, dc=example, dc=org", true},
      {"cn=a,cn=b,ou=groups,dc=example,dc=org", true},
      {"dc=example,dc=org", false},
      {"ou=groups2,dc=example,dc=org", false},
      {"ou=people,dc=example,dc=org", false},
      // A value that looks like the base's text is a value.
      {"cn=x\\,ou=groups\\,dc=example\\,dc=org", false},
      {"cn=x\\,ou=groups,dc=example,dc=org", false},
      {"ou=groups,dc=example,dc=org,dc=evil", false},
  };
  for (const auto& [text, is_within] : kTable) {
    EXPECT_EQ(Dn::Parse(text)->IsWithin(*base), is_within) << text;
  }
}

TEST(DnTest, TellsTheValueOfItsFirstPart) {
  const auto dn = Dn::Parse("cn=Data Scientists+uid=x,cn=other,dc=org");
  EXPECT_EQ(dn->RdnValue("cn"), "data scientists");
  EXPECT_EQ(dn->RdnValue("uid"), "x");
  EXPECT_EQ(dn->RdnValue("dc"), std::nullopt);
}

TEST(IsTextTest, FollowsRfc3629) {
  const std::string kTexts[] = {"", "a", "\u00fc", "\u20ac", "\U0001F511", "\U0010FFFF"};
  const std::string kOthers[] = {
      std::string(1, '\0'), "\x80", "\xc3",      "\xc0\xaf", "\xe0\x80\x80",     "\xed\xa0\x80",
      "\xf4\x90\x80\x80",   "\xf8", "a\xe2\x82", "\xff\xfe", "\xf0\x80\x80\x80",
  };
  for (const std::string& text : kTexts) EXPECT_TRUE(IsText(text)) << text;
  for (const std::string& other : kOthers) EXPECT_FALSE(IsText(other)) << other;
}

}  // namespace
}  // namespace rolebridge::ldap
