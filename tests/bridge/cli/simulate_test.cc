#include "bridge/cli/simulate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bridge/base/base64.h"
#include "bridge/saml/response_writer.h"
#include "bridge/saml/signer.h"
#include "tests/bridge/saml/examples.h"
#include "tests/support/fakes.h"
#include "tests/support/sample_config.h"

namespace rolebridge::cli {
namespace {

using rolebridge::testing::Replaced;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr char kRoleName[] = "https://aws.amazon.com/SAML/Attributes/Role";

struct Said {
  int status = 0;
  std::string out, err;

  // The lines that begin with `rule` and that level: how the simulation says where it hurts.
  std::vector<std::string> Lines(const std::string& rule, const std::string& level) const {
    std::vector<std::string> found;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      const std::string padded = rule + std::string(rule.size() < 8 ? 8 - rule.size() : 1, ' ');
      if (line.starts_with(padded + level)) found.push_back(line);
    }
    return found;
  }
  size_t Wrongs() const {
    size_t wrongs = 0;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      if (line.find(" wrong  ") < 30) ++wrongs;
    }
    return wrongs;
  }
};

class SimulateTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const rolebridge::testing::FakeClock clock;
    pair_ = new saml::NewKeyPair(saml::MakeExampleKeyPair(clock.now));
    signer_ = new saml::Signer(*saml::Signer::Create(saml::LoadExampleKey(*pair_, clock.now)));
  }
  static void TearDownTestSuite() {
    delete signer_;
    delete pair_;
  }

  void SetUp() override {
    char folder[] = "/tmp/rolebridge-simulate-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    Write("saml.crt", pair_->certificate_pem);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    EXPECT_EQ(chmod(path.c_str(), 0644), 0);
    return path;
  }

  saml::Response Example() const { return saml::ExampleResponse(clock_.now); }
  static std::string Signed(const saml::Response& response) {
    return *signer_->Sign(response, true);
  }

  Said Run(const std::string& text, SimulateOptions options = {}) const {
    std::istringstream in(text);
    std::ostringstream out, err;
    Said said;
    said.status = Simulate(options, clock_, in, out, err);
    said.out = out.str();
    said.err = err.str();
    return said;
  }
  Said RunTrusting(const std::string& text, SimulateOptions options = {}) const {
    options.certificate = folder_ + "/saml.crt";
    return Run(text, options);
  }

  // Expects that `text` is refused by that rule alone, with those words.
  void ExpectWrong(const std::string& text, const std::string& rule, const std::string& words) {
    SCOPED_TRACE(rule + " " + words);
    const Said said = RunTrusting(text);
    EXPECT_EQ(said.status, 1) << said.out << said.err;
    const auto lines = said.Lines(rule, "wrong");
    ASSERT_EQ(lines.size(), 1U) << said.out;
    EXPECT_NE(lines[0].find(words), std::string::npos) << lines[0];
    EXPECT_EQ(said.Wrongs(), 1U) << said.out;
    EXPECT_NE(said.out.find("\nrefused\n"), std::string::npos) << said.out;
  }

  rolebridge::testing::FakeClock clock_;
  std::string folder_;
  static saml::NewKeyPair* pair_;
  static saml::Signer* signer_;
};

saml::NewKeyPair* SimulateTest::pair_ = nullptr;
saml::Signer* SimulateTest::signer_ = nullptr;

TEST_F(SimulateTest, AcceptsAResponseOfOursAndSaysWhatAwsMakesOfIt) {
  saml::Response response = Example();
  response.assertion.attributes.push_back(
      {.name = "https://aws.amazon.com/SAML/Attributes/PrincipalTag:team", .values = {"blue"}});
  response.assertion.attributes.push_back(
      {.name = "https://aws.amazon.com/SAML/Attributes/SourceIdentity", .values = {"alice"}});
  const Said said = RunTrusting(Signed(response));
  EXPECT_EQ(said.status, 0) << said.out << said.err;
  EXPECT_EQ(said.out,
            "accepted\n"
            "role              arn:aws:iam::123412341234:role/Admin\n"
            "  by provider     arn:aws:iam::123412341234:saml-provider/rb\n"
            "role              arn:aws:iam::123412341234:role/Read\n"
            "  by provider     arn:aws:iam::123412341234:saml-provider/rb\n"
            "session name      alice\n"
            "duration          3600 s, AWS's default: no SessionDuration is sent\n"
            "tag               team=blue\n"
            "source identity   alice\n"
            "SAML:aud          https://signin.aws.amazon.com/saml\n"
            "SAML:iss          https://sso.example.org/saml/aws\n"
            "SAML:sub          3f7b2c\n"
            "hand it in before 2027-01-31T10:05:00Z\n"
            "session ends      2027-01-31T11:00:00Z where somebody signs in at "
            "2027-01-31T10:00:00Z\n");
}

