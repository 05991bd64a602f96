#include "bridge/saml/signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <thread>
#include <vector>

#include "tests/bridge/saml/examples.h"
#include "tests/bridge/saml/run_program.h"

namespace rolebridge::saml {
namespace {

using testing::HasSubstr;
using testing::Not;

class SignerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    now_ = SystemClock().Now();
    pair_ = new NewKeyPair(MakeExampleKeyPair(now_));
    signer_ = new Signer(std::move(Signer::Create(LoadExampleKey(*pair_, now_)).value()));
  }
  static void TearDownTestSuite() {
    delete signer_;
    delete pair_;
  }

  static std::string Sign(const Response& response) {
    Result<std::string> text = signer_->Sign(response, /*reparse=*/true);
    EXPECT_TRUE(text) << text.error().message;
    return text ? *text : "";
  }

  // What the xmlsec1 program says of `xml`, with our certificate as the only key.
  bool XmlSecAccepts(const std::string& xml) {
    const Outcome outcome = RunProgram(
        {"xmlsec1", "--verify", "--enabled-key-data", "rsa", "--id-attr:ID",
         "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", "--pubkey-cert-pem",
         folder_.Write("certificate.pem", pair_->certificate_pem), folder_.Write("r.xml", xml)});
    return outcome.status == 0;
  }

  TemporaryFolder folder_;
  static inline SysSeconds now_;
  static inline NewKeyPair* pair_ = nullptr;
  static inline Signer* signer_ = nullptr;
};

TEST_F(SignerTest, WritesTheShapeOfTheReference) {
  const Response response = ExampleResponse(now_);
  const std::string xml = Sign(response);
  const std::string a = "urn:oasis:names:tc:SAML:2.0:assertion";
  // aws-saml.md 1.3, element by element; what stands between is the signature.
  EXPECT_TRUE(xml.starts_with(
      "<saml2p:Response xmlns:saml2p=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"" +
      response.destination + "\" ID=\"" + response.id + "\" IssueInstant=\"" + FormatUtc(now_) +
      "\" Version=\"2.0\"><saml2:Issuer xmlns:saml2=\"" + a +
      "\">https://sso.example.org/saml/aws</saml2:Issuer><saml2p:Status><saml2p:StatusCode "
      "Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></saml2p:Status><saml2:Assertion "
      "xmlns:saml2=\"" +
      a + "\" ID=\"" + response.assertion.id + "\" IssueInstant=\"" + FormatUtc(now_) +
      "\" Version=\"2.0\"><saml2:Issuer>https://sso.example.org/saml/aws</saml2:Issuer>"
      "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>"))
      << xml;
  EXPECT_TRUE(xml.ends_with(
      "</ds:Signature><saml2:Subject><saml2:NameID "
      "Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">3f7b2c</saml2:NameID>"
      "<saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">"
      "<saml2:SubjectConfirmationData NotOnOrAfter=\"" +
      FormatUtc(response.assertion.not_on_or_after) +
      "\" Recipient=\"https://signin.aws.amazon.com/saml\"/></saml2:SubjectConfirmation>"
      "</saml2:Subject><saml2:Conditions NotBefore=\"" +
      FormatUtc(response.assertion.not_before) + "\" NotOnOrAfter=\"" +
      FormatUtc(response.assertion.not_on_or_after) +
      "\"><saml2:AudienceRestriction><saml2:Audience>urn:amazon:webservices</saml2:Audience>"
      "</saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement AuthnInstant=\"" +
      FormatUtc(response.assertion.authn_instant) + "\" SessionIndex=\"" +
      response.assertion.session_index +
      "\"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:"
      "PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext>"
      "</saml2:AuthnStatement><saml2:AttributeStatement><saml2:Attribute "
      "Name=\"https://aws.amazon.com/SAML/Attributes/Role\"><saml2:AttributeValue>arn:aws:iam::"
      "123412341234:role/Admin,arn:aws:iam::123412341234:saml-provider/rb</saml2:AttributeValue>"
      "<saml2:AttributeValue>arn:aws:iam::123412341234:role/Read,arn:aws:iam::123412341234:"
      "saml-provider/rb</saml2:AttributeValue></saml2:Attribute><saml2:Attribute "
      "Name=\"https://aws.amazon.com/SAML/Attributes/RoleSessionName\"><saml2:AttributeValue>alice"
      "</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement></saml2:Assertion>"
      "</saml2p:Response>"))
      << xml;
  EXPECT_THAT(xml, Not(HasSubstr("\n")));
  EXPECT_THAT(xml, Not(HasSubstr("\r")));
  EXPECT_THAT(xml, HasSubstr("<ds:X509Certificate>" + signer_->key().certificate_base64() +
                             "</ds:X509Certificate>"));
}

