#include "bridge/saml/authn_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "bridge/base/base64.h"
#include "tests/bridge/saml/run_program.h"

namespace rolebridge::saml {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Deflate(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 16, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Result<AuthnRequest> ReadXml(const std::string& xml) { return ReadPostRequest(EncodeBase64(xml)); }

Result<AuthnRequest> ReadDeflated(const std::string& xml) {
  return ReadRedirectRequest(EncodeBase64(Deflate(xml)));
}

constexpr char kNamespaces[] =
    R"(xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion")";
constexpr char kBasics[] = R"(ID="_a1" Version="2.0" IssueInstant="2026-01-31T10:05:00Z")";
constexpr char kIssuer[] = "<saml:Issuer>urn:amazon:webservices</saml:Issuer>";

// A request with more attributes on its root, and with that inside.
std::string Request(const std::string& attributes = "", const std::string& inside = kIssuer,
                    const std::string& basics = kBasics) {
  return std::string("<samlp:AuthnRequest ") + kNamespaces + " " + basics + " " + attributes + ">" +
         inside + "</samlp:AuthnRequest>";
}

TEST(AuthnRequestTest, ReadsEveryFact) {
  const std::string xml = Request(
      R"(AssertionConsumerServiceURL="https://sp.example.org/acs?a=1&amp;b=&#50;" ForceAuthn="1" )"
      R"(IsPassive="true" Destination="https://sso.example.org/saml/aws/sso" Consent="x" )"
      R"(ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" ProviderName="SP")",
      R"(<saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">
           https://sp.example.org/?a&amp;b&lt;
         </saml:Issuer>
         <ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="Signature1"><ds:SignedInfo/></ds:Signature>
         <samlp:Extensions><x:y xmlns:x="urn:x">text</x:y></samlp:Extensions>
         <samlp:NameIDPolicy AllowCreate="1" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"/>
         <samlp:RequestedAuthnContext Comparison="minimum">
           <saml:AuthnContextClassRef>urn:a</saml:AuthnContextClassRef>
           <saml:AuthnContextClassRef>urn:b</saml:AuthnContextClassRef>
         </samlp:RequestedAuthnContext>
         <samlp:Scoping ProxyCount="1"/>)");
  for (const auto& request : {ReadXml(xml), ReadDeflated(xml)}) {
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->id, "_a1");
    EXPECT_EQ(request->issuer, "https://sp.example.org/?a&b<");
    EXPECT_EQ(request->acs_url, "https://sp.example.org/acs?a=1&b=2");
    EXPECT_EQ(request->destination, "https://sso.example.org/saml/aws/sso");
    EXPECT_EQ(FormatUtc(request->issue_instant), "2026-01-31T10:05:00Z");
    EXPECT_TRUE(request->force_authn);
    EXPECT_TRUE(request->is_passive);
    EXPECT_FALSE(request->has_acs_index);
    EXPECT_EQ(request->name_id_format, "urn:oasis:names:tc:SAML:2.0:nameid-format:transient");
    EXPECT_THAT(request->requested_contexts, testing::ElementsAre("urn:a", "urn:b"));
    EXPECT_EQ(request->context_comparison, "minimum");
  }
}

TEST(AuthnRequestTest, ReadsTheSmallestRequest) {
  const auto request = ReadXml(Request());
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->issuer, "urn:amazon:webservices");
  EXPECT_EQ(request->acs_url, "");
  EXPECT_FALSE(request->force_authn);
  EXPECT_FALSE(request->is_passive);
  EXPECT_TRUE(request->requested_contexts.empty());
}

TEST(AuthnRequestTest, AcceptsWhatServiceProvidersWrite) {
  const std::string accepted[] = {
      R"(<?xml version="1.0"?>)" + Request(),
      R"(<?xml version="1.0" encoding="UTF-8"?>)" + Request(),
      R"(<?xml version='1.0' encoding = 'utf-8' standalone='yes' ?>)" + Request(),
      "\n \t" + Request() + "\r\n",
      Request("AssertionConsumerServiceIndex=\"65535\""),
      Request("", kIssuer,
              R"(ID="ONELOGIN_x" Version="2.0" IssueInstant="2026-01-31T10:05:00.123Z")"),
      Request("", kIssuer, R"(ID="_x" Version="2.0" IssueInstant="2026-01-31T12:05:00+02:00")"),
      Request("", kIssuer,
              "ID=\"_" + std::string(127, 'x') +
                  "\" Version=\"2.0\" IssueInstant=\"2026-01-31T10:05:00Z\""),
      Request("", "<saml:Issuer>" + std::string(1024, 'i') + "</saml:Issuer>"),
      Request("", std::string(kIssuer) + "<samlp:NameIDPolicy AllowCreate=\"1\"/>"),
  };
  for (const std::string& xml : accepted) {
    const auto request = ReadXml(xml);
    EXPECT_TRUE(request) << xml << ": " << request.error().message;
  }
}

