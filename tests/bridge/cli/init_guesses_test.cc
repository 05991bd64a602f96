#include "bridge/cli/init_guesses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bridge/cli/init_network.h"

namespace rolebridge::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// ---- ldap.conf(5)

TEST(LdapConfTest, TakesServersBaseAccountAndAuthorities) {
  const DirectoryGuess guess = ReadLdapConf(
      "# LDAP Defaults\n"
      "BASE\tdc=example,dc=org\r\n"
      "uri ldap://ldap1.example.org/  ldaps://ldap2.example.org:1636\n"
      "BINDDN cn=reader,dc=example,dc=org\n"
      "TLS_CACERT /etc/ssl/example.pem\n");
  EXPECT_THAT(guess.uris,
              ElementsAre("ldap://ldap1.example.org", "ldaps://ldap2.example.org:1636"));
  EXPECT_EQ(guess.base, "dc=example,dc=org");
  EXPECT_EQ(guess.bind_dn, "cn=reader,dc=example,dc=org");
  EXPECT_EQ(guess.ca_file, "/etc/ssl/example.pem");
}

TEST(LdapConfTest, ALaterLineCounts) {
  EXPECT_EQ(ReadLdapConf("BASE dc=a\nBASE dc=b").base, "dc=b");
}

TEST(LdapConfTest, PassesOverWhatIsNoAnswer) {
  for (const char* const text :
       {"", "\n\n", "#BASE dc=example,dc=org\n#URI ldap://ldap.example.org", "BASE", "BASE   ",
        "BASE example.org", "URI", "URI ldap.example.org", "URI http://ldap.example.org",
        "URI ldap://", "URI ldap://host/dc=example", "URIS ldap://a", "BASES dc=a"}) {
    const DirectoryGuess guess = ReadLdapConf(text);
    EXPECT_THAT(guess.uris, IsEmpty()) << text;
    EXPECT_EQ(guess.base, "") << text;
  }
}

// ---- sssd.conf(5)

TEST(SssdConfTest, TakesTheFirstDomainThatNamesServers) {
  const DirectoryGuess guess = ReadSssdConf(
      "[sssd]\ndomains = local, example\nldap_uri = ldap://not-here.example.org\n"
      "[domain/local]\nid_provider = files\nldap_search_base = dc=not,dc=this\n"
      "[domain/example]\n"
      " ldap_uri = ldaps://ldap1.example.org/, ldaps://ldap2.example.org\n"
      "; ldap_uri = ldap://commented.example.org\n"
      "ldap_search_base=dc=example,dc=org?subtree?\n"
      "ldap_default_bind_dn = cn=sssd,dc=example,dc=org\n"
      "ldap_default_authtok = secret\n"
      "ldap_tls_cacert = /etc/ssl/example.pem\n"
      "[domain/other]\nldap_uri = ldap://other.example.org\n");
  EXPECT_THAT(guess.uris, ElementsAre("ldaps://ldap1.example.org", "ldaps://ldap2.example.org"));
  EXPECT_EQ(guess.base, "dc=example,dc=org");
  EXPECT_EQ(guess.bind_dn, "cn=sssd,dc=example,dc=org");
  EXPECT_EQ(guess.ca_file, "/etc/ssl/example.pem");
}

TEST(SssdConfTest, PassesOverWhatIsNoAnswer) {
  for (const char* const text :
       {"", "ldap_uri = ldap://a.example.org", "[domain/x]\nldap_uri = _srv_",
        "[domain/x]\n#ldap_uri = ldap://a.example.org", "[domain/x]\nldap_uri ldap://a.example.org",
        "[domain/x]\nldap_uri =", "[nss]\nldap_uri = ldap://a.example.org",
        "[domain/x]\nldap_search_base = dc=a"}) {
    const DirectoryGuess guess = ReadSssdConf(text);
    EXPECT_THAT(guess.uris, IsEmpty()) << text;
    EXPECT_EQ(guess.base, "") << text;
  }
}

TEST(JoinedTest, TheSecondFillsWhatTheFirstLeavesOpen) {
  const DirectoryGuess joined =
      Joined({.uris = {"ldap://a"}, .base = ""}, {.uris = {"ldap://b"}, .base = "dc=b"});
  EXPECT_THAT(joined.uris, ElementsAre("ldap://a"));
  EXPECT_EQ(joined.base, "dc=b");
}

// ---- resolv.conf(5) and the host's name