TEST_F(SimulateTest, TakesEveryFormInWhichAResponseIsCaptured) {
  const std::string xml = Signed(Example());
  const std::string base64 = EncodeBase64(xml);
  std::string broken_lines;
  for (size_t i = 0; i < base64.size(); i += 76) broken_lines += base64.substr(i, 76) + "\r\n";
  std::string percent;
  for (const char c : base64) {
    percent += c == '+' ? "%2B" : c == '/' ? "%2f" : c == '=' ? "%3D" : std::string(1, c);
  }
  for (const std::string& text :
       {xml, "\n  " + xml + "\n", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + xml, base64,
        broken_lines, percent, "SAMLResponse=" + percent + "&RelayState=",
        "RelayState=&SAMLResponse=" + percent, "SAMLResponse=" + base64 + "\n"}) {
    EXPECT_EQ(RunTrusting(text).status, 0) << text.substr(0, 60);
  }
}

TEST_F(SimulateTest, ReadsAFile) {
  const std::string path = Write("response.b64", EncodeBase64(Signed(Example())) + "\n");
  EXPECT_EQ(Run("", {.file = path}).status, 0);
  const Said said = Run("", {.file = folder_ + "/nothing"});
  EXPECT_EQ(said.status, 2);
  EXPECT_EQ(said.err, "rolebridge: simulate: '" + folder_ + "/nothing': it can't be opened\n");
}

TEST_F(SimulateTest, SaysThatTheCertificateInsideProvesNothing) {
  const Said said = Run(Signed(Example()));
  EXPECT_EQ(said.status, 0) << said.out;
  const auto notes = said.Lines("R13", "note");
  ASSERT_EQ(notes.size(), 1U) << said.out;
  EXPECT_NE(notes[0].find("proves nothing about who signed"), std::string::npos);
}

TEST_F(SimulateTest, NamesTheRuleThatAResponseBreaks) {
  struct Row {
    std::string rule, words;
    std::function<void(saml::Response&)> spoil;
  };
  const auto attribute = [](saml::Response& response, size_t i) -> saml::Attribute& {
    return response.assertion.attributes[i];
  };
  const Row rows[] = {
      {"R5", "is not a sign-in endpoint of AWS",
       [](auto& r) { r.destination = r.assertion.recipient = "https://signin.aws.amazon.com/x"; }},
      {"R7", "Audience 'urn:other' is not AWS's",
       [](auto& r) { r.assertion.audience = "urn:other"; }},
      {"R8", "NameID ''", [](auto& r) { r.assertion.name_id.value = ""; }},
      {"R9", "is not supported for signing in",
       [](auto& r) { r.assertion.name_id.format = "urn:x"; }},
      {"R20", "has white space around it",
       [&](auto& r) {
         r.assertion.attributes.push_back({.name = "urn:other:mail", .values = {"a "}});
       }},
      {"2.1 Role", "there is no role",
       [&](auto& r) { r.assertion.attributes.erase(r.assertion.attributes.begin()); }},
      {"2.1 Role", "AWSReservedSSO_",
       [&](auto& r) {
         attribute(r, 0).values = {
             "arn:aws:iam::123412341234:role/AWSReservedSSO_x,"
             "arn:aws:iam::123412341234:saml-provider/rb"};
       }},
      {"2.1 Role", "account",
       [&](auto& r) {
         attribute(r, 0).values = {
             "arn:aws:iam::123412341234:role/Admin,"
             "arn:aws:iam::210987654321:saml-provider/rb"};
       }},
      {"2.1 RoleSessionName", "there is no session name",
       [](auto& r) { r.assertion.attributes.pop_back(); }},
      {"2.1 RoleSessionName", "'a b'", [&](auto& r) { attribute(r, 1).values = {"a b"}; }},
      {"2.1 SessionDuration", "'60'",
       [](auto& r) {
         r.assertion.attributes.push_back(
             {.name = "https://aws.amazon.com/SAML/Attributes/SessionDuration", .values = {"60"}});
       }},
      {"2.1 TransitiveTagKeys", "'team' is not sent as a tag",
       [](auto& r) {
         r.assertion.attributes.push_back(
             {.name = "https://aws.amazon.com/SAML/Attributes/TransitiveTagKeys",
              .values = {"team"}});
       }},
      {"3.1", "is not in partition 'aws'",
       [&](auto& r) {
         attribute(r, 0).values.push_back(
             "arn:aws-cn:iam::123412341234:role/Admin,"
             "arn:aws-cn:iam::123412341234:saml-provider/rb");
       }},
  };
  for (const Row& row : rows) {
    saml::Response response = Example();
    row.spoil(response);
    ExpectWrong(Signed(response), row.rule, row.words);
  }
}