TEST_F(SignerTest, XmlSecProgramVerifiesIt) {
  Response response = ExampleResponse(now_);
  EXPECT_TRUE(XmlSecAccepts(Sign(response)));
  response.assertion.in_response_to = "_request1";
  response.assertion.session_not_on_or_after = now_ + std::chrono::hours(1);
  response.assertion.attributes.push_back(
      {.name = "urn:oid:2.5.4.3",
       .name_format = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
       .values = {"Müller, Ann & \"Söhne\" <x> ]]> 漢字 😀", ""}});
  EXPECT_TRUE(XmlSecAccepts(Sign(response)));
  response.assertion.attributes.clear();
  EXPECT_TRUE(XmlSecAccepts(Sign(response)));
}

// security.md O5: a flipped byte anywhere in the assertion.
TEST_F(SignerTest, XmlSecProgramRefusesAChangedByteAnywhere) {
  const std::string xml = Sign(ExampleResponse(now_));
  const size_t begin = xml.find("<saml2:Assertion");
  const size_t end = xml.find("</saml2:Assertion>");
  const size_t key_begin = xml.find("<ds:KeyInfo>");
  const size_t key_end = xml.find("</ds:KeyInfo>");
  int tried = 0;
  for (size_t at = begin; at < end; at += 97) {
    // The certificate is the one thing there that the signature does not cover; nobody may use it.
    if (at > key_begin && at < key_end) continue;
    std::string changed = xml;
    changed[at] = changed[at] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(XmlSecAccepts(changed)) << changed.substr(at - 20, 40);
    ++tried;
  }
  EXPECT_GT(tried, 20);
}

TEST_F(SignerTest, XmlSecProgramRefusesAnotherKey) {
  const NewKeyPair other = MakeExampleKeyPair(now_);
  const Signer stranger = std::move(Signer::Create(LoadExampleKey(other, now_)).value());
  EXPECT_FALSE(XmlSecAccepts(stranger.Sign(ExampleResponse(now_), true).value()));
}

TEST_F(SignerTest, IsValidBySamlsSchema) {
  setenv("XML_CATALOG_FILES", ROLEBRIDGE_SOURCE_DIR "/tests/data/saml-catalog.xml", 1);
  const auto validate = [&](const std::string& xml) {
    return RunProgram({"xmllint", "--noout", "--nonet", "--schema",
                       "/usr/share/xml/opensaml/saml-schema-protocol-2.0.xsd",
                       folder_.Write("response.xml", xml)});
  };
  Response response = ExampleResponse(now_);
  Outcome outcome = validate(Sign(response));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  response.assertion.in_response_to = "_request1";
  response.assertion.session_not_on_or_after = now_;
  response.assertion.attributes.clear();
  outcome = validate(Sign(response));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  // The schema is in force: an element more is found.
  std::string spoilt = Sign(response);
  spoilt.insert(spoilt.find("<saml2p:Status>"), "<saml2p:Nothing/>");
  EXPECT_NE(validate(spoilt).status, 0);
}

