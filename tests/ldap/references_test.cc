#include "ldap/references.h"

#include <gtest/gtest.h>

#include "tests/ldap/neighbours.h"

namespace rolebridge::ldap {
namespace {

using Urls = std::vector<std::string>;

const FixedClock kClock{SysSeconds(std::chrono::seconds(1769853900))};
const Urls kNotMissed = {"DC=Child,DC=example,DC=org"};

TEST(ReferencesTest, MissesNobodyInWhatHoldsNobody) {
  const Urls kTable[] = {
      {"ldap://ForestDnsZones.example.org/DC=ForestDnsZones,DC=example,DC=org"},
      {"ldap://DomainDnsZones.example.org/dc=domaindnszones,dc=example,dc=org??sub"},
      {"ldap://example.org/CN=Configuration,DC=example,DC=org"},
      {"ldap://a.example.org/CN=Configuration,DC=example,DC=org",
       "ldap://b.example.org/CN=Configuration,DC=example,DC=org"},
      {"ldap://child.example.org/dc=child,dc=example,dc=org"},
      {"ldap://child.example.org/ou=people,dc=child,dc=example,dc=org"},
      {"ldap://child.example.org/%64c=child%2Cdc=example,dc=org??sub"},
  };
  for (const Urls& urls : kTable) EXPECT_FALSE(MissedPart(urls, kNotMissed)) << urls[0];
}

TEST(ReferencesTest, MissesWhatAnybodyCouldBeIn) {
  const Urls kTable[] = {
      {"ldap://other.example.org/ou=sub,ou=people,dc=example,dc=org"},
      {"ldap://other.example.org/dc=other,dc=example,dc=org"},
      {"ldap://other.example.org/dc=mychild,dc=example,dc=org"},
      // Its parent holds more than what is not missed.
      {"ldap://other.example.org/dc=example,dc=org"},
      {"ldap://other.example.org/ou=people,dc=ForestDnsZones,dc=example,dc=org"},
      {"ldap://other.example.org/ou=configuration,dc=example,dc=org"},
      {"ldap://other.example.org/cn=configuration2,dc=example,dc=org"},
      {"ldap://other.example.org/cn=Configuration%00,dc=example,dc=org"},
      {std::string("ldap://other.example.org/cn=Configuration\0,dc=example,dc=org", 59)},
      {"ldap://other.example.org/"},
      {"ldap://other.example.org"},
      {"ldap://other.example.org/Configuration"},
      {"http://other.example.org/cn=configuration,dc=example,dc=org"},
      {"cn=configuration,dc=example,dc=org"},
      {"ldap://other.example.org/" + std::string(9000, 'x') + "=,cn=configuration"},
      {""},
      {},
      // One of several is enough to doubt it.
      {"ldap://a.example.org/cn=configuration,dc=example,dc=org", "ldap://b.example.org/"},
  };
  for (const Urls& urls : kTable) {
    EXPECT_TRUE(MissedPart(urls, kNotMissed)) << (urls.empty() ? "nothing" : urls[0]);
  }
}

// slapd refers to where `ref` of an entry says (RFC 3296).
TEST(ReferencesTest, APartThatAnotherServerHoldsIsNoShorterList) {
  SlapdServer slapd;
  slapd.Modify(
      "dn: ou=elsewhere,ou=groups,dc=example,dc=org\nchangetype: add\nobjectClass: referral\n"
      "objectClass: extensibleObject\nou: elsewhere\n"
      "ref: ldap://192.0.2.1/ou=elsewhere,ou=groups,dc=example,dc=org");
  Settings settings = slapd.settings();
  const auto refused = Open(settings, slapd.password(), kClock)->Find("alice");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("'ldap://192.0.2.1/ou=elsewhere,ou=groups,dc=example,"),
            std::string::npos)
      << refused.error().message;
  std::vector<DroppedValue> dropped;
  EXPECT_FALSE(Open(settings, slapd.password(), kClock)
                   ->ForEachGroup([](const Group&) { return true; }, dropped));
  settings.ignored_references = {"OU=Elsewhere, ou=groups,dc=example,dc=org"};
  const auto found = Open(settings, slapd.password(), kClock)->Find("alice");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->groups.size(), 6u);
}

TEST(ReferencesTest, WhatIsNotMissedHasToBeAName) {
  Settings settings;
  settings.uris = {"ldaps://ldap.example.org"};
  settings.bind.dn = "cn=rolebridge,dc=example,dc=org";
  settings.users.base = settings.groups.base = "dc=example,dc=org";
  settings.ignored_references = {"child.example.org"};
  const auto created = Directory::Create(settings, SecretString("secret"), kClock);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().message.find("ldap.ignored_references: "), 0u)
      << created.error().message;
}

}  // namespace
}  // namespace rolebridge::ldap
