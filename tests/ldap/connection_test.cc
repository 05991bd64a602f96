#include "ldap/connection.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/ldap/neighbours.h"

namespace rolebridge::ldap {
namespace {

const FixedClock kClock{SysSeconds(std::chrono::seconds(1769853900))};

Result<void> Probe(const Settings& settings, const std::string& password) {
  const auto directory = Open(settings, SecretString(password), kClock);
  return directory ? directory->Probe() : Error{};
}

Result<void> Probe(const SlapdServer& slapd, const std::string& uri) {
  Settings settings = slapd.settings();
  settings.uris = {uri};
  return Probe(settings, slapd.raw_password());
}

Result<Lookup> FindAlice(const BadServer& server, const std::string& scheme) {
  const auto directory = Open(server.settings(scheme), SecretString("secret"), kClock);
  return directory ? directory->Find("alice") : Result<Lookup>(Error{});
}

TEST(ConnectionTest, ReachesARealServerOverEveryKindOfAddress) {
  const SlapdServer slapd;
  for (const std::string& uri : {slapd.uri_ldap, slapd.uri_ldaps, slapd.uri_ldapi}) {
    const auto probed = Probe(slapd, uri);
    EXPECT_TRUE(probed) << uri << ": " << probed.error().message;
  }
}

TEST(ConnectionTest, RefusesACertificateThatProvesNothing) {
  for (const char* kind : {"wrong-host", "expired", "other-ca", "no-san"}) {
    const SlapdServer slapd({"--certificate", kind});
    for (const std::string& uri : {slapd.uri_ldap, slapd.uri_ldaps}) {
      const auto probed = Probe(slapd, uri);
      ASSERT_FALSE(probed) << kind << " " << uri;
      EXPECT_EQ(probed.error().code, ErrorCode::kUnavailable) << probed.error().message;
      EXPECT_NE(probed.error().message.find("ldap.ca_file"), std::string::npos)
          << probed.error().message;
    }
  }
}

TEST(ConnectionTest, RefusesTheSystemsAuthoritiesForAServerOfOurs) {
  const SlapdServer slapd;
  Settings settings = slapd.settings();
  settings.ca_file.clear();
  EXPECT_FALSE(Probe(settings, slapd.raw_password()));
}

TEST(ConnectionTest, RefusesAuthoritiesThatCannotBeRead) {
  const SlapdServer slapd;
  Settings settings = slapd.settings();
  settings.ca_file = slapd.folder + "/no-such-file.crt";
  const auto probed = Probe(settings, slapd.raw_password());
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(probed.error().message.find("ldap.ca_file"), std::string::npos)
      << probed.error().message;
}

TEST(ConnectionTest, RefusesAServerWithoutTls) {
  const SlapdServer slapd({"--no-tls"});
  const auto probed = Probe(slapd, slapd.uri_ldap);
  ASSERT_FALSE(probed);
  EXPECT_NE(probed.error().message.find("StartTLS"), std::string::npos) << probed.error().message;
}

TEST(ConnectionTest, SaysWhatToCheckWhenThePasswordIsWrong) {
  const SlapdServer slapd;
  const auto probed = Probe(slapd.settings(), "not the password");
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().message,
            "ldap: bind as 'cn=rolebridge,ou=services,dc=example,dc=org' failed: Invalid "
            "credentials (49); check ldap.bind.password_file");
}

// security.md L2: each of the three switched verification off, measured.
class EnvironmentTest : public testing::Test {
 protected:
  EnvironmentTest() : slapd_({"--certificate", "other-ca"}) {
    char pattern[] = "/tmp/rolebridge-ldaprc-XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~EnvironmentTest() override { std::filesystem::remove_all(folder_); }

  void WriteFile(const std::string& name) {
    std::ofstream(folder_ + "/" + name) << "TLS_REQCERT never\nTLS_REQSAN never\nREFERRALS on\n";
  }

  // Runs a program in `folder_` with HOME there and `more` in its environment; its exit code.
  int Run(const std::string& program, const std::string& more) {
    const std::string command = "cd " + folder_ + " && env -u LDAPNOINIT HOME=" + folder_ + " " +
                                more + " " + program + " >" + folder_ + "/log 2>&1 </dev/null";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // The ldapsearch program obeys; so the attack is real.
  std::string LdapSearch() const {
    return "ldapsearch -x -H " + slapd_.uri_ldaps + " -D " + slapd_.bind_dn + " -w " +
           slapd_.raw_password() + " -b ou=people,dc=example,dc=org -s base 1.1";
  }
  std::string OurProbe(const std::string& uri) const {
    return std::string(ROLEBRIDGE_BINARY_DIR) + "/tests/ldap_probe " + uri + " " + slapd_.ca_file +
           " " + slapd_.bind_dn + " " + slapd_.raw_password();
  }
  void ExpectOnlyLdapSearchToBeFooled(const std::string& environment) {
    EXPECT_EQ(Run(LdapSearch(), environment), 0);
    EXPECT_EQ(Run(OurProbe(slapd_.uri_ldaps), environment), 1);
    EXPECT_EQ(Run(OurProbe(slapd_.uri_ldap), environment), 1);
  }

  SlapdServer slapd_;
  std::string folder_;
};

TEST_F(EnvironmentTest, CannotSwitchVerificationOffByAVariable) {
  ExpectOnlyLdapSearchToBeFooled("LDAPTLS_REQCERT=never LDAPTLS_REQSAN=never");
}

TEST_F(EnvironmentTest, CannotSwitchVerificationOffByAFileAtHome) {
  WriteFile(".ldaprc");
  ExpectOnlyLdapSearchToBeFooled("");
}

TEST_F(EnvironmentTest, CannotSwitchVerificationOffByAFileInTheWorkingFolder) {
  WriteFile("ldaprc");
  ExpectOnlyLdapSearchToBeFooled("");
}

TEST_F(EnvironmentTest, CannotAddAnAuthority) {
  ExpectOnlyLdapSearchToBeFooled("LDAPTLS_CACERT=" + slapd_.folder + "/tls/signer.crt");
}

TEST_F(EnvironmentTest, DoesNotDisturbAGoodServer) {
  WriteFile("ldaprc");
  const SlapdServer good;
  EXPECT_EQ(Run(std::string(ROLEBRIDGE_BINARY_DIR) + "/tests/ldap_probe " + good.uri_ldaps + " " +
                    good.ca_file + " " + good.bind_dn + " " + good.raw_password(),
                "LDAPTLS_CACERT=/dev/null LDAPTLS_CIPHER_SUITE=NONSENSE LDAPTLS_CERT=/nowhere "
                "LDAPTLS_CACERTDIR=/nowhere LDAPTLS_PROTOCOL_MIN=9.9 LDAPSIZELIMIT=1 "
                "LDAPURI=ldap://192.0.2.1"),
            0);
}

struct Misbehaviour {
  const char* script;
  const char* scheme;
  ErrorCode code;
};

// security.md L1 and L4: every wait ends, and as the right error.
TEST(ConnectionTest, EndsEveryWait) {
  const Misbehaviour kTable[] = {
      {"silent", "ldaps", ErrorCode::kDeadlineExceeded},
      {"silent", "ldap", ErrorCode::kDeadlineExceeded},
      {"silent", "ldapi", ErrorCode::kDeadlineExceeded},
      {"drip-tls", "ldaps", ErrorCode::kDeadlineExceeded},
      {"half-tls", "ldaps", ErrorCode::kDeadlineExceeded},
      {"reset", "ldaps", ErrorCode::kUnavailable},
      {"reset", "ldap", ErrorCode::kUnavailable},
      {"reset", "ldapi", ErrorCode::kUnavailable},
      {"starttls-refused", "ldap", ErrorCode::kUnavailable},
      {"starttls-injected", "ldap", ErrorCode::kUnavailable},
      {"starttls-then-silence", "ldap", ErrorCode::kDeadlineExceeded},
      {"starttls-drip", "ldap", ErrorCode::kDeadlineExceeded},
      {"starttls-half", "ldap", ErrorCode::kDeadlineExceeded},
      {"wrong-password", "ldapi", ErrorCode::kUnavailable},
      {"search-silent", "ldapi", ErrorCode::kDeadlineExceeded},
      {"search-drip", "ldapi", ErrorCode::kDeadlineExceeded},
      {"search-half", "ldapi", ErrorCode::kDeadlineExceeded},
      {"search-reset", "ldapi", ErrorCode::kUnavailable},
      {"huge-length", "ldapi", ErrorCode::kUnavailable},
  };
  for (const auto& [script, scheme, code] : kTable) {
    const BadServer server(script);
    const auto found = FindAlice(server, scheme);
    ASSERT_FALSE(found) << script << " over " << scheme;
    EXPECT_EQ(found.error().code, code)
        << script << " over " << scheme << ": " << found.error().message;
  }
}

// security.md L8 and L9: what is not the whole answer is no answer.
TEST(ConnectionTest, RefusesHalfAnAnswer) {
  const std::pair<const char*, ErrorCode> kTable[] = {
      {"time-limit", ErrorCode::kDeadlineExceeded},
      {"size-limit", ErrorCode::kInvalidArgument},
      {"admin-limit", ErrorCode::kInvalidArgument},
      {"partial", ErrorCode::kInvalidArgument},
      {"referral", ErrorCode::kInvalidArgument},
      {"references", ErrorCode::kInvalidArgument},
      {"bad-reference", ErrorCode::kInvalidArgument},
      {"endless-references", ErrorCode::kInvalidArgument},
      {"busy", ErrorCode::kUnavailable},
      {"range", ErrorCode::kInvalidArgument},
      {"malformed-entry", ErrorCode::kInvalidArgument},
      {"long-description", ErrorCode::kInvalidArgument},
      {"many-attributes", ErrorCode::kInvalidArgument},
      {"elsewhere", ErrorCode::kInvalidArgument},
      {"no-dn", ErrorCode::kInvalidArgument},
      {"two-people", ErrorCode::kAmbiguous},
      {"bad-uid-number", ErrorCode::kInvalidArgument},
      {"endless", ErrorCode::kResourceExhausted},
  };
  for (const auto& [script, code] : kTable) {
    const BadServer server(script);
    const auto found = FindAlice(server, "ldapi");
    ASSERT_FALSE(found) << script;
    EXPECT_EQ(found.error().code, code) << script << ": " << found.error().message;
  }
}

TEST(ConnectionTest, PassesOverReferencesToWhatHoldsNobody) {
  const BadServer server("harmless-references");
  const auto found = FindAlice(server, "ldapi");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->groups.size(), 1u);
}

TEST(ConnectionTest, TakesARangeThatIsTheWhole) {
  const BadServer server("whole-range");
  const auto found = FindAlice(server, "ldapi");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->groups.front().attributes.at("aws_role"), std::vector<std::string>{"Admin"});
}

TEST(ConnectionTest, LeavesOutValuesThatAreNoText) {
  const BadServer server("odd-values");
  const auto found = FindAlice(server, "ldapi");
  ASSERT_TRUE(found) << found.error().message;
  // Names without regard to case, without what has an option, values in byte order.
  EXPECT_EQ(found->person.attributes.at("full_name"), (std::vector<std::string>{"Alice"}));
  EXPECT_EQ(found->person.attributes.at("email"),
            (std::vector<std::string>{"j\u00f6rg@example.org", std::string(4096, 'y')}));
  ASSERT_EQ(found->dropped.size(), 4u);
  for (const DroppedValue& value : found->dropped) {
    EXPECT_EQ(value.entry, "uid=alice,ou=people,dc=example,dc=org");
    EXPECT_EQ(value.attribute, "mail");
  }
}

TEST(ConnectionTest, UsesNoneOfTooManyValues) {
  const BadServer server("many-values");
  const auto found = FindAlice(server, "ldapi");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_FALSE(found->person.attributes.contains("email"));
  EXPECT_EQ(found->person.attributes.at("full_name").size(), 1000u);
  ASSERT_EQ(found->dropped.size(), 1u);
}

TEST(ConnectionTest, LeavesOutGroupsFromElsewhere) {
  const BadServer server("group-elsewhere");
  const auto found = FindAlice(server, "ldapi");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->groups.size(), 1u);
  EXPECT_EQ(found->groups.front().name, "admins");
  ASSERT_EQ(found->dropped.size(), 1u);
}

TEST(ConnectionTest, CallsAGroupByTheNameInItsDn) {
  const BadServer server("group-names");
  const auto found = FindAlice(server, "ldapi");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->groups.size(), 2u);
  EXPECT_EQ(found->groups[0].name, "admins");
  EXPECT_EQ(found->groups[1].name, "Mine");  // and not "staff"
  EXPECT_EQ(found->dropped.size(), 2u);      // the nameless one and the one of two other names
}

TEST(ConnectionTest, ReadsActiveDirectorysIdentifierAsHexadecimal) {
  const BadServer server("object-guid");
  const auto found = FindAlice(server, "ldapi");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->person.unique_id, "000102030405060708090a0b0c0d0e0f");
}

}  // namespace
}  // namespace rolebridge::ldap
