#include "bridge/saml/response_reader.h"

#include <gtest/gtest.h>

#include <functional>

#include "bridge/saml/response_writer.h"
#include "tests/bridge/saml/examples.h"

namespace rolebridge::saml {
namespace {

constexpr SysSeconds kNow{std::chrono::seconds(1'769'853'900)};

std::string Write(const Response& response) {
  const Result<WrittenResponse> written = WriteResponse(response);
  EXPECT_TRUE(written) << written.error().message;
  return SerialiseRoot(*written->doc).value();
}

Result<ReadBack> Read(const std::string& xml) {
  const Result<XmlDoc> doc = ParseOwn(xml);
  if (!doc) return doc.error();
  Result<ReadBack> read = ReadResponse(**doc);
  if (read) read->assertion = read->signature = nullptr;  // the document is gone
  return read;
}

TEST(ResponseReaderTest, ReadsBackWhatWasWritten) {
  Response response = ExampleResponse(kNow);
  EXPECT_EQ(Read(Write(response)).value().response, response);
  response.assertion.in_response_to = "_r";
  response.assertion.session_not_on_or_after = kNow + std::chrono::hours(8);
  response.assertion.attributes.push_back({.name = "urn:x<&\">",
                                           .name_format = "urn:format",
                                           .values = {"", "AT&T;x", "a&lt;b", "]]>", "ä漢"}});
  EXPECT_EQ(Read(Write(response)).value().response, response);
  response.assertion.attributes.clear();
  EXPECT_EQ(Read(Write(response)).value().response, response);
}

// The comparison would be worth nothing if a value could be lost on the way: each field changed
// once.
TEST(ResponseReaderTest, SeesEachField) {
  using std::chrono::seconds;
  const std::function<void(Response&)> changes[] = {
      [](Response& r) { r.id += "0"; },
      [](Response& r) { r.issue_instant += seconds(1); },
      [](Response& r) { r.destination += "0"; },
      [](Response& r) { r.assertion.id += "0"; },
      [](Response& r) { r.assertion.issue_instant += seconds(1); },
      [](Response& r) { r.assertion.entity_id += "0"; },
      [](Response& r) { r.assertion.name_id.value += "0"; },
      [](Response& r) { r.assertion.name_id.format += "0"; },
      [](Response& r) { r.assertion.recipient += "0"; },
      [](Response& r) { r.assertion.in_response_to = "_r"; },
      [](Response& r) { r.assertion.not_before += seconds(1); },
      [](Response& r) { r.assertion.not_on_or_after += seconds(1); },
      [](Response& r) { r.assertion.audience += "0"; },
      [](Response& r) { r.assertion.authn_instant += seconds(1); },
      [](Response& r) { r.assertion.session_index += "0"; },
      [](Response& r) { r.assertion.session_not_on_or_after = kNow; },
      [](Response& r) { r.assertion.authn_context_class += "0"; },
      [](Response& r) { r.assertion.attributes.pop_back(); },
      [](Response& r) { r.assertion.attributes[0].name += "0"; },
      [](Response& r) { r.assertion.attributes[0].name_format = ""; },
      [](Response& r) { r.assertion.attributes[0].values.pop_back(); },
      [](Response& r) { std::swap(r.assertion.attributes[0], r.assertion.attributes[1]); },
  };
  const Response original = ExampleResponse(kNow);
  for (const auto& change : changes) {
    Response changed = original;
    change(changed);
    const auto read = Read(Write(changed));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_NE(read->response, original);
    EXPECT_EQ(read->response, changed);
  }
}

TEST(ResponseReaderTest, RefusesAnythingElseThanTheOneShape) {
  const std::string xml = Write(ExampleResponse(kNow));
  ASSERT_TRUE(Read(xml));
  const auto replaced = [&](const std::string& old_text, const std::string& new_text) {
    std::string changed = xml;
    const size_t at = changed.find(old_text);
    EXPECT_NE(at, std::string::npos) << old_text;
    return at == std::string::npos ? xml : changed.replace(at, old_text.size(), new_text);
  };
  const size_t assertion_begin = xml.find("<saml2:Assertion");
  const std::string assertion =
      xml.substr(assertion_begin, xml.find("</saml2p:Response>") - assertion_begin);
  const std::string refused[] = {
      "<a/>",
      xml + "<!-- c -->",
      replaced("<saml2p:Status>", "<!-- c --><saml2p:Status>"),
      replaced("<saml2p:Status>", "\n<saml2p:Status>"),
      replaced("status:Success", "status:Responder"),
      replaced("cm:bearer", "cm:holder-of-key"),
      replaced(">alice<", ">al<!-- -->ice<"),
      replaced(">alice<", "><b/>alice<"),
      replaced("<saml2:AttributeValue>alice", "<saml2:AttributeValue x=\"y\">alice"),
      replaced(" Recipient=", " NotBefore=\"2026-01-31T10:05:00Z\" Recipient="),
      replaced(" Recipient=", " recipient="),
      replaced("<saml2:Audience>", "<saml2:Audience>urn:x</saml2:Audience><saml2:Audience>"),
      replaced("</saml2:Subject>", "<saml2:SubjectConfirmation Method=\"x\"/></saml2:Subject>"),
      replaced("</saml2:Assertion>", "<saml2:Advice/></saml2:Assertion>"),
      replaced("</saml2:Assertion>", "</saml2:Assertion>" + assertion),
      replaced("</saml2:Issuer><saml2p:Status>", "x</saml2:Issuer><saml2p:Status>"),
      replaced("Version=\"2.0\"", "Version=\"2.1\""),
      replaced(FormatUtc(kNow), "yesterday"),
  };
  for (const std::string& text : refused) EXPECT_FALSE(Read(text)) << text;
}

}  // namespace
}  // namespace rolebridge::saml
