// How the directory learns who asks: by the user of a process, by a ticket; and the TLS before
// that. Client certificates are in certificate_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/ldap/binding.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using Mechanism = Bind::Mechanism;

TEST(BindTest, OnTheUnixSocketByTheUserOfTheProcess) {
  const SlapdServer slapd(
      {"--config", IsTheBridge("gidNumber=[0-9]+\\\\+uidNumber=" + std::to_string(::geteuid()) +
                               ",cn=peercred,cn=external,cn=auth")});
  ExpectAlice(Without(slapd, slapd.uri_ldapi, Mechanism::kExternal));
}

TEST(BindTest, WhoeverTheServerDoesNotKnowSeesNothing) {
  const SlapdServer slapd;
  const auto probed =
      Open(Without(slapd, slapd.uri_ldapi, Mechanism::kExternal), SecretString(), kBindingClock)
          ->Probe();
  ASSERT_FALSE(probed);
  EXPECT_THAT(probed.error().message, HasSubstr("ldap.users.base"));
  EXPECT_THAT(probed.error().message,
              HasSubstr("or whoever the server takes the bridge for may not read it"));
}

// tests/support/tls_front.py before the server: one version of TLS and no other.
class TlsFront {
 public:
  TlsFront(const SlapdServer& slapd, const std::string& version)
      : program_({"/usr/bin/python3", "-B", "-W", "ignore",
                  ROLEBRIDGE_SOURCE_DIR "/tests/support/tls_front.py",
                  slapd.folder + "/tls/server.crt", slapd.folder + "/tls/server.key", version,
                  slapd.folder + "/ldapi"}) {
    uri = "ldaps://127.0.0.1:" + program_.ReadLine();
  }
  // "HANDSHAKES BYTES": those that ended well, and what came through them.
  std::string Count() {
    program_.Write("count");
    return program_.ReadLine();
  }
  std::string uri;

 private:
  LineProgram program_;
};

// Alice's error where the server speaks `version` and `minimum` is due; empty where she is found.
std::string ErrorOver(TlsFront& front, const SlapdServer& slapd, TlsVersion minimum) {
  Settings settings = slapd.settings();
  settings.uris = {front.uri};
  settings.minimum_tls = minimum;
  const auto found = Open(settings, slapd.password(), kBindingClock)->Find("alice");
  return found ? "" : found.error().message;
}

TEST(TlsVersionTest, IsAtLeastTheOneThatIsDue) {
  const SlapdServer slapd;
  TlsFront old(slapd, "TLSv1_2");
  TlsFront current(slapd, "TLSv1_3");
  EXPECT_EQ(ErrorOver(old, slapd, TlsVersion::k12), "");
  EXPECT_EQ(ErrorOver(current, slapd, TlsVersion::k12), "");
  EXPECT_EQ(ErrorOver(current, slapd, TlsVersion::k13), "");
}

// libldap with GnuTLS shakes hands whatever minimum it was told.
TEST(TlsVersionTest, IsLookedAtBeforeAPasswordIsSent) {
  const SlapdServer slapd;
  const std::pair<const char*, TlsVersion> kTable[] = {{"TLSv1_2", TlsVersion::k13},
                                                       {"TLSv1_1", TlsVersion::k12}};
  for (const auto& [spoken, minimum] : kTable) {
    TlsFront front(slapd, spoken);
    EXPECT_NE(ErrorOver(front, slapd, minimum), "") << spoken;
    // "0 0": the library itself refused.
    EXPECT_THAT(front.Count(), testing::EndsWith(" 0")) << spoken;
  }
}

// tests/support/kdc.py: the realm EXAMPLE.ORG, which this process then believes in.
class Kdc {
 public:
  Kdc() : program_({"/usr/bin/python3", "-B", ROLEBRIDGE_SOURCE_DIR "/tests/support/kdc.py"}) {
    const auto said = nlohmann::json::parse(program_.ReadLine(), nullptr, false);
    if (!said.is_object()) {
      ADD_FAILURE() << "kdc.py did not start a KDC; is krb5-kdc installed?";
      return;
    }
    const std::string config = said["krb5_config"];
    folder_ = std::filesystem::path(config).parent_path();
    ::setenv("KRB5_CONFIG", config.c_str(), 1);
    ::setenv("KRB5_KTNAME", (folder_ + "/server.keytab").c_str(), 1);  // slapd's
  }
  ~Kdc() {
    ::unsetenv("KRB5_CONFIG");
    ::unsetenv("KRB5_KTNAME");
  }
  Kdc(const Kdc&) = delete;
  Kdc& operator=(const Kdc&) = delete;