// What the writer of ours can't even write, so that the signature breaks too; the rule must still
// be named.
TEST_F(SimulateTest, NamesTheRuleThatADocumentBreaks) {
  const std::string xml = Signed(Example());
  const std::string confirmation =
      xml.substr(xml.find("<saml2:SubjectConfirmation "),
                 xml.find("</saml2:Subject>") - xml.find("<saml2:SubjectConfirmation "));
  const std::string recipient = " Recipient=\"https://signin.aws.amazon.com/saml\"";
  struct Row {
    std::string rule, words, text;
  };
  const Row rows[] = {
      {"R3", "differ", Replaced(xml, "sso.example.org", "evil.example.org")},
      {"R4", "there are 2 SubjectConfirmations",
       Replaced(xml, confirmation, confirmation + confirmation)},
      {"R4", "there are 0 SubjectConfirmations", Replaced(xml, confirmation, "")},
      {"R4", "needs both Recipient and NotOnOrAfter", Replaced(xml, recipient, "")},
      {"R4", "forbids",
       Replaced(xml, recipient, recipient + " NotBefore=\"2027-01-01T00:00:00Z\"")},
      {"R4", "must be 'urn:oasis:names:tc:SAML:2.0:cm:bearer'",
       Replaced(xml, "cm:bearer", "cm:sender-vouches")},
      {"R13", "it does not verify", Replaced(xml, "alice", "mallory")},
      {"R13", "it does not verify", Replaced(xml, ">3f7b2c<", ">root<")},
      {"R14", "it is not known that AWS takes it",
       Replaced(xml, "2001/04/xmldsig-more#rsa-sha256", "2001/04/xmldsig-more#ecdsa-sha256")},
      {"R18", "there is no AuthnStatement",
       Replaced(
           xml,
           xml.substr(xml.find("<saml2:AuthnStatement"),
                      xml.find("<saml2:AttributeStatement") - xml.find("<saml2:AuthnStatement")),
           "")},
      {"R21", "'urn:oasis:names:tc:SAML:2.0:status:Responder'",
       Replaced(xml, "status:Success", "status:Responder")},
      {"1.3", "is not an xs:dateTime", Replaced(xml, "AuthnInstant=\"2027", "AuthnInstant=\"20x7")},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.words);
    const Said said = RunTrusting(row.text);
    EXPECT_EQ(said.status, 1) << said.out;
    const auto lines = said.Lines(row.rule, "wrong");
    ASSERT_EQ(lines.size(), 1U) << said.out;
    EXPECT_NE(lines[0].find(row.words), std::string::npos) << said.out;
  }
}

TEST_F(SimulateTest, RefusesWhatIsNotSignedAsAwsWantsIt) {
  const Result<saml::WrittenResponse> written = saml::WriteResponse(Example());
  ASSERT_TRUE(written);
  ExpectWrong(*saml::SerialiseRoot(*written->doc), "R13", "nothing is signed");
  // Somebody else's key.
  const auto other = saml::MakeExampleKeyPair(clock_.now);
  const auto signer = saml::Signer::Create(saml::LoadExampleKey(other, clock_.now));
  ASSERT_TRUE(signer);
  const std::string xml = *signer->Sign(Example(), true);
  ExpectWrong(xml, "R13", "another key signed");
  EXPECT_EQ(Run(xml).status, 0);
}

TEST_F(SimulateTest, TakesEitherOfTwoCertificates) {
  const auto other = saml::MakeExampleKeyPair(clock_.now);
  const std::string both = Write("both.crt", other.certificate_pem + pair_->certificate_pem);
  EXPECT_EQ(Run(Signed(Example()), {.certificate = both}).status, 0);
}