// security.md O3: libxml2 would write every one of these without an error.
TEST_F(SignerTest, RefusesValuesThatMayNotStandInXml) {
  const std::string refused[] = {"a\x01",         "a\xff",         "a\xc0\xbc",
                                 "a\xed\xa0\x80", "a\xef\xbf\xbe", "a\rb",
                                 "a\nb",          "a\tb",          std::string("a\0b", 3)};
  for (const std::string& value : refused) {
    const auto sign = [&](auto spoil) {
      Response response = ExampleResponse(now_);
      spoil(response);
      const auto text = signer_->Sign(response, false);
      ASSERT_FALSE(text);
      EXPECT_EQ(text.error().code, ErrorCode::kInvalidArgument);
    };
    sign([&](Response& r) { r.assertion.attributes[0].values[1] = value; });
    sign([&](Response& r) { r.assertion.attributes[0].name = value; });
    sign([&](Response& r) { r.assertion.attributes[0].name_format = value; });
    sign([&](Response& r) { r.assertion.name_id.value = value; });
    sign([&](Response& r) { r.assertion.name_id.format = value; });
    sign([&](Response& r) { r.assertion.in_response_to = value; });
    sign([&](Response& r) { r.assertion.entity_id = value; });
    sign([&](Response& r) { r.assertion.audience = value; });
    sign([&](Response& r) { r.assertion.recipient = value; });
    sign([&](Response& r) { r.assertion.session_index = value; });
    sign([&](Response& r) { r.assertion.authn_context_class = value; });
    sign([&](Response& r) { r.destination = value; });
    sign([&](Response& r) { r.id = value; });
    sign([&](Response& r) { r.assertion.id = value; });
  }
}

TEST_F(SignerTest, RefusesAnAttributeWithoutAValue) {
  Response response = ExampleResponse(now_);
  response.assertion.attributes[1].values.clear();
  EXPECT_EQ(signer_->Sign(response, true).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(SignerTest, MarkupInValuesStaysText) {
  Response response = ExampleResponse(now_);
  response.assertion.attributes[1].values = {"</saml2:AttributeValue><saml2:AttributeValue>root",
                                             "&lt;", "&#38;", "<!--", "<![CDATA[x]]>"};
  response.assertion.entity_id = "https://sso.example.org/?a=1&b=\"2\"<'3'>";
  EXPECT_TRUE(XmlSecAccepts(Sign(response)));  // and Sign compared the text with the values
}

// security.md O6: a fault in the signature's arithmetic must not leave the house. An RSA key with
// one wrong CRT exponent signs, and what it makes does not verify.
TEST_F(SignerTest, RefusesWhatAFaultyKeySigned) {
  SigningKey key = LoadExampleKey(*pair_, now_);
  EVP_PKEY* good = key.private_key();
  OSSL_PARAM* params = nullptr;
  ASSERT_EQ(EVP_PKEY_todata(good, EVP_PKEY_KEYPAIR, &params), 1);
  OSSL_PARAM* exponent = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_RSA_EXPONENT1);
  ASSERT_NE(exponent, nullptr);
  static_cast<unsigned char*>(exponent->data)[3] ^= 1;
  OSSL_PARAM* d = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_RSA_D);
  ASSERT_NE(d, nullptr);
  // OpenSSL itself notices a CRT fault and computes again without CRT: so the plain exponent, too.
  static_cast<unsigned char*>(d->data)[3] ^= 1;
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EVP_PKEY* faulty = nullptr;
  ASSERT_EQ(EVP_PKEY_fromdata_init(context), 1);
  ASSERT_EQ(EVP_PKEY_fromdata(context, &faulty, EVP_PKEY_KEYPAIR, params), 1);
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, faulty, nullptr, nullptr, 0, nullptr, nullptr);
  char* pem = nullptr;
  const long length = BIO_get_mem_data(bio, &pem);
  const SecretString faulty_pem(std::string_view(pem, static_cast<size_t>(length)));
  BIO_free(bio);
  EVP_PKEY_free(faulty);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(params);

  Result<SigningKey> loaded = SigningKey::Load(pair_->certificate_pem, faulty_pem, now_);
  ASSERT_TRUE(loaded) << loaded.error().message;
  const Signer signer = std::move(Signer::Create(std::move(*loaded)).value());
  const auto text = signer.Sign(ExampleResponse(now_), false);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::kInternal);
  EXPECT_THAT(text.error().message, HasSubstr("does not verify"));
}

TEST_F(SignerTest, SignsInSeveralThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::vector<std::string> texts(8);
  for (size_t i = 0; i < texts.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 20; ++k) {
        const auto text = signer_->Sign(ExampleResponse(now_), k % 4 == 0);
        texts[i] = text ? *text : text.error().message;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : texts) EXPECT_TRUE(XmlSecAccepts(text)) << text;
}

}  // namespace
}  // namespace rolebridge::saml
