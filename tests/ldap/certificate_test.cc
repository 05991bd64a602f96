// A client certificate. A program of its own: libldap with GnuTLS leaks what belongs to one (see
// ldap/tls_context.h), and LeakSanitizer can't be told of that by name.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ldap/binding.h"

namespace rolebridge::ldap {
namespace {

using testing::HasSubstr;
using Mechanism = Bind::Mechanism;

class CertificateTest : public testing::Test {
 protected:
  CertificateTest()
      : slapd_({"--client", "rolebridge", "--config",
                "TLSVerifyClient demand\n" + IsTheBridge("cn=rolebridge")}) {}

  Settings WithCertificate(const std::string& uri, Mechanism mechanism) const {
    Settings settings = Without(slapd_, uri, mechanism);
    settings.certificate_file = slapd_.folder + "/tls/client.crt";
    settings.key_file = slapd_.folder + "/tls/client.key";
    return settings;
  }
  std::vector<std::string> uris() const { return {slapd_.uri_ldap, slapd_.uri_ldaps}; }

  SlapdServer slapd_;
};

TEST_F(CertificateTest, ProvesWhoAsks) {
  for (const std::string& uri : uris()) ExpectAlice(WithCertificate(uri, Mechanism::kExternal));
}

TEST_F(CertificateTest, IsShownBesideAPassword) {
  for (const std::string& uri : uris()) {
    Settings settings = WithCertificate(uri, Mechanism::kSimple);
    settings.bind = slapd_.settings().bind;
    const auto found = Open(settings, slapd_.password(), kBindingClock)->Find("alice");
    EXPECT_TRUE(found) << uri << ": " << found.error().message;
  }
}

TEST_F(CertificateTest, IsMissedWhereTheServerDemandsOne) {
  for (const std::string& uri : uris()) {
    Settings settings = slapd_.settings();
    settings.uris = {uri};
    EXPECT_FALSE(Open(settings, slapd_.password(), kBindingClock)->Find("alice")) << uri;
  }
}

TEST_F(CertificateTest, NeedsTheKeyThatBelongsToIt) {
  Settings settings = WithCertificate(slapd_.uri_ldaps, Mechanism::kExternal);
  settings.key_file = slapd_.folder + "/tls/ca.key";
  EXPECT_THAT(WhyNotAlice(settings), HasSubstr("ldap.key_file"));
}

TEST_F(CertificateTest, OfAStrangersAuthorityProvesNothing) {
  const SlapdServer stranger({"--client", "rolebridge"});
  Settings settings = WithCertificate(slapd_.uri_ldaps, Mechanism::kExternal);
  settings.certificate_file = stranger.folder + "/tls/client.crt";
  settings.key_file = stranger.folder + "/tls/client.key";
  EXPECT_NE(WhyNotAlice(settings), "");
}

TEST_F(CertificateTest, NewTlsIsSpokenWhereTheSettingsWantIt) {
  for (const std::string& uri : uris()) {
    Settings settings = WithCertificate(uri, Mechanism::kExternal);
    settings.minimum_tls = TlsVersion::k13;
    ExpectAlice(settings);
  }
}

}  // namespace
}  // namespace rolebridge::ldap
