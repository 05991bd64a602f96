#include "bridge/saml/captured_response.h"

#include <gtest/gtest.h>

#include "bridge/base/base64.h"
#include "bridge/saml/names.h"
#include "bridge/saml/response_writer.h"
#include "tests/bridge/saml/examples.h"

namespace rolebridge::saml {
namespace {

const SysSeconds kNow = std::chrono::sys_days(std::chrono::year(2027) / 1 / 31);

TEST(DecodeCapturedTest, CountsTheCharactersThatAwsWouldCount) {
  for (const auto& [text, expected] :
       {std::pair("<a/>", 8U), std::pair("  <ab/>\n", 8U), std::pair("<abc/>", 8U),
        std::pair("PGEvPg==", 8U), std::pair("PGEv\r\nPg==\n", 8U),
        std::pair("SAMLResponse=PGEvPg%3D%3D&RelayState=x", 8U)}) {
    const Result<CapturedText> decoded = DecodeCaptured(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(decoded->base64_characters, expected) << text;
    EXPECT_TRUE(decoded->xml.starts_with("<a")) << text;
  }
}

TEST(DecodeCapturedTest, RefusesNearMisses) {
  for (const std::string text : {"", " ", "PGEvPg=", "PGEvPg===", "PGEv Pg==x",
                                 "SAMLRequest=PGEvPg==", "%50GEvPg=%3", "SAMLResponse=", "YWJj"}) {
    EXPECT_FALSE(DecodeCaptured(text)) << text;
  }
}

TEST(ReadCapturedTest, ReadsWhatTheWriterWrote) {
  const Response response = ExampleResponse(kNow);
  const Result<WrittenResponse> written = WriteResponse(response);
  ASSERT_TRUE(written);
  const Result<CapturedResponse> read = ReadCaptured(*SerialiseRoot(*written->doc));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->response, response);
  EXPECT_EQ(read->status, kStatusSuccess);
  EXPECT_EQ(read->issuer, response.assertion.entity_id);
  EXPECT_EQ(read->assertions, 1U);
  EXPECT_EQ(read->confirmations, 1U);
  EXPECT_EQ(read->authn_statements, 1U);
  EXPECT_EQ(read->attribute_statements, 1U);
  EXPECT_EQ(read->confirmation_method, kBearer);
  EXPECT_EQ(read->conditions_end, response.assertion.not_on_or_after);
  EXPECT_EQ(read->audiences, std::vector<std::string>{"urn:amazon:webservices"});
  EXPECT_TRUE(read->bad_instants.empty() && read->repeated_ids.empty());
  EXPECT_EQ(read->assertion_signature, nullptr);
}

TEST(ReadCapturedTest, ReadsReferencesInValuesAsWhatTheyStandFor) {
  Response response = ExampleResponse(kNow);
  response.destination = "https://a/?b=1&c=<\"'>";
  response.assertion.attributes[1].values = {"<&>'\"", "z\xC3\xAB"};
  const Result<WrittenResponse> written = WriteResponse(response);
  ASSERT_TRUE(written);
  const Result<CapturedResponse> read = ReadCaptured(*SerialiseRoot(*written->doc));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->response, response);
}

TEST(ReadCapturedTest, CountsAssertionsWhereverTheyAre) {
  const std::string start =
      "<p:Response xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol' "
      "xmlns:a='urn:oasis:names:tc:SAML:2.0:assertion' ID='x'>";
  const Result<CapturedResponse> read =
      ReadCaptured(start +
                   "<p:Extensions><a:Assertion ID='x'/></p:Extensions><a:Assertion id='y'/>"
                   "<b Id='y'/><a:EncryptedAssertion/></p:Response>");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->assertions, 2U);
  EXPECT_EQ(read->encrypted_assertions, 1U);
  EXPECT_EQ(read->repeated_ids, (std::vector<std::string>{"x", "y"}));
  const Result<CapturedResponse> empty = ReadCaptured(start + "</p:Response>");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->assertion, nullptr);
  EXPECT_EQ(empty->status, "");
}

}  // namespace
}  // namespace rolebridge::saml
