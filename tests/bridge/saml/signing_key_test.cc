#include "bridge/saml/signing_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bridge/saml/examples.h"
#include "tests/bridge/saml/run_program.h"

namespace rolebridge::saml {
namespace {

using std::chrono::hours;
using testing::ContainsRegex;
using testing::HasSubstr;

constexpr SysSeconds kNow{std::chrono::seconds(1'769'853'900)};  // 2026-01-31T10:05:00Z

class SigningKeyTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { pair_ = new NewKeyPair(MakeExampleKeyPair(kNow)); }
  static void TearDownTestSuite() { delete pair_; }

  // Lets the openssl program make a key and a certificate for it.
  NewKeyPair FromOpenSsl(const std::vector<std::string>& new_key, const std::string& extension) {
    std::vector<std::string> arguments = {"openssl", "req",
                                          "-x509",   "-nodes",
                                          "-subj",   "/CN=x",
                                          "-keyout", folder_.Write("key.pem", ""),
                                          "-out",    folder_.Write("certificate.pem", "")};
    arguments.insert(arguments.end(), new_key.begin(), new_key.end());
    if (!extension.empty()) arguments.insert(arguments.end(), {"-addext", extension});
    const Outcome outcome = RunProgram(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    return {.certificate_pem = RunProgram({"cat", folder_.Path("certificate.pem")}).output,
            .key_pem = SecretString(RunProgram({"cat", folder_.Path("key.pem")}).output)};
  }

  static Error Refusal(const NewKeyPair& pair, SysSeconds now) {
    const auto key = SigningKey::Load(pair.certificate_pem, pair.key_pem, now);
    EXPECT_FALSE(key);
    return key ? Error{} : key.error();
  }

  TemporaryFolder folder_;
  static inline NewKeyPair* pair_ = nullptr;
};

TEST_F(SigningKeyTest, LoadsWhatMakeKeyPairMade) {
  const auto key = SigningKey::Load(pair_->certificate_pem, pair_->key_pem, kNow);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->bits(), 2048);
  EXPECT_EQ(FormatUtc(key->certificate_not_after()), "2036-01-31T10:05:00Z");
  EXPECT_NE(key->private_key(), nullptr);
  EXPECT_NE(key->public_key(), nullptr);
  EXPECT_THAT(key->certificate_base64(), testing::MatchesRegex("[A-Za-z0-9+/]+=*"));
  // As the openssl program tells it.
  const Outcome openssl = RunProgram({"openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in",
                                      folder_.Write("c.pem", pair_->certificate_pem)});
  std::string expected;
  for (const char c : openssl.output.substr(openssl.output.find('=') + 1)) {
    if (isxdigit(c)) expected += static_cast<char>(tolower(c));
  }
  EXPECT_EQ(key->fingerprint(), expected);
}

TEST_F(SigningKeyTest, RefusesAKeyOfAnotherCertificate) {
  const NewKeyPair other = MakeExampleKeyPair(kNow);
  const auto key = SigningKey::Load(other.certificate_pem, pair_->key_pem, kNow);
  ASSERT_FALSE(key);
  EXPECT_THAT(key.error().message, HasSubstr("does not belong to the certificate"));
}

TEST_F(SigningKeyTest, RefusesOutsideTheCertificatesDates) {
  const Error expired = Refusal(*pair_, kNow + hours(24 * 3653));
  EXPECT_EQ(expired.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(expired.message, HasSubstr("expired at 2036-01-31T10:05:00Z"));
  EXPECT_THAT(Refusal(*pair_, kNow - hours(25)).message, HasSubstr("not valid before"));
  EXPECT_TRUE(SigningKey::Load(pair_->certificate_pem, pair_->key_pem, kNow - hours(23)));
}

TEST_F(SigningKeyTest, RefusesWeakAndOtherKeys) {
  // Making a key takes a while; the openssl program dates its certificate at the end.
  const SysSeconds now = SystemClock().Now() + hours(1);
  EXPECT_THAT(Refusal(FromOpenSsl({"-newkey", "rsa:1024"}, ""), now).message,
              HasSubstr("1024 bits; use 2048 to 4096"));
  EXPECT_THAT(
      Refusal(FromOpenSsl({"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"}, ""), now)
          .message,
      HasSubstr("not RSA"));
  EXPECT_THAT(Refusal(FromOpenSsl({"-newkey", "rsa-pss"}, ""), now).message, HasSubstr("not RSA"));
}

TEST_F(SigningKeyTest, RefusesAKeyUsageWithoutDigitalSignature) {
  // Making a key takes a while; the openssl program dates its certificate at the end.
  const SysSeconds now = SystemClock().Now() + hours(1);
  EXPECT_THAT(
      Refusal(FromOpenSsl({"-newkey", "rsa:2048"}, "keyUsage=critical,keyEncipherment"), now)
          .message,
      HasSubstr("digitalSignature"));
  const NewKeyPair fine = FromOpenSsl({"-newkey", "rsa:2048"}, "keyUsage=digitalSignature");
  EXPECT_TRUE(SigningKey::Load(fine.certificate_pem, fine.key_pem, now));
  const NewKeyPair none = FromOpenSsl({"-newkey", "rsa:2048"}, "");
  EXPECT_TRUE(SigningKey::Load(none.certificate_pem, none.key_pem, now));
}

TEST_F(SigningKeyTest, RefusesAnEncryptedKeyWithoutAskingTheTerminal) {
  const Outcome encrypted =
      RunProgram({"openssl", "pkey", "-aes256", "-passout", "pass:secret", "-in",
                  folder_.Write("k.pem", std::string(pair_->key_pem.Reveal()))});
  const auto key = SigningKey::Load(pair_->certificate_pem, SecretString(encrypted.output), kNow);
  ASSERT_FALSE(key);
  EXPECT_THAT(key.error().message, HasSubstr("encrypted"));
}

TEST_F(SigningKeyTest, RefusesWhatIsNotPemAndNeverShowsTheKey) {
  const std::string key_text(pair_->key_pem.Reveal());
  std::string damaged = key_text;
  damaged[200] = '!';
  const std::string bad_keys[] = {"",
                                  "x",
                                  pair_->certificate_pem,
                                  key_text.substr(0, 300),
                                  damaged,
                                  std::string(key_text).replace(0, 10, "----------")};
  for (const std::string& text : bad_keys) {
    const auto key = SigningKey::Load(pair_->certificate_pem, SecretString(text), kNow);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(key.error().message, Not(HasSubstr(key_text.substr(60, 20))));
  }
  for (const std::string& text : {std::string(), std::string("x"), key_text}) {
    EXPECT_FALSE(SigningKey::Load(text, pair_->key_pem, kNow));
  }
}

TEST_F(SigningKeyTest, MakesCertificatesWithoutARepeatedExtension) {
  SystemRandom random;
  const auto tls = MakeKeyPair("sso.example.org", {"sso.example.org", "127.0.0.1", "::1"}, 2048, 1,
                               SystemClock().Now(), random);
  ASSERT_TRUE(tls) << tls.error().message;
  const std::string file = folder_.Write("tls.pem", tls->certificate_pem);
  const std::string text = RunProgram({"openssl", "x509", "-noout", "-text", "-in", file}).output;
  // OpenSSL 3.5 leaves out the spaces.
  EXPECT_THAT(text, ContainsRegex("Subject: CN ?= ?sso\\.example\\.org"));
  EXPECT_THAT(text, HasSubstr("DNS:sso.example.org, IP Address:127.0.0.1, IP "
                              "Address:0:0:0:0:0:0:0:1"));
  EXPECT_THAT(text, HasSubstr("sha256WithRSAEncryption"));
  for (const char* extension :
       {"X509v3 Key Usage", "X509v3 Basic Constraints", "X509v3 Subject Alternative Name",
        "X509v3 Extended Key Usage", "X509v3 Subject Key Identifier"}) {
    const size_t first = text.find(extension);
    EXPECT_NE(first, std::string::npos) << extension;
    EXPECT_EQ(text.find(extension, first + 1), std::string::npos) << extension;
  }
  // Self-signed and accepted as what it is for.
  const Outcome verified = RunProgram({"openssl", "verify", "-CAfile", file, "-purpose",
                                       "sslserver", "-verify_hostname", "sso.example.org", file});
  EXPECT_EQ(verified.status, 0) << verified.output;
}

TEST_F(SigningKeyTest, MakesTwoCertificatesWithDifferentSerials) {
  const NewKeyPair other = MakeExampleKeyPair(kNow);
  const auto serial = [&](const NewKeyPair& pair) {
    return RunProgram({"openssl", "x509", "-noout", "-serial", "-in",
                       folder_.Write("s.pem", pair.certificate_pem)})
        .output;
  };
  EXPECT_NE(serial(*pair_), serial(other));
}

TEST_F(SigningKeyTest, RefusesToMakeWhatItWouldNotLoad) {
  SystemRandom random;
  EXPECT_FALSE(MakeKeyPair("x", {}, 2047, 10, kNow, random));
  EXPECT_FALSE(MakeKeyPair("x", {}, 4097, 10, kNow, random));
  EXPECT_FALSE(MakeKeyPair("x", {}, 2048, 0, kNow, random));
  EXPECT_FALSE(MakeKeyPair("x", {}, 2048, 101, kNow, random));
  EXPECT_FALSE(MakeKeyPair("", {}, 2048, 10, kNow, random));
  EXPECT_FALSE(MakeKeyPair(std::string(65, 'x'), {}, 2048, 10, kNow, random));
}

}  // namespace
}  // namespace rolebridge::saml
