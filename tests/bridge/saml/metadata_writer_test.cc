#include "bridge/saml/metadata_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bridge/saml/examples.h"
#include "tests/bridge/saml/run_program.h"

namespace rolebridge::saml {
namespace {

using testing::HasSubstr;
using testing::Not;

class MetadataWriterTest : public testing::Test {
 protected:
  static IdpMetadata Example() {
    const SysSeconds now = SystemClock().Now();
    static const std::string& certificate =
        *new std::string(LoadExampleKey(MakeExampleKeyPair(now), now).certificate_base64());
    return {.entity_id = "https://sso.example.org/saml/aws",
            .certificates_base64 = {certificate},
            .sso_url = "https://sso.example.org/saml/aws/sso",
            .name_id_formats = {kNameIdPersistent, kNameIdTransient},
            .organization_name = "Example & Söhne",
            .organization_url = "https://sso.example.org/?a&b"};
  }

  Outcome Validate(const std::string& xml) {
    setenv("XML_CATALOG_FILES", ROLEBRIDGE_SOURCE_DIR "/tests/data/saml-catalog.xml", 1);
    return RunProgram({"xmllint", "--noout", "--nonet", "--schema",
                       "/usr/share/xml/opensaml/saml-schema-metadata-2.0.xsd",
                       folder_.Write("metadata.xml", xml)});
  }

  TemporaryFolder folder_;
};

TEST_F(MetadataWriterTest, IsValidBySamlsSchemaAndLongEnoughForAws) {
  IdpMetadata metadata = Example();
  metadata.certificates_base64.push_back(metadata.certificates_base64.front());
  for (const bool organized : {true, false}) {
    if (!organized) metadata.organization_name = "";
    const auto xml = WriteMetadata(metadata);
    ASSERT_TRUE(xml) << xml.error().message;
    const Outcome outcome = Validate(*xml);
    EXPECT_EQ(outcome.status, 0) << outcome.output << *xml;
    EXPECT_GE(xml->size(), 1000U);
    EXPECT_TRUE(xml->starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
    EXPECT_THAT(*xml, Not(HasSubstr("validUntil")));
    EXPECT_THAT(*xml, HasSubstr("WantAuthnRequestsSigned=\"false\""));
  }
  // The schema is in force: the order in which saml-interop.md found it matters.
  std::string spoilt = WriteMetadata(metadata).value();
  spoilt.insert(spoilt.find("<md:KeyDescriptor"), "<md:NameIDFormat>urn:x</md:NameIDFormat>");
  EXPECT_NE(Validate(spoilt).status, 0);
}

TEST_F(MetadataWriterTest, WritesTheSameBytesForTheSameInput) {
  EXPECT_EQ(WriteMetadata(Example()).value(), WriteMetadata(Example()).value());
}

TEST_F(MetadataWriterTest, ListsEveryKeyForSigning) {
  IdpMetadata metadata = Example();
  metadata.certificates_base64.push_back("MIIsecond");
  const std::string xml = WriteMetadata(metadata).value();
  EXPECT_LT(xml.find(metadata.certificates_base64[0]), xml.find("MIIsecond"));
  const size_t first = xml.find("<md:KeyDescriptor use=\"signing\">");
  EXPECT_NE(xml.find("<md:KeyDescriptor use=\"signing\">", first + 1), std::string::npos);
}

TEST_F(MetadataWriterTest, RefusesWhatIsMissingOrMayNotStandInXml) {
  const auto refused = [](auto spoil) {
    IdpMetadata metadata = Example();
    spoil(metadata);
    const auto xml = WriteMetadata(metadata);
    ASSERT_FALSE(xml);
    EXPECT_EQ(xml.error().code, ErrorCode::kInvalidArgument);
  };
  refused([](IdpMetadata& m) { m.entity_id = ""; });
  refused([](IdpMetadata& m) { m.entity_id = std::string(1025, 'e'); });
  refused([](IdpMetadata& m) { m.sso_url = ""; });
  refused([](IdpMetadata& m) { m.certificates_base64.clear(); });
  refused([](IdpMetadata& m) { m.name_id_formats.clear(); });
  refused([](IdpMetadata& m) { m.entity_id = "a\x01"; });
  refused([](IdpMetadata& m) { m.sso_url = "a\nb"; });
  refused([](IdpMetadata& m) { m.organization_name = "a\xff"; });
  refused([](IdpMetadata& m) {
    m = {.entity_id = "urn:x",
         .certificates_base64 = {"MII"},
         .sso_url = "https://x",
         .name_id_formats = {kNameIdTransient},
         .organization_name = "",
         .organization_url = ""};
  });
}

}  // namespace
}  // namespace rolebridge::saml