TEST(AuthnRequestTest, TakesLineBreaksInBase64) {
  std::string base64 = EncodeBase64(Request());
  for (size_t at = 76; at < base64.size(); at += 78) base64.insert(at, "\r\n");
  EXPECT_TRUE(ReadPostRequest(base64));
}

TEST(AuthnRequestTest, RefusesEachFieldWrongOnce) {
  const std::string refused[] = {
      "",
      "hello",
      "<a/>",
      Request().substr(0, 100),
      Request() + "<a/>",
      Request() + "text",
      "text" + Request(),
      Request("", std::string(kIssuer) + "text"),
      Request(R"(ID="_again")"),
      // not the element it should be
      "<AuthnRequest " + std::string(kBasics) + "/>",
      R"(<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" )" +
          std::string(kBasics) + "/>",
      R"(<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:1.0:protocol" )" + std::string(kBasics) +
          "/>",
      // an undeclared prefix
      "<samlp:AuthnRequest " + std::string(kBasics) + "/>",
      // ID, Version, IssueInstant
      Request("", kIssuer, R"(Version="2.0" IssueInstant="2026-01-31T10:05:00Z")"),
      Request("", kIssuer, R"(ID="" Version="2.0" IssueInstant="2026-01-31T10:05:00Z")"),
      Request("", kIssuer, R"(ID="1a" Version="2.0" IssueInstant="2026-01-31T10:05:00Z")"),
      Request("", kIssuer, R"(ID="a b" Version="2.0" IssueInstant="2026-01-31T10:05:00Z")"),
      Request("", kIssuer, R"(ID="a:b" Version="2.0" IssueInstant="2026-01-31T10:05:00Z")"),
      Request("", kIssuer, R"(ID="_&lt;b" Version="2.0" IssueInstant="2026-01-31T10:05:00Z")"),
      Request("", kIssuer,
              "ID=\"_" + std::string(128, 'x') +
                  "\" Version=\"2.0\" IssueInstant=\"2026-01-31T10:05:00Z\""),
      Request("", kIssuer, R"(ID="_a" Version="1.1" IssueInstant="2026-01-31T10:05:00Z")"),
      Request("", kIssuer, R"(ID="_a" IssueInstant="2026-01-31T10:05:00Z")"),
      Request("", kIssuer, R"(ID="_a" Version="2.0")"),
      Request("", kIssuer, R"(ID="_a" Version="2.0" IssueInstant="2026-01-31T10:05:00")"),
      Request("", kIssuer, R"(ID="_a" Version="2.0" IssueInstant="now")"),
      Request("", kIssuer, R"(samlp:ID="_a" Version="2.0" IssueInstant="2026-01-31T10:05:00Z")"),
      // Issuer
      Request("", ""),
      Request("", "<saml:Issuer/>"),
      Request("", "<saml:Issuer> </saml:Issuer>"),
      Request("", std::string(kIssuer) + kIssuer),
      Request("", "<samlp:Issuer>urn:x</samlp:Issuer>"),
      Request("", "<saml:Issuer>urn:\nx</saml:Issuer>"),
      Request("", "<saml:Issuer>" + std::string(1025, 'i') + "</saml:Issuer>"),
      Request(
          "",
          "<saml:Issuer "
          "Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">urn:x</saml:Issuer>"),
      // I4: one text node
      Request("", "<saml:Issuer>urn:a<!-- -->mazon</saml:Issuer>"),
      Request("", "<saml:Issuer>urn:a<?pi?>mazon</saml:Issuer>"),
      Request("", "<saml:Issuer><![CDATA[urn:amazon]]></saml:Issuer>"),
      Request("", "<saml:Issuer>urn:<b/>amazon</saml:Issuer>"),
      Request("", "<!-- c -->" + std::string(kIssuer)),
      Request("", "<?pi x?>" + std::string(kIssuer)),
      "<!-- c -->" + Request(),
      // ACS and flags
      Request(R"(AssertionConsumerServiceIndex="1" AssertionConsumerServiceURL="https://sp/acs")"),
      Request(
          R"(AssertionConsumerServiceIndex="1" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST")"),
      Request(R"(AssertionConsumerServiceIndex="65536")"),
      Request(R"(AssertionConsumerServiceIndex="-1")"),
      Request(R"(AssertionConsumerServiceIndex="")"),
      Request(R"(ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact")"),
      Request(R"(ProtocolBinding="")"),
      Request("AssertionConsumerServiceURL=\"https://sp/" + std::string(1024, 'a') + "\""),
      Request("Destination=\"https://sp/" + std::string(1024, 'a') + "\""),
      Request(R"(ForceAuthn="yes")"),
      Request(R"(IsPassive="TRUE")"),
      // what was asked for and is not offered
      Request("", std::string(kIssuer) +
                      "<saml:Subject><saml:NameID>alice</saml:NameID></saml:Subject>"),
      Request("", std::string(kIssuer) + "<samlp:RequestedAuthnContext Comparison=\"best\"/>"),
      Request("", std::string(kIssuer) +
                      "<samlp:RequestedAuthnContext><saml:AuthnContextDeclRef>urn:x"
                      "</saml:AuthnContextDeclRef></samlp:RequestedAuthnContext>"),
      Request("", std::string(kIssuer) + "<samlp:Unknown/>"),
      Request("", std::string(kIssuer) + "<samlp:NameIDPolicy/><samlp:NameIDPolicy/>"),
  };
  for (const std::string& xml : refused) {
    const auto request = ReadXml(xml);
    ASSERT_FALSE(request) << xml;
    EXPECT_EQ(request.error().code, ErrorCode::kInvalidArgument) << xml;
  }
}