// A signed assertion beside one that says something else: no reader may take the second.
TEST_F(SimulateTest, RefusesASecondAssertion) {
  const std::string xml = Signed(Example());
  const size_t begin = xml.find("<saml2:Assertion");
  const std::string end_tag = "</saml2:Assertion>";
  const std::string assertion = xml.substr(begin, xml.find(end_tag) + end_tag.size() - begin);
  std::string forged = Replaced(assertion, "alice", "mallory");
  forged = Replaced(forged, " ID=\"_", " ID=\"_0");
  // One has the signed one inside, one beside.
  const std::string wrapped =
      Replaced(forged, "</saml2:Assertion>", assertion + "</saml2:Assertion>");
  for (const std::string& text :
       {Replaced(xml, assertion, forged + assertion), Replaced(xml, assertion, assertion + forged),
        Replaced(xml, assertion, wrapped)}) {
    const Said said = RunTrusting(text);
    EXPECT_EQ(said.status, 1);
    EXPECT_NE(said.out.find("there are 2 assertions"), std::string::npos) << said.out;
    EXPECT_EQ(said.out.find("accepted"), std::string::npos);
  }
  const Said said = RunTrusting(Replaced(xml, assertion, assertion + assertion));
  EXPECT_NE(said.out.find("is there twice, so that a signature"), std::string::npos) << said.out;
}

TEST_F(SimulateTest, JudgesTheTimeByTheClockOrAsTold) {
  const std::string xml = Signed(Example());
  clock_.now += minutes(5);
  const Said late = RunTrusting(xml);
  EXPECT_EQ(late.status, 1);
  ASSERT_EQ(late.Lines("R10", "wrong").size(), 1U) << late.out;
  EXPECT_EQ(late.Lines("R10", "wrong")[0],
            "R10     wrong  it was valid until 2027-01-31T10:05:00Z, and is judged at "
            "2027-01-31T10:05:00Z; get a fresh one, or give --now to judge it as of then");
  EXPECT_EQ(late.Lines("R11", "wrong").size(), 1U) << late.out;
  EXPECT_EQ(RunTrusting(xml, {.now = "2027-01-31T10:04:59Z"}).status, 0);
  EXPECT_EQ(RunTrusting(xml, {.now = "2027-01-31T09:58:59Z"}).status, 1);
  const Said said = RunTrusting(xml, {.now = "yesterday"});
  EXPECT_EQ(said.status, 2);
  EXPECT_EQ(said.err,
            "rolebridge: simulate: --now: 'yesterday' is not like 2026-01-31T10:05:00Z\n");
}

TEST_F(SimulateTest, ComparesTheRecipientWithWhereItIsPosted) {
  const std::string xml = Signed(Example());
  const std::string regional = "https://eu-west-1.signin.aws.amazon.com/saml";
  const Said said = RunTrusting(xml, {.acs_url = regional});
  EXPECT_EQ(said.status, 1);
  EXPECT_EQ(said.Lines("R5", "wrong").size(), 1U) << said.out;
  EXPECT_EQ(RunTrusting(xml, {.acs_url = "https://signin.aws.amazon.com/saml"}).status, 0);
  saml::Response local = Example();
  local.destination = local.assertion.recipient = "http://localhost:7890/redshift/";
  const Said note = RunTrusting(Signed(local));
  EXPECT_EQ(note.status, 0) << note.out;
  EXPECT_EQ(note.Lines("R6", "note").size(), 1U) << note.out;
}

TEST_F(SimulateTest, CountsTheCharactersOfBase64) {
  saml::Response response = Example();
  for (int i = 0; i < 650; ++i) {
    response.assertion.attributes[0].values.push_back(
        "arn:aws:iam::123412341234:role/A-role-with-a-name-" + std::to_string(i) +
        ",arn:aws:iam::123412341234:saml-provider/rb");
  }
  ExpectWrong(Signed(response), "R16", "AWS takes no more than 100,000");
}

TEST_F(SimulateTest, TakesForOthersWhatAwsTakes) {
  saml::Response response = Example();
  response.id = "id-4711";
  response.assertion.id = "pfx-4711";
  response.assertion.not_on_or_after = clock_.now + std::chrono::hours(1);
  response.assertion.attributes[0].values = {
      "arn:aws:iam::123412341234:saml-provider/rb,arn:aws:iam::123412341234:role/Admin"};
  const Said said = RunTrusting(Signed(response));
  EXPECT_EQ(said.status, 0) << said.out;
  EXPECT_EQ(said.Lines("1.3", "note").size(), 1U) << said.out;
  EXPECT_EQ(said.Lines("R11", "note").size(), 1U) << said.out;
  EXPECT_EQ(said.Lines("2.2", "note").size(), 1U) << said.out;
  EXPECT_NE(said.out.find("hand it in before 2027-01-31T10:05:00Z"), std::string::npos);
}