  // A new key of `principal` in the keytab `name`, whose path comes back.
  std::string AddKey(const std::string& name, const std::string& principal) {
    const std::string path = folder_ + "/" + name;
    Do(R"({"do": "keytab", "principal": ")" + principal + R"(", "path": ")" + path + "\"}");
    return path;
  }
  void Freeze() { Do(R"({"do": "freeze"})"); }
  void Thaw() { Do(R"({"do": "thaw"})"); }

 private:
  void Do(const std::string& order) {
    program_.Write(order);
    EXPECT_EQ(program_.ReadLine(), R"({"ok": true})") << order;
  }
  LineProgram program_;
  std::string folder_;
};

class TicketTest : public testing::Test {
 protected:
  TicketTest() {
    kdc_.AddKey("server.keytab", "ldap/127.0.0.1");
    keytab_ = kdc_.AddKey("client.keytab", "rolebridge");
    slapd_ = std::make_unique<SlapdServer>(std::vector<std::string>{
        "--config", "sasl-host 127.0.0.1\nsasl-realm EXAMPLE.ORG\n" +
                        IsTheBridge("uid=rolebridge(,cn=[^,]+)?,cn=gssapi,cn=auth")});
  }
  Settings WithKeytab(const std::string& uri) const {
    Settings settings = Without(*slapd_, uri, Mechanism::kGssapi);
    settings.bind.keytab_file = keytab_;
    return settings;
  }

  Kdc kdc_;
  std::string keytab_;
  std::unique_ptr<SlapdServer> slapd_;
};

TEST_F(TicketTest, ProvesWhoAsks) {
  for (const std::string& uri : {slapd_->uri_ldap, slapd_->uri_ldaps}) {
    ExpectAlice(WithKeytab(uri));
  }
}

TEST_F(TicketTest, IsThatOfThePrincipalAskedFor) {
  kdc_.AddKey("client.keytab", "somebody");
  Settings settings = WithKeytab(slapd_->uri_ldaps);
  settings.bind.principal = "rolebridge@EXAMPLE.ORG";
  ExpectAlice(settings);
  settings.bind.principal = "nobody@EXAMPLE.ORG";
  EXPECT_THAT(WhyNotAlice(settings), HasSubstr("nobody@EXAMPLE.ORG"));
}

TEST_F(TicketTest, IsNotHadWithAKeytabThatIsNotThere) {
  Settings settings = WithKeytab(slapd_->uri_ldaps);
  settings.bind.keytab_file += ".missing";
  EXPECT_THAT(WhyNotAlice(settings), HasSubstr("ldap.bind.keytab_file"));
}

TEST_F(TicketTest, IsNotWaitedForLongerThanThereIsTime) {
  Settings settings = WithKeytab(slapd_->uri_ldaps);
  settings.lookup_timeout = milliseconds(1000);
  kdc_.Freeze();
  const auto directory = Open(settings, SecretString(), kBindingClock);
  const auto found = directory->Find("alice");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kDeadlineExceeded) << found.error().message;
  EXPECT_THAT(found.error().message, HasSubstr("KDC"));
  kdc_.Thaw();
  // By itself, once the KDC answers.
  auto later = directory->Find("alice");
  for (int i = 0; i < 60 && !later; ++i) later = directory->Find("alice");
  EXPECT_TRUE(later) << later.error().message;
}

TEST_F(TicketTest, IsNotNeededFromTheKdcAgain) {
  Settings settings = WithKeytab(slapd_->uri_ldaps);
  const auto directory = Open(settings, SecretString(), kBindingClock);
  ASSERT_TRUE(directory->Find("alice"));
  kdc_.Freeze();
  slapd_->Stop();  // so that the next bind is a new one
  slapd_->Start();
  const auto found = directory->Find("alice");
  EXPECT_TRUE(found) << found.error().message;
  kdc_.Thaw();
}

TEST_F(TicketTest, IsReplacedWhereTheServerHasANewKey) {
  const auto directory = Open(WithKeytab(slapd_->uri_ldaps), SecretString(), kBindingClock);
  ASSERT_TRUE(directory->Find("alice"));
  slapd_->Stop();
  std::filesystem::remove(std::filesystem::path(keytab_).parent_path() / "server.keytab");
  kdc_.AddKey("server.keytab", "ldap/127.0.0.1");
  slapd_->Start();
  // Nobody can tell the old ticket from a good one before the server has refused it.
  auto found = directory->Find("alice");
  EXPECT_FALSE(found);
  found = directory->Find("alice");
  EXPECT_TRUE(found) << found.error().message;
}

}  // namespace
}  // namespace rolebridge::ldap