// security.md I2: any DOCTYPE, whatever it is good for.
TEST(AuthnRequestTest, RefusesEveryDoctype) {
  const std::string refused[] = {
      "<!DOCTYPE a>" + Request(),
      "<!DOCTYPE samlp:AuthnRequest SYSTEM \"file:///etc/passwd\">" + Request(),
      "<!DOCTYPE samlp:AuthnRequest PUBLIC \"x\" \"http://127.0.0.1:1/x.dtd\">" + Request(),
      "<!DOCTYPE a [<!ENTITY e \"urn:x\">]>" + Request("", "<saml:Issuer>&e;</saml:Issuer>"),
      "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" +
          Request("", "<saml:Issuer>&e;</saml:Issuer>"),
      "<!DOCTYPE a [<!ENTITY % p SYSTEM \"file:///etc/passwd\"> %p;]>" + Request(),
      "<!DOCTYPE a [<!ENTITY e \"x\">]>" + Request("Destination=\"&e;\""),
      "<!DOCTYPE a [<!ATTLIST samlp:AuthnRequest ForceAuthn CDATA \"true\">]>" + Request(),
      "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c "
      "\"&b;&b;&b;&b;&b;&b;&b;&b;\">]>" +
          Request("", "<saml:Issuer>&c;&c;&c;</saml:Issuer>"),
  };
  for (const std::string& xml : refused) {
    const auto request = ReadXml(xml);
    ASSERT_FALSE(request) << xml;
    EXPECT_THAT(request.error().message, HasSubstr("DOCTYPE")) << xml;
  }
  EXPECT_FALSE(ReadXml(Request("", "<saml:Issuer>&undefined;</saml:Issuer>")));
}

TEST(AuthnRequestTest, RefusesEveryEncodingButUtf8) {
  std::string utf16 = "\xff\xfe";
  for (const char c : Request()) utf16 += {c, '\0'};
  const std::string refused[] = {
      utf16,
      "\xef\xbb\xbf" + Request(),
      R"(<?xml version="1.0" encoding="ISO-8859-1"?>)" + Request(),
      R"(<?xml version="1.0" encoding="UTF-16"?>)" + Request(),
      R"(<?xml version="1.0" encoding="UTF-7"?>)" + Request(),
      R"(<?xml version="1.0" encoding=utf-8?>)" + Request(),
      Request("", "<saml:Issuer>\xff</saml:Issuer>"),
      Request("", "<saml:Issuer>\xc0\xbc</saml:Issuer>"),
      Request("",
              "<saml:Issuer>a\x01"
              "b</saml:Issuer>"),
      Request("", std::string("<saml:Issuer>a\0b</saml:Issuer>", 30)),
      Request("", "<saml:Issuer>a&#1;b</saml:Issuer>"),
  };
  for (const std::string& xml : refused) EXPECT_FALSE(ReadXml(xml)) << xml;
}

