#include "bridge/config/checks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bridge/config/value_types.h"

namespace rolebridge::config {
namespace {

struct Table {
  std::string name;
  TextType::Check check;
  std::vector<std::string> accepted;
  std::vector<std::string> refused;
};

std::vector<Table> Tables() {
  const std::string x32(32, 'x'), x33(33, 'x'), x64(64, 'x'), x65(65, 'x');
  return {
      {"Label",
       CheckLabel,
       {"a", "A & <B>", std::string(200, 'x'), "J\xC3\xBCrgen"},
       {"", " a", "a ", "a\tb", std::string(201, 'x')}},
      {"Slug", CheckSlug, {"aws", "a-1", x32, "-"}, {"", "AWS", "a_b", "a.b", "a/b", "a b", x33}},
      {"Word", CheckWord, {"aws-role", "A_b", x64}, {"", "a.b", "a b", "\xC3\xBC", x65}},
      {"Variable", CheckVariable, {"a", "aws_role", "_a1", x64}, {"", "1a", "A", "a-b", x65}},
      {"UserAttribute", CheckUserAttribute, {"email", "name"}, {"username", "dn", "Email"}},
      {"GroupAttribute",
       CheckGroupAttribute,
       {"aws_role", "username"},
       {"name", "dn", "grants", "a-b"}},
      {"BaseUrl",
       CheckBaseUrl,
       {"https://sso.example.org", "https://sso.example.org:8443", "https://[::1]:443",
        "https://127.0.0.1", "https://localhost"},
       {"", "http://sso.example.org", "https://", "https://sso.example.org/",
        "https://sso.example.org/x", "https://SSO.example.org", "https://a b", "https://user@host",
        "https://host:0", "https://host:65536", "https://host:", "https://host?x", "https://host#x",
        "https://.host", "https://ho..st", "HTTPS://host", "https://[::1", "https://[zz]",
        "https://host:44a"}},
      {"AcsUrl",
       CheckAcsUrl,
       {"https://signin.aws.amazon.com/saml", "https://host/a?b=c", "http://127.0.0.1:8080/saml",
        "http://localhost/saml", "http://[::1]:80/x"},
       {"", "http://signin.aws.amazon.com/saml", "https:///saml", "javascript:alert(1)",
        "https://host/a b", "https://host/#x", "https://u@host/", "http://127.0.0.1.example.org/",
        "http://localhost.example.org/x", "https://h\xC3\xB6st/", "ftp://host/"}},
      {"Uri",
       CheckUri,
       {"urn:amazon:webservices", "https://sso.example.org/saml/aws",
        "https://refeds.org/profile/mfa"},
       {"", "amazon", ":x", "urn: x", "urn:\xC3\xBC", "x:" + std::string(1023, 'x')}},
      {"Host",
       CheckHost,
       {"console.example.org", "a", "a-b.c"},
       {"", "https://a", "a/b", "a b", ".a", "a.", "-a", "a:1", "*.a"}},
      {"Listen",
       CheckListen,
       {"[::]:443", "0.0.0.0:443", "127.0.0.1:0", "[::1]:65535", "unix:/run/rolebridge/web.sock"},
       {"", "443", ":443", "localhost:443", "::1:443", "[::]", "0.0.0.0", "0.0.0.0:65536",
        "0.0.0.0:x", "0.0.0.0:0443", "[0.0.0.0]:443", "unix:run/x", "unix:/",
        "unix:", "unix:/" + std::string(107, 'x')}},
      {"StatusListen",
       CheckStatusListen,
       {"", "127.0.0.1:9180", "[::1]:9180", "unix:/run/x"},
       {"0.0.0.0:9180", "[::]:9180", "192.0.2.1:1", "127.0.0.1"}},
      {"Network",
       CheckNetwork,
       {"192.0.2.1", "10.0.0.0/8", "0.0.0.0/0", "192.0.2.1/32", "2001:db8::/32", "::1", "::/0"},
       {"", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "10.0.0.0/08", "2001:db8::1/32",
        "2001:db8::/129", "host", "10.0.0.0/-1"}},
      {"PamService",
       CheckPamService,
       {"rolebridge", "rolebridge-mfa", "rolebridge-a-1"},
       {"", "sshd", "other", "rolebridge-", "rolebridgemfa", "rolebridge/../other",
        "rolebridge-MFA", "rolebridge-a_b", "Rolebridge"}},
      {"RolePattern",
       CheckRolePattern,
       {"*", "aws-*", "a?b", "A_+=,.@-z", x64},
       {"", "a/b", "a b", "a:b", "[a]", "\xC3\xBC", x65}},
      {"LdapUri",
       CheckLdapUri,
       {"ldaps://ldap.example.org", "ldap://host:389", "ldaps://[::1]:636", "ldaps://host/",
        "ldapi://", "ldapi://%2Frun%2Fslapd%2Fldapi"},
       {"", "https://host", "host", "ldaps://", "ldaps://host/dc=x", "ldaps://host?x",
        "ldaps://a b", "LDAPS://host", "ldapi://x?y", "ldaps://u@host"}},
      {"Dn", CheckDn, {"dc=example,dc=org", "cn=a b,o=\xC3\xBC"}, {"", "example", "=x"}},
      {"LdapAttribute",
       CheckLdapAttribute,
       {"mail", "awsRole", "msDS-Name", "2.5.4.3"},
       {"", "aws_role", "mail;lang-de", "1a", "25", "a b", "-a", "ma*l"}},
      {"LdapDescription",
       CheckLdapDescription,
       {"mail", "cn;lang-de", "2.5.4.3;x-1", "a;1;2;3;4;5;6;7;8"},
       {"", "aws_role", ";lang-de", "cn;", "cn;;a", "cn;lang_de", "cn;binary", "cn;Binary",
        "member;range=0-1", "cn;lang de", "a;1;2;3;4;5;6;7;8;9"}},
      {"Principal",
       CheckPrincipal,
       {"rolebridge@EXAMPLE.ORG", "ldap/host.example.org@EXAMPLE.ORG"},
       {"", "rolebridge", "@EXAMPLE.ORG", "rolebridge@", "a b@EXAMPLE.ORG", "a\\@b@C",
        "\xC3\xBC@EXAMPLE.ORG"}},
      {"UserFilter",
       CheckUserFilter,
       {"(uid={{ username }})", "(&(uid={{username}})(x=y))"},
       {"", "uid={{ username }}", "(uid=x)", "(uid={{ user }})", "(uid={{ x }})",
        "(uid=}}username{{)"}},
  };
}

TEST(ChecksTest, TakeWhatIsRight) {
  for (const Table& table : Tables()) {
    for (const std::string& text : table.accepted) {
      EXPECT_EQ(table.check(text), "") << table.name << " " << text;
    }
  }
}

TEST(ChecksTest, RefuseNearMisses) {
  for (const Table& table : Tables()) {
    for (const std::string& text : table.refused) {
      EXPECT_NE(table.check(text), "") << table.name << " " << text;
    }
  }
}

TEST(ChecksTest, SayWhatToWrite) {
  EXPECT_EQ(CheckBaseUrl("https://sso.example.org/saml"),
            "has something behind the host; use 'https://sso.example.org'");
  EXPECT_EQ(CheckNetwork("10.0.0.1/8"), "has bits set behind its first 8; clear them");
  EXPECT_EQ(CheckLdapAttribute("aws_role"),
            "is no LDAP attribute: those have no '_' (RFC 4512); use one like awsRole");
}

TEST(ChecksTest, KnowLoopback) {
  for (const std::string address : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "unix:/run/x"}) {
    EXPECT_TRUE(IsLoopbackListen(address)) << address;
  }
  for (const std::string address : {"0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::2]:1", "x", ""}) {
    EXPECT_FALSE(IsLoopbackListen(address)) << address;
  }
}

}  // namespace
}  // namespace rolebridge::config