TEST(ResolvConfTest, TakesDomainAndResolvers) {
  const Resolvers resolvers = ReadResolvConf(
      "search example.org sub.example.org\nnameserver 192.0.2.53\nnameserver\t2001:db8::53\n"
      "nameserver not-an-address\n#nameserver 192.0.2.54\nnameserver\noptions edns0\n");
  EXPECT_EQ(resolvers.domain, "example.org");
  EXPECT_THAT(resolvers.addresses, ElementsAre("192.0.2.53", "2001:db8::53"));
  EXPECT_EQ(ReadResolvConf("").domain, "");
}

TEST(DomainTest, IsWhatStandsBehindTheFirstDot) {
  const std::vector<std::pair<std::pair<std::string, std::string>, std::string>> cases = {
      {{"sso.Example.org", ""}, "example.org"},
      {{"sso.example.org", "other.net"}, "example.org"},
      {{"sso", "example.org."}, "example.org"},
      {{"sso", ""}, ""},
      {{"sso", "localdomain"}, ""},
      {{"sso.local", "example.org"}, ""},
      {{"sso", "example.org;x"}, ""},
      {{"sso", "-.example.org"}, ""}};
  for (const auto& [given, expected] : cases) {
    EXPECT_EQ(DomainOf(given.first, given.second), expected) << given.first << " " << given.second;
  }
}

// ---- DNS SRV

TEST(ServicesTest, AreTriedByPriorityThenWeight) {
  EXPECT_THAT(
      UrisOf({{.priority = 20, .weight = 0, .host = "c.example.org", .port = 636},
              {.priority = 10, .weight = 1, .host = "b.example.org", .port = 1636},
              {.priority = 10, .weight = 5, .host = "A.example.org.", .port = 636}},
             "ldaps", "example.org"),
      ElementsAre("ldaps://a.example.org", "ldaps://b.example.org:1636", "ldaps://c.example.org"));
}

TEST(ServicesTest, LeadNowhereButIntoTheOwnDomain) {
  for (const char* const host : {"ldap.example.net", "example.org.evil.net", "evilexample.org", "",
                                 "a b.example.org", "a/.example.org", "x@evil.net/.example.org"}) {
    EXPECT_THAT(UrisOf({{.host = host, .port = 389}}, "ldap", "example.org"), IsEmpty()) << host;
  }
  EXPECT_THAT(UrisOf({{.host = "ldap.example.net", .port = 389}}, "ldap", ""), IsEmpty());
}

TEST(LoopbackTest, IsWhatTheIssuerReachesAnyway) {
  for (const char* const address : {"127.0.0.1", "127.0.0.53", "::1"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
  for (const char* const address : {"128.0.0.1", "10.127.0.1", "::2", "", "localhost", "0.0.0.0"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

// ---- what groups say

TEST(RoleGroupTest, SaysAccountAndRole) {
  const std::vector<std::string> accounts = {"prod", "prod-eu"};
  const std::vector<std::pair<std::string, std::pair<std::string, std::string>>> cases = {
      {"AWS-123412341234-Admin", {"123412341234", "Admin"}},
      {"AWS-prod-read-only", {"prod", "read-only"}},
      {"AWS-prod-eu-Admin", {"prod-eu", "Admin"}}};
  for (const auto& [name, expected] : cases) {
    const auto group = ParseRoleGroup(name, accounts);
    ASSERT_TRUE(group) << name;
    EXPECT_EQ(std::pair(group->account, group->role), expected) << name;
  }
  for (const char* const name : {"", "AWS-", "AWS-prod", "AWS-prod-", "aws-prod-Admin",
                                 "AWS-test-Admin", "old-AWS-prod-Admin", "AWS-12341234123-Admin",
                                 "AWS-prod-Read Only", "AWS-prod-a:b", "AWS-prod-*"}) {
    EXPECT_FALSE(ParseRoleGroup(name, accounts)) << name;
  }
}

TEST(RoleNameTest, IsAWholeValueOrNone) {
  EXPECT_EQ(RoleNameIn("ReadOnly"), "ReadOnly");
  EXPECT_EQ(RoleNameIn("Auditor;until=2026-12-31"), "Auditor");
  for (const char* const value :
       {"", ";until=2026-12-31", "Read Only", "*", "Adm?n", "team/Admin",
        "arn:aws:iam::999988887777:role/Administrator",
        "Administrator,arn:aws:iam::123412341234:saml-provider/other", "\xc3\x9cmlaut", "a\nb"}) {
    EXPECT_FALSE(RoleNameIn(value)) << value;
  }
  EXPECT_FALSE(RoleNameIn(std::string(65, 'a')));
}

}  // namespace
}  // namespace rolebridge::cli