TEST(AuthnRequestTest, HoldsItsLimitsAtTheBorder) {
  // 32 KiB of XML.
  const size_t rest = 32 * 1024 - Request().size();
  EXPECT_TRUE(ReadXml(Request() + std::string(rest, ' ')));
  EXPECT_TRUE(ReadDeflated(Request() + std::string(rest, ' ')));
  for (const auto& request : {ReadXml(Request() + std::string(rest + 1, ' ')),
                              ReadDeflated(Request() + std::string(rest + 1, ' '))}) {
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().code, ErrorCode::kResourceExhausted);
  }
  // 48 KiB of base64.
  EXPECT_EQ(ReadPostRequest(std::string(48 * 1024 + 4, 'A')).error().code,
            ErrorCode::kResourceExhausted);
  EXPECT_EQ(ReadPostRequest(std::string(48 * 1024, 'A')).error().code, ErrorCode::kInvalidArgument);
  // Depth 12, of which the root and Extensions are two.
  const auto nested = [](int depth) {
    std::string inside;
    for (int i = 2; i < depth; ++i) inside = "<x>" + inside + "</x>";
    return Request("",
                   std::string(kIssuer) + "<samlp:Extensions>" + inside + "</samlp:Extensions>");
  };
  EXPECT_TRUE(ReadXml(nested(12)));
  EXPECT_EQ(ReadXml(nested(13)).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(ReadXml(nested(2000)).error().code, ErrorCode::kResourceExhausted);
  // 32 attributes, declarations of namespaces among them.
  const auto with_attributes = [](int count) {
    std::string attributes;
    for (int i = 5; i < count; ++i) attributes += " a" + std::to_string(i) + "=\"x\"";
    return Request(attributes);
  };
  EXPECT_TRUE(ReadXml(with_attributes(32)));
  EXPECT_EQ(ReadXml(with_attributes(33)).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(ReadXml(with_attributes(2000)).error().code, ErrorCode::kResourceExhausted);
}

TEST(AuthnRequestTest, StopsADeflateBombAtItsLimit) {
  const auto request = ReadDeflated(Request() + std::string(16 * 1024 * 1024, ' '));
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, ErrorCode::kResourceExhausted);
}

TEST(AuthnRequestTest, RefusesWhatIsNotExactlyOneDeflateStream) {
  const std::string deflated = Deflate(Request());
  EXPECT_TRUE(ReadRedirectRequest(EncodeBase64(deflated)));
  EXPECT_FALSE(ReadRedirectRequest(""));
  EXPECT_FALSE(ReadRedirectRequest(EncodeBase64(deflated + "x")));
  EXPECT_FALSE(ReadRedirectRequest(EncodeBase64(deflated.substr(0, deflated.size() - 1))));
  EXPECT_FALSE(ReadRedirectRequest(EncodeBase64(Request())));
  EXPECT_FALSE(ReadRedirectRequest(EncodeBase64("\x78\x9c" + deflated)));  // zlib's header
  EXPECT_FALSE(ReadRedirectRequest("%%%"));
  EXPECT_FALSE(ReadRedirectRequest(EncodeBase64(deflated).substr(1)));
}

TEST(AuthnRequestTest, SaysWhyADeflatedPostIsRefused) {
  const auto request = ReadPostRequest(EncodeBase64(Deflate(Request())));
  ASSERT_FALSE(request);
  EXPECT_THAT(request.error().message, HasSubstr("skipRequestCompression"));
}

TEST(AuthnRequestTest, NeverRepeatsTheSendersText) {
  const char* kHostile = "INJECTED";
  const std::string refused[] = {Request("", "<saml:Issuer>\nINJECTED\nINJECTED</saml:Issuer>"),
                                 Request("ForceAuthn=\"INJECTED\""),
                                 Request("", "<INJECTED/>"),
                                 "<INJECTED/>",
                                 "INJECTED",
                                 "<!DOCTYPE INJECTED>" + Request(),
                                 Request() + "<INJECTED"};
  for (const std::string& xml : refused) {
    const auto request = ReadXml(xml);
    ASSERT_FALSE(request) << xml;
    EXPECT_THAT(request.error().message, Not(HasSubstr(kHostile)));
  }
}

TEST(AuthnRequestTest, ReadsTheRequestsOfOtherLibraries) {
  const Outcome outcome = RunProgram(
      {"/usr/bin/python3", "-B", ROLEBRIDGE_SOURCE_DIR "/tests/bridge/saml/foreign_requests.py"});
  ASSERT_EQ(outcome.status, 0) << outcome.output;
  std::istringstream lines(outcome.output);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::istringstream fields(line);
    std::string name, binding, parameter, facts_text;
    std::getline(fields, name, '\t');
    std::getline(fields, binding, '\t');
    std::getline(fields, parameter, '\t');
    std::getline(fields, facts_text);
    const auto facts = nlohmann::json::parse(facts_text);
    const auto request =
        binding == "post" ? ReadPostRequest(parameter) : ReadRedirectRequest(parameter);
    ASSERT_TRUE(request) << name << ": " << request.error().message;
    EXPECT_EQ(request->id, facts.at("id").get<std::string>()) << name;
    EXPECT_EQ(request->issuer, facts.at("issuer").get<std::string>()) << name;
    EXPECT_EQ(request->acs_url, facts.at("acs").get<std::string>()) << name;
    EXPECT_EQ(request->force_authn, facts.at("force").get<bool>()) << name;
    EXPECT_EQ(request->requested_contexts.size(), facts.at("contexts").get<size_t>()) << name;
  }
  EXPECT_EQ(count, 4);
}

}  // namespace
}  // namespace rolebridge::saml
