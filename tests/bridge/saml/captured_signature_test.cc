#include "bridge/saml/captured_signature.h"

#include <gtest/gtest.h>

#include "bridge/saml/captured_response.h"
#include "bridge/saml/names.h"
#include "bridge/saml/response_writer.h"
#include "bridge/saml/signature.h"
#include "bridge/saml/signer.h"
#include "tests/bridge/saml/examples.h"

namespace rolebridge::saml {
namespace {

const SysSeconds kNow = std::chrono::sys_days(std::chrono::year(2027) / 1 / 31);

class CapturedSignatureTest : public ::testing::Test {
 protected:
  NewKeyPair pair_ = MakeExampleKeyPair(kNow);
};

TEST_F(CapturedSignatureTest, VerifiesWithTheCertificateInPemAndInBase64) {
  const Result<Signer> signer = Signer::Create(LoadExampleKey(pair_, kNow));
  ASSERT_TRUE(signer);
  const Result<CapturedResponse> read = ReadCaptured(*signer->Sign(ExampleResponse(kNow), true));
  ASSERT_TRUE(read);
  ASSERT_NE(read->assertion_signature, nullptr);
  const CapturedSignature said = ReadCapturedSignature(*read->assertion_signature);
  EXPECT_EQ(said.method, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
  EXPECT_EQ(said.digest, "http://www.w3.org/2001/04/xmlenc#sha256");
  const std::string other = MakeExampleKeyPair(kNow).certificate_pem;
  for (const std::string& certificate : {pair_.certificate_pem, said.certificate}) {
    const auto verified =
        VerifyCaptured(*read->assertion, *read->assertion_signature, {other, certificate});
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->certificate, 1U);
    EXPECT_EQ(verified->key_bits, 2048);
  }
  EXPECT_FALSE(VerifyCaptured(*read->assertion, *read->assertion_signature, {other}));
  EXPECT_FALSE(VerifyCaptured(*read->assertion, *read->assertion_signature, {}));
  EXPECT_FALSE(VerifyCaptured(*read->assertion, *read->assertion_signature, {"no base64!"}));
}

// A good signature that is over another element says nothing of the one that it stands in.
TEST_F(CapturedSignatureTest, RefusesASignatureOverAnotherElement) {
  Result<WrittenResponse> written = WriteResponse(ExampleResponse(kNow));
  ASSERT_TRUE(written);
  const SigningKey key = LoadExampleKey(pair_, kNow);
  const Result<Signature> signature = Signature::Create(key);
  ASSERT_TRUE(signature);
  xmlNode* root = xmlDocGetRootElement(written->doc.get());
  ASSERT_TRUE(signature->Sign(*root));
  xmlNode* made = root->children->next;
  ASSERT_TRUE(VerifyCaptured(*root, *made, {pair_.certificate_pem}));
  xmlUnlinkNode(made);
  xmlAddChild(written->assertion, made);
  // It stays good: an enveloped signature is not part of what it signs, wherever it stands.
  EXPECT_TRUE(VerifyCaptured(*root, *made, {pair_.certificate_pem}));
  EXPECT_FALSE(VerifyCaptured(*written->assertion, *made, {pair_.certificate_pem}));
}

TEST_F(CapturedSignatureTest, RefusesAnElementWithoutAnIdOfItsOwn) {
  const Result<Signer> signer = Signer::Create(LoadExampleKey(pair_, kNow));
  ASSERT_TRUE(signer);
  const Result<CapturedResponse> read = ReadCaptured(*signer->Sign(ExampleResponse(kNow), true));
  ASSERT_TRUE(read);
  xmlUnsetProp(read->assertion, AsXml("ID"));
  const auto verified =
      VerifyCaptured(*read->assertion, *read->assertion_signature, {pair_.certificate_pem});
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().message,
            "the ID of what is signed is missing, or names another element");
}

TEST(SplitCertificatesTest, FindsEachAndNothingElse) {
  const std::string one = "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(SplitCertificates("").size(), 0U);
  EXPECT_EQ(SplitCertificates("-----BEGIN PRIVATE KEY-----\n").size(), 0U);
  const auto two = SplitCertificates("text before\n" + one + one);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0], one);
  EXPECT_EQ(two[1], one);
}

}  // namespace
}  // namespace rolebridge::saml
