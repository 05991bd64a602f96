#include "bridge/issuer/request_table.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "bridge/issuer/request_server.h"
#include "bridge/protocol/issuer_client.h"
#include "bridge/saml/signing_key.h"
#include "tests/support/fakes.h"
#include "tests/support/issuer_state.h"
#include "tests/support/sample_config.h"

namespace rolebridge::issuer {
namespace {

using protocol::RequestType;

saml::Signer MakeSigner() {
  const rolebridge::testing::FakeClock clock;
  SystemRandom random;
  saml::NewKeyPair pair = *saml::MakeKeyPair("test", {}, 2048, 2, clock.now, random);
  return *saml::Signer::Create(
      *saml::SigningKey::Load(pair.certificate_pem, pair.key_pem, clock.now));
}

class RequestTableTest : public ::testing::Test {
 protected:
  static protocol::Context GoodContext() {
    return {.request_id = "0123456789abcdef", .client_address = "2001:db8::7"};
  }

  template <typename Request>
  std::string Bytes(RequestType type, Request request) {
    return std::string(EncodeMessage(static_cast<uint8_t>(type), request)->Reveal());
  }

  config::Config config_ = rolebridge::testing::SampleConfig();
  rolebridge::testing::FakeClock clock_;
  SystemRandom random_;
  rolebridge::testing::RecordingAudit audit_;
  rolebridge::testing::FakeDirectory directory_;
  const SecretString key_{std::string(32, 'k')};
  const saml::Signer signer_ = MakeSigner();
  const rolebridge::testing::TemporaryFolder folder_;
  rolebridge::testing::IssuerState issuer_{folder_.path(), clock_,         random_,
                                           audit_,         config_.limits, 100};
  const State& state_ = issuer_.state;
  Metrics& metrics_ = issuer_.metrics;
  PersonReader people_{config_, directory_, state_.sessions, clock_};
  LoginService login_{config_, LoginMeansOf(state_, audit_)};
  PortalService portal_{config_, people_, state_.sessions, audit_, metrics_, clock_};
  IssueService issue_{config_,
                      people_,
                      signer_,
                      state_.sessions,
                      state_.seen_requests,
                      audit_,
                      issuer_.guard,
                      issuer_.response_rate,
                      metrics_,
                      clock_,
                      random_,
                      key_};
  const std::vector<PublishedKey> keys_in_metadata_ = {
      {"new", saml::KeyState::kActive, "0123", clock_.now + std::chrono::hours(1)},
      {"old", saml::KeyState::kFormer, "4567", clock_.now}};
  const RequestTable table_{{config_, login_, portal_, issue_, directory_, state_,
                             keys_in_metadata_,
                             [](std::string_view) { return Result<std::string>("<md/>"); }}};
};

TEST_F(RequestTableTest, AnswersSettingsWithoutSecretsOfTheIssuer) {
  const auto reply =
      table_.Answer(Bytes(RequestType::kSettings, protocol::SettingsRequest{GoodContext()}));
  ASSERT_TRUE(reply);
  const auto settings = DecodeMessage<protocol::SettingsReply>(reply->Reveal());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->url, "https://sso.example.org");
  ASSERT_EQ(settings->applications.size(), 1U);
  EXPECT_EQ(settings->applications[0].acs_urls,
            std::vector<std::string>{"https://signin.aws.amazon.com/saml"});
  EXPECT_EQ(reply->Reveal().find("ldap.secret"), std::string_view::npos);
  EXPECT_EQ(reply->Reveal().find("saml.key"), std::string_view::npos);
}

TEST_F(RequestTableTest, EndsTheConnectionOnWhatIsNotInTheTable) {
  EXPECT_FALSE(table_.Answer(""));
  for (const int type : {0, 10, 11, 127, 128, 254, 255}) {
    std::string bytes = Bytes(RequestType::kSettings, protocol::SettingsRequest{GoodContext()});
    bytes[0] = static_cast<char>(type);
    EXPECT_FALSE(table_.Answer(bytes)) << type;
  }
}

TEST_F(RequestTableTest, EndsTheConnectionOnEveryCutAndEveryByteTooMany) {
  protocol::IssueRequest request{.context = GoodContext(), .application = "aws", .role = "all"};
  request.session = SecretString(std::string(64, '0'));
  const std::string bytes(
      EncodeMessage(static_cast<uint8_t>(RequestType::kIssue), request)->Reveal());
  ASSERT_TRUE(table_.Answer(bytes));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(table_.Answer(bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(table_.Answer(bytes + "x"));
}

TEST_F(RequestTableTest, EndsTheConnectionAboveTheSizeOfARequest) {
  EXPECT_FALSE(table_.Answer(std::string(1, '\x04') + std::string(protocol::kMaxRequest, 'x')));
  EXPECT_FALSE(
      table_.Answer(std::string(1, '\x03') + std::string(protocol::kMaxAnswerRequest, 'x')));
}

TEST_F(RequestTableTest, EndsTheConnectionOnAnUnsoundContext) {
  for (const protocol::Context& context :
       {protocol::Context{
            .version = 2, .request_id = "0123456789abcdef", .client_address = "192.0.2.7"},
        protocol::Context{.request_id = "0123456789abcdeF", .client_address = "192.0.2.7"},
        protocol::Context{.request_id = "0123", .client_address = "192.0.2.7"},
        protocol::Context{.request_id = "0123456789abcdef", .client_address = "evil.example"},
        protocol::Context{.request_id = "0123456789abcdef", .client_address = "fe80::1%eth0"},
        protocol::Context{.request_id = "0123456789abcdef", .client_address = ""}}) {
    EXPECT_FALSE(table_.Answer(Bytes(RequestType::kStatus, protocol::StatusRequest{context})));
  }
}

TEST_F(RequestTableTest, NoSessionNoAnswerAboutAnybody) {
  protocol::DescribeRequest request{.context = GoodContext()};
  request.session = SecretString(std::string(64, '0'));
  const auto reply =
      table_.Answer(EncodeMessage(static_cast<uint8_t>(RequestType::kDescribe), request)->Reveal());
  ASSERT_TRUE(reply);
  EXPECT_EQ(static_cast<uint8_t>(reply->Reveal().front()), 0xff);
  EXPECT_TRUE(directory_.asked.empty());
}

TEST_F(RequestTableTest, StatusNamesWhatIsMissingAndNobody) {
  const auto reply =
      table_.Answer(Bytes(RequestType::kStatus, protocol::StatusRequest{GoodContext()}));
  ASSERT_TRUE(reply);
  const auto status = DecodeMessage<protocol::StatusReply>(reply->Reveal());
  ASSERT_TRUE(status);
  EXPECT_FALSE(status->ready);
  EXPECT_EQ(status->why_not, "pam");
}

TEST_F(RequestTableTest, StatusNamesACertificateThatEnded) {
  clock_.Advance(std::chrono::hours(1));
  const auto reply =
      table_.Answer(Bytes(RequestType::kStatus, protocol::StatusRequest{GoodContext()}));
  ASSERT_TRUE(reply);
  const auto status = DecodeMessage<protocol::StatusReply>(reply->Reveal());
  ASSERT_TRUE(status);
  EXPECT_EQ(status->why_not, "certificate");
}

TEST_F(RequestTableTest, MetricsTellWhatHappenedAndOfNobody) {
  metrics_.CountLogin("succeeded");
  metrics_.CountResponse("aws");
  metrics_.CountResponse("aws");
  metrics_.CountRefusal("policy");
  metrics_.Observe(Metrics::Step::kSigning, std::chrono::microseconds(700));
  const auto text = [&] {
    const auto reply =
        table_.Answer(Bytes(RequestType::kMetrics, protocol::MetricsRequest{GoodContext()}));
    return DecodeMessage<protocol::MetricsReply>(reply->Reveal())->text;
  };
  config_.hash = "c0ffee";
  text();
  config_.hash = "c0ffee2";
  const std::string shown = text();
  for (const char* const line :
       {"rolebridge_logins_total{outcome=\"succeeded\"} 1\n",
        "rolebridge_responses_total{application=\"aws\"} 2\n",
        "rolebridge_refusals_total{reason=\"policy\"} 1\n",
        "rolebridge_step_seconds_bucket{step=\"signing\",le=\"0.0005\"} 0\n",
        "rolebridge_step_seconds_bucket{step=\"signing\",le=\"0.001\"} 1\n",
        "rolebridge_step_seconds_count{step=\"pam\"} 0\n", "rolebridge_sessions 0\n",
        "rolebridge_configuration_info{sha256=\"c0ffee2\"} 1\n"}) {
    EXPECT_NE(shown.find(line), std::string::npos) << line << shown;
  }
  EXPECT_EQ(shown.find("\"c0ffee\""), std::string::npos) << "the one before is gone";
}

TEST(MetricsTest, EachCertificateOfTheMetadataHasItsEndAndGoesWithItsKey) {
  Metrics metrics;
  const EndingCertificate one{"signing", "one", "active", "01",
                              SysSeconds(std::chrono::seconds(5))};
  EndingCertificate two{"signing", "two", "published", "02", SysSeconds(std::chrono::seconds(7))};
  const std::string before = metrics.Text({.certificates = {one, two}});
  for (const char* const line :
       {"rolebridge_signing_certificate_not_after_seconds 5\n",
        "rolebridge_published_certificate_not_after_seconds{key=\"one\",sha256=\"01\","
        "state=\"active\"} 5\n",
        "rolebridge_published_certificate_not_after_seconds{key=\"two\",sha256=\"02\","
        "state=\"published\"} 7\n"}) {
    EXPECT_NE(before.find(line), std::string::npos) << line << before;
  }
  two.state = "active";
  const std::string after = metrics.Text({.certificates = {two}});
  EXPECT_NE(after.find("rolebridge_signing_certificate_not_after_seconds 7\n"), std::string::npos);
  EXPECT_NE(after.find("state=\"active\"} 7\n"), std::string::npos);
  EXPECT_EQ(after.find("\"one\""), std::string::npos);
  EXPECT_EQ(after.find("\"published\""), std::string::npos);
}

// As around a reload: some still ask the old service.
TEST(MetricsTest, TwoConfigurationsMayBeShownAtOnce) {
  Metrics metrics;
  const auto ask = [&](const char* hash) {
    for (int i = 0; i < 200; ++i) {
      const std::string shown = metrics.Text({.config_hash = hash});
      EXPECT_NE(shown.find(hash), std::string::npos);
    }
  };
  std::thread other(ask, "0000");
  ask("1111");
  other.join();
}

TEST_F(RequestTableTest, ServesTheRealClientAndCutsOffAStranger) {
  char folder[] = "/tmp/rolebridge-issuer-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/issuer.sock";
  for (const bool is_peer : {true, false}) {
    const UniqueFd stop(eventfd(0, EFD_CLOEXEC));
    RequestServer server(*ListenSeqpacket(path, std::nullopt), is_peer ? geteuid() : geteuid() + 1,
                         protocol::kMaxAnswerRequest, {},
                         [&](std::string_view message, uid_t) { return table_.Answer(message); });
    std::thread serving([&] { server.ServeUntil(stop.get(), [] {}); });
    const auto client = protocol::ConnectToIssuer(path, geteuid());
    protocol::SettingsRequest request{GoodContext()};
    const auto answer = client->Settings(request);
    EXPECT_EQ(answer.has_value(), is_peer);
    const uint64_t one = 1;
    ASSERT_EQ(write(stop.get(), &one, sizeof(one)), static_cast<ssize_t>(sizeof(one)));
    serving.join();
  }
  std::filesystem::remove_all(folder);
}

TEST_F(RequestTableTest, TheClientConnectsAgainAfterARestart) {
  char folder[] = "/tmp/rolebridge-issuer-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/issuer.sock";
  const auto client = protocol::ConnectToIssuer(path, geteuid());
  protocol::SettingsRequest request{GoodContext()};
  EXPECT_FALSE(client->Settings(request));
  for (int run = 0; run < 2; ++run) {
    const UniqueFd stop(eventfd(0, EFD_CLOEXEC));
    RequestServer server(*ListenSeqpacket(path, std::nullopt), geteuid(),
                         protocol::kMaxAnswerRequest, {},
                         [&](std::string_view message, uid_t) { return table_.Answer(message); });
    std::thread serving([&] { server.ServeUntil(stop.get(), [] {}); });
    EXPECT_TRUE(client->Settings(request));
    EXPECT_TRUE(client->Settings(request));
    const uint64_t one = 1;
    ASSERT_EQ(write(stop.get(), &one, sizeof(one)), static_cast<ssize_t>(sizeof(one)));
    serving.join();
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rolebridge::issuer