TEST_F(SimulateTest, RefusesToReadWhatIsNoPlainResponse) {
  const std::string xml = Signed(Example());
  std::string deep = xml;
  for (int i = 0; i < 40; ++i) deep = "<a>" + deep + "</a>";
  const std::pair<std::string, std::string> rows[] = {
      {"", "it is neither XML nor base64, nor a form with SAMLResponse in it"},
      {"not base64!", "it is neither XML nor base64, nor a form with SAMLResponse in it"},
      {EncodeBase64("\x78\x9c deflated"),
       "it is base64, but not of XML; by POST it must be base64 of the plain response, not of a "
       "deflated one (R1)"},
      {"<a", "it is not well-formed XML"},
      {"<a/>", "its root is not Response of SAML 2.0"},
      {"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" + xml, "it has a DOCTYPE"},
      {"<!DOCTYPE a [<!ENTITY x \"aaaa\"><!ENTITY y \"&x;&x;\">]><a>&y;</a>", "it has a DOCTYPE"},
      {Replaced(xml, "alice", "ali<!-- -->ce"), "it has a comment"},
      {Replaced(xml, "alice", "<![CDATA[alice]]>"), "it has CDATA"},
      {Replaced(xml, "alice", "<?x y?>"), "it has a processing instruction"},
      {Replaced(xml, "alice", "\x01"), "it may not stand in XML: "},
      {Replaced(xml, "<saml2:Subject>", "<saml2:Subject>" + std::string(40 * 3, '\0')),
       "it may not stand in XML: "},
      {std::string(1024 * 1024 + 1, 'A'), "standard input: it is larger than 1 MiB"},
  };
  for (const auto& [text, expected] : rows) {
    const Said said = RunTrusting(text);
    EXPECT_EQ(said.status, 2) << said.out;
    EXPECT_EQ(said.out, "");
    EXPECT_TRUE(said.err.starts_with("rolebridge: simulate: " + expected)) << said.err;
  }
  std::string nested;
  for (int i = 0; i < 40; ++i) nested = "<a>" + nested + "</a>";
  EXPECT_EQ(RunTrusting(Replaced(xml, "alice", nested)).err,
            "rolebridge: simulate: its elements are nested deeper than 32\n");
}

TEST_F(SimulateTest, PrintsNothingThatATerminalObeys) {
  saml::Response response = Example();
  // CSI as a character of its own, which terminals obey too, and letters from right to left.
  response.assertion.attributes[1].values = {
      "a\xC2\x9B"
      "31m\xE2\x80\xAE"};
  response.assertion.attributes.push_back({.name = "urn:\xC2\x9B"
                                                   "2J",
                                           .values = {" \xC2\x9B"
                                                      "2J"}});
  for (const bool as_json : {false, true}) {
    const Said said = RunTrusting(Signed(response), {.as_json = as_json});
    EXPECT_EQ(said.status, 1);
    for (const char c : said.out) {
      EXPECT_TRUE(c == '\n' || (c >= ' ' && c < 0x7F)) << said.out;
    }
  }
}

TEST_F(SimulateTest, ShowsWhatChangesTheDirectionOfText) {
  saml::Response response = Example();
  response.assertion.name_id.value = "zo\xC3\xAB\xE2\x80\xAE";
  const Said said = RunTrusting(Signed(response));
  EXPECT_EQ(said.status, 0) << said.out;
  EXPECT_NE(said.out.find("SAML:sub          zo\xC3\xAB[U+202E]\n"), std::string::npos) << said.out;
}

TEST_F(SimulateTest, SaysTheSameAsJson) {
  const Said said = RunTrusting(Signed(Example()), {.as_json = true});
  const auto json = nlohmann::json::parse(said.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << said.out;
  EXPECT_EQ(json["accepted"], true);
  EXPECT_EQ(json["session"]["session_name"], "alice");
  EXPECT_EQ(json["session"]["roles"][1]["role"], "arn:aws:iam::123412341234:role/Read");
  EXPECT_EQ(json["session"]["redeem_before"], "2027-01-31T10:05:00Z");

  saml::Response response = Example();
  response.assertion.attributes.erase(response.assertion.attributes.begin());
  const auto refused =
      nlohmann::json::parse(RunTrusting(Signed(response), {.as_json = true}).out, nullptr, false);
  EXPECT_EQ(refused["accepted"], false);
  EXPECT_EQ(refused["findings"][0]["rule"], "2.1 Role");
  EXPECT_EQ(refused["findings"][0]["attribute"], kRoleName);
  EXPECT_FALSE(refused.contains("session"));
}

TEST_F(SimulateTest, RefusesACertificateFileWithoutCertificates) {
  const std::string path = Write("empty.crt", "nothing\n");
  const Said said = Run(Signed(Example()), {.certificate = path});
  EXPECT_EQ(said.status, 2);
  EXPECT_EQ(said.err,
            "rolebridge: simulate: --certificate: '" + path + "': there is no certificate in it\n");
}

}  // namespace
}  // namespace rolebridge::cli
