#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bridge/saml/metadata_writer.h"
#include "bridge/saml/signer.h"
#include "tests/bridge/saml/examples.h"
#include "tests/bridge/saml/run_program.h"

// What three SAML libraries of other people's make of our responses and our metadata, all asked
// in one run of Python because it starts slowly.
namespace rolebridge::saml {
namespace {

using nlohmann::json;
using std::chrono::hours;

class ForeignLibrariesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const TemporaryFolder folder;
    const SysSeconds now = SystemClock().Now();
    const NewKeyPair pair = MakeExampleKeyPair(now);
    const Signer signer = std::move(Signer::Create(LoadExampleKey(pair, now)).value());
    const Signer stranger =
        std::move(Signer::Create(LoadExampleKey(MakeExampleKeyPair(now), now)).value());
    const auto sign = [](const Signer& by, const Response& response) {
      return by.Sign(response, true).value();
    };

    good_ = ExampleResponse(now);
    good_.assertion.attributes.push_back(
        {.name = "urn:example:values",
         .name_format = {},
         .values = {"AT&T;x", "a&lt;b", "</v><v>x", "]]>", "Müller, \"Ann\" 'x'", "漢字 😀",
                    "two  spaces", "&#x41;", "<!-- c -->",
                    "\xe2\x80\xae"
                    "rtl"}});
    const std::string good = sign(signer, good_);
    std::map<std::string, std::string> responses = {{"good", good}, {"byte", good}};
    std::string& byte = responses["byte"];
    byte.replace(byte.find("role/Admin"), 10, "role/Bdmin");
    responses["other key"] = sign(stranger, good_);
    responses["expired"] = sign(signer, ExampleResponse(now - hours(1)));
    responses["early"] = sign(signer, ExampleResponse(now + hours(1)));
    Response foreign = good_;
    foreign.assertion.audience = "urn:somebody:else";
    responses["audience"] = sign(signer, foreign);

    const std::string metadata =
        WriteMetadata({.entity_id = good_.assertion.entity_id,
                       .certificates_base64 = {signer.key().certificate_base64()},
                       .sso_url = "https://sso.example.org/saml/aws/sso",
                       .name_id_formats = {kNameIdPersistent},
                       .organization_name = "Example",
                       .organization_url = "https://sso.example.org"})
            .value();
    std::vector<std::string> arguments = {"/usr/bin/python3",
                                          "-B",
                                          ROLEBRIDGE_SOURCE_DIR
                                          "/tests/bridge/saml/foreign_check.py",
                                          folder.Write("metadata.xml", metadata),
                                          good_.destination,
                                          good_.assertion.audience};
    for (const auto& [name, xml] : responses) arguments.push_back(folder.Write(name, xml));
    const Outcome outcome = RunProgram(arguments);
    ASSERT_EQ(outcome.status, 0) << outcome.output;
    outcomes_ = new json(json::parse(outcome.output.substr(outcome.output.find("{\""))));
  }
  static void TearDownTestSuite() { delete outcomes_; }

  static json OutcomeOf(const std::string& file, const std::string& library) {
    EXPECT_TRUE(outcomes_->contains(file)) << file;
    return outcomes_->value(file, json::object()).value(library, json::object());
  }

  static inline Response good_;
  static inline json* outcomes_ = nullptr;
};

TEST_F(ForeignLibrariesTest, AcceptOurResponse) {
  for (const char* library : {"onelogin", "pysaml2", "lasso_library"}) {
    const json outcome = OutcomeOf("good", library);
    EXPECT_TRUE(outcome.value("ok", false)) << library << ": " << outcome;
    EXPECT_EQ(outcome.value("name_id", ""), good_.assertion.name_id.value) << library;
  }
  EXPECT_EQ(OutcomeOf("good", "onelogin").value("session_index", ""),
            good_.assertion.session_index);
}

TEST_F(ForeignLibrariesTest, ReadEveryValueUnchanged) {
  for (const Attribute& attribute : good_.assertion.attributes) {
    EXPECT_EQ(OutcomeOf("good", "lxml")["attributes"][attribute.name], json(attribute.values));
    EXPECT_EQ(OutcomeOf("good", "onelogin")["attributes"][attribute.name], json(attribute.values));
  }
}

// Negative controls: the same checks, one thing wrong.
TEST_F(ForeignLibrariesTest, RefuseAChangedByteAndAnotherKey) {
  for (const char* file : {"byte", "other key"}) {
    for (const char* library : {"onelogin", "pysaml2", "lasso_library"}) {
      EXPECT_FALSE(OutcomeOf(file, library).value("ok", true)) << file << " " << library;
    }
  }
}

TEST_F(ForeignLibrariesTest, RefuseOtherTimesAndAForeignAudience) {
  // lasso leaves times and audience to who calls it.
  for (const char* file : {"expired", "early", "audience"}) {
    for (const char* library : {"onelogin", "pysaml2"}) {
      EXPECT_FALSE(OutcomeOf(file, library).value("ok", true)) << file << " " << library;
    }
  }
}

}  // namespace
}  // namespace rolebridge::saml
