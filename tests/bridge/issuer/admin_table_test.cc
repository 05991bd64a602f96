#include "bridge/issuer/admin_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>

#include "bridge/protocol/admin.h"
#include "bridge/saml/signing_key.h"
#include "tests/support/fakes.h"
#include "tests/support/issuer_state.h"
#include "tests/support/sample_config.h"

namespace rolebridge::issuer {
namespace {

using protocol::AdminRequestType;
using rolebridge::testing::ConfigFrom;
using rolebridge::testing::kSampleYaml;

constexpr uid_t kPeer = 1234;

class AdminTableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    saml::NewKeyPair pair = *saml::MakeKeyPair("test", {}, 2048, 2, clock_.now, random_);
    Write("saml.crt", pair.certificate_pem, 0644);
    Write("saml.key", std::string(pair.key_pem.Reveal()), 0600);
    Write("ldap.secret", "secret", 0600);
    Write("rolebridge.yaml", kSampleYaml, 0600);
    current_ = std::make_unique<CurrentService>(
        *Service::Create(*Read().config, state_), [this] { return Read(); }, state_);
    table_ = std::make_unique<AdminTable>(*current_, state_);
  }

  void Write(const std::string& name, const std::string& text, mode_t mode) {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path, std::ios::trunc) << text;
    chmod(path.c_str(), mode);
  }
  config::LoadResult Read() const {
    return config::LoadConfig(folder_.path() + "/rolebridge.yaml");
  }

  template <typename Request>
  static std::string Bytes(AdminRequestType type, Request request) {
    return std::string(EncodeMessage(static_cast<uint8_t>(type), request)->Reveal());
  }
  // The reply, which must be one of this type.
  template <typename Reply, typename Request>
  Reply Ask(AdminRequestType type, Request request) {
    const auto reply = table_->Answer(Bytes(type, std::move(request)), kPeer);
    EXPECT_TRUE(reply);
    if (!reply) return {};
    EXPECT_EQ(static_cast<uint8_t>(reply->Reveal().front()), static_cast<uint8_t>(type));
    Result<Reply> decoded = DecodeMessage<Reply>(reply->Reveal());
    EXPECT_TRUE(decoded);
    return decoded ? *std::move(decoded) : Reply{};
  }
  protocol::ReloadReply Reload() {
    return Ask<protocol::ReloadReply>(AdminRequestType::kReload, protocol::ReloadRequest{});
  }

  static std::string WhatNeedsARestart(const protocol::ReloadReply& reply) {
    std::string keys;
    for (const std::string& warning : reply.warnings) {
      const size_t end = warning.find(": takes effect when rolebridge-web starts again");
      if (end != std::string::npos) keys += warning.substr(0, end) + " ";
    }
    return keys;
  }

  rolebridge::testing::FakeClock clock_;
  SystemRandom random_;
  rolebridge::testing::RecordingAudit audit_;
  const rolebridge::testing::TemporaryFolder folder_;
  rolebridge::testing::IssuerState issuer_{folder_.path(), clock_, random_, audit_};
  const State& state_ = issuer_.state;
  rolebridge::testing::OpenedStore& stored_ = issuer_.stored;
  std::unique_ptr<CurrentService> current_;
  std::unique_ptr<AdminTable> table_;
};

TEST_F(AdminTableTest, EndsTheConnectionOnWhatIsNoRequest) {
  EXPECT_FALSE(table_->Answer("", kPeer));
  const std::string good =
      Bytes(AdminRequestType::kEndSessions, protocol::EndSessionsRequest{.username = "alice"});
  ASSERT_TRUE(table_->Answer(good, kPeer));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(table_->Answer(good.substr(0, size), kPeer)) << size;
  }
  EXPECT_FALSE(table_->Answer(good + "x", kPeer));
  for (const int type : {0, 4, 127, 255}) {
    std::string other = good;
    other[0] = static_cast<char>(type);
    EXPECT_FALSE(table_->Answer(other, kPeer)) << type;
  }
  EXPECT_FALSE(table_->Answer(
      Bytes(AdminRequestType::kReload, protocol::ReloadRequest{.version = 9}), kPeer));
}

TEST_F(AdminTableTest, AReloadReplacesTheServiceAndIsOnRecordBefore) {
  const std::shared_ptr<const Service> before = current_->Get();
  Write("rolebridge.yaml", std::string(kSampleYaml) + "branding: { site_name: New }\n", 0600);
  const protocol::ReloadReply reply = Reload();
  EXPECT_TRUE(reply.is_taken);
  EXPECT_TRUE(reply.problems.empty());
  EXPECT_NE(current_->Get(), before);
  EXPECT_EQ(current_->Get()->config().branding.site_name, "New");
  EXPECT_EQ(before->config().branding.site_name, "") << "a request in progress ends with it";
  EXPECT_EQ(reply.config_hash, current_->Get()->config().hash);
  ASSERT_EQ(audit_.records.size(), 1U);
  EXPECT_EQ(audit_.records[0].name, "config_reloaded");
  EXPECT_EQ(audit_.records[0].Field("by"), "uid 1234");
  EXPECT_EQ(audit_.records[0].Field("config_before"), before->config().hash);
}

TEST_F(AdminTableTest, AReloadsRecordNamesTheKeysAndItsReplyWhatEndsSoon) {
  const std::string before = current_->Get()->published_keys().front().fingerprint;
  saml::NewKeyPair pair = *saml::MakeKeyPair("test", {}, 2048, 1, clock_.now, random_);
  Write("next.crt", pair.certificate_pem, 0644);
  Write("next.key", std::string(pair.key_pem.Reveal()), 0600);
  clock_.now += std::chrono::days(366 - 1 - 59);
  std::string yaml(kSampleYaml);
  const size_t at = yaml.find("signing:");
  yaml.replace(at, yaml.find("\n", yaml.find("saml.key")) - at,
               "signing: [{ certificate: next.crt, key: next.key }, "
               "{ certificate: saml.crt, key: saml.key }]");
  Write("rolebridge.yaml", yaml, 0600);
  const protocol::ReloadReply reply = Reload();
  ASSERT_TRUE(reply.is_taken) << (reply.problems.empty() ? "" : reply.problems.front());
  const std::vector<PublishedKey>& keys = current_->Get()->published_keys();
  ASSERT_EQ(audit_.records.size(), 1U);
  EXPECT_EQ(audit_.records[0].Field("key"), keys[0].fingerprint);
  EXPECT_NE(keys[0].fingerprint, before);
  EXPECT_EQ(audit_.records[0].Field("key_before"), before);
  EXPECT_EQ(audit_.records[0].Field("published_keys"), before);
  ASSERT_FALSE(reply.warnings.empty());
  EXPECT_EQ(reply.warnings.back(),
            "signing: the certificate of 'next' (active) ends at " + FormatUtc(keys[0].not_after));
}

TEST_F(AdminTableTest, WhatCannotBePutOnRecordIsNotTaken) {
  const std::shared_ptr<const Service> before = current_->Get();
  audit_.fails = true;
  const protocol::ReloadReply reply = Reload();
  EXPECT_FALSE(reply.is_taken);
  ASSERT_EQ(reply.problems.size(), 1U);
  EXPECT_EQ(current_->Get(), before);
}

TEST_F(AdminTableTest, MistakesAreNamedAndTheOldOneStays) {
  const std::shared_ptr<const Service> before = current_->Get();
  std::string many = kSampleYaml;
  for (int i = 0; i < 30; ++i) many += "nonsense" + std::to_string(i) + ": 1\n";
  Write("rolebridge.yaml", many, 0600);
  const protocol::ReloadReply reply = Reload();
  EXPECT_FALSE(reply.is_taken);
  EXPECT_EQ(reply.problems.size(), 20U);
  EXPECT_EQ(reply.others, 10U);
  EXPECT_NE(reply.problems[0].find("nonsense0"), std::string::npos);
  EXPECT_EQ(reply.config_hash, before->config().hash);
  EXPECT_EQ(current_->Get(), before);
  ASSERT_EQ(audit_.records.size(), 1U);
  EXPECT_EQ(audit_.records[0].name, "reload_refused");
  EXPECT_EQ(audit_.records[0].Field("problems"), "30");
}

TEST_F(AdminTableTest, ABrokenPromiseBlocksIt) {
  const std::string promise = R"yaml(
tests:
  - name: admins are admins
    user: alice
    groups: { admins: { aws_role: [Admin], aws_account: ["123412341234"] } }
    application: aws
    roles: ["arn:aws:iam::123412341234:role/ROLE"]
)yaml";
  Write("rolebridge.yaml",
        std::string(kSampleYaml) + rolebridge::testing::Replaced(promise, "ROLE", "Admin"), 0600);
  const protocol::ReloadReply kept = Reload();
  EXPECT_TRUE(kept.is_taken) << (kept.problems.empty() ? "" : kept.problems[0]);
  Write("rolebridge.yaml",
        std::string(kSampleYaml) + rolebridge::testing::Replaced(promise, "ROLE", "Other"), 0600);
  const protocol::ReloadReply broken = Reload();
  EXPECT_FALSE(broken.is_taken);
  ASSERT_EQ(broken.problems.size(), 1U);
  EXPECT_NE(broken.problems[0].find("test 'admins are admins'"), std::string::npos);
}

TEST_F(AdminTableTest, AKeyThatCannotBeReadBlocksIt) {
  Write("saml.key", "no key", 0600);
  const protocol::ReloadReply reply = Reload();
  EXPECT_FALSE(reply.is_taken);
  ASSERT_EQ(reply.problems.size(), 1U);
  EXPECT_NE(reply.problems[0].find("saml.key"), std::string::npos);
  EXPECT_EQ(reply.problems[0].find("no key\n"), std::string::npos);
}

TEST_F(AdminTableTest, NewBoundsAndLimitsHoldAtOnce) {
  const SecretString alice = *stored_.sessions->Create(
      {.username = "alice", .assurance = "password", .session_index = "_1"}, stored_.Commit());
  const LoginAttempt attempt{"bob", "192.0.2.1", ""};
  EXPECT_FALSE(issuer_.throttle->Reserve(attempt));
  Write("rolebridge.yaml",
        std::string(kSampleYaml) +
            "session: { lifetime: 15m, idle: 15m }\nlimits: { login_failures_per_name: 1 }\n",
        0600);
  const protocol::ReloadReply reply = Reload();
  EXPECT_TRUE(reply.is_taken) << (reply.problems.empty() ? "" : reply.problems[0]);
  EXPECT_EQ(WhatNeedsARestart(reply), "") << "the issuer takes all of that";
  EXPECT_TRUE(issuer_.throttle->Reserve(attempt));
  clock_.Advance(std::chrono::minutes(15));
  EXPECT_FALSE(stored_.sessions->Use(alice.Reveal()));
}

TEST_F(AdminTableTest, SaysWhatWebTakesAtItsNextStartOnly) {
  Write("rolebridge.yaml",
        rolebridge::testing::Replaced(kSampleYaml, "tls.crt", "other.crt") +
            "limits: { workers: 3, sessions: 10 }\n",
        0600);
  const protocol::ReloadReply reply = Reload();
  EXPECT_TRUE(reply.is_taken);
  EXPECT_EQ(WhatNeedsARestart(reply), "listen.tls limits.workers ");
}

TEST_F(AdminTableTest, ListsSessionsPageByPage) {
  const size_t many = protocol::kSessionsPerPage + 1;
  for (size_t i = 0; i < many; ++i) {
    std::string index = std::to_string(i);
    index.insert(0, 3 - index.size(), '0');
    ASSERT_TRUE(stored_.sessions->Create({.username = "user" + index,
                                          .assurance = "password",
                                          .client_address = "192.0.2.7",
                                          .authn_instant = clock_.Now(),
                                          .session_index = index},
                                         stored_.Commit()))
        << i;
    if (i == 0) clock_.Advance(std::chrono::seconds(90));
  }
  const auto first = Ask<protocol::ListSessionsReply>(AdminRequestType::kListSessions,
                                                      protocol::ListSessionsRequest{});
  EXPECT_TRUE(first.has_more);
  ASSERT_EQ(first.sessions.size(), protocol::kSessionsPerPage);
  EXPECT_EQ(first.sessions[0].username, "user000");
  EXPECT_EQ(first.sessions[0].client_address, "192.0.2.7");
  EXPECT_EQ(first.sessions[0].age_seconds, 90U);
  EXPECT_EQ(first.sessions[0].idle_seconds, 90U);
  const auto rest = Ask<protocol::ListSessionsReply>(
      AdminRequestType::kListSessions,
      protocol::ListSessionsRequest{.after = first.sessions.back().session_index});
  EXPECT_FALSE(rest.has_more);
  ASSERT_EQ(rest.sessions.size(), 1U);
  EXPECT_EQ(rest.sessions[0].username, "user100");
  EXPECT_TRUE(audit_.records.empty()) << "who looks changes nothing";
}

TEST_F(AdminTableTest, EndsWhomItIsToldAndPutsItOnRecord) {
  const SecretString alice = *stored_.sessions->Create(
      {.username = "alice", .assurance = "password", .session_index = "_1"}, stored_.Commit());
  const auto reply = Ask<protocol::EndSessionsReply>(
      AdminRequestType::kEndSessions, protocol::EndSessionsRequest{.username = "alice"});
  EXPECT_EQ(reply.ended, 1U);
  EXPECT_FALSE(stored_.sessions->Use(alice.Reveal()));
  ASSERT_EQ(audit_.records.size(), 1U);
  EXPECT_EQ(audit_.records[0].name, "sessions_ended");
  EXPECT_EQ(audit_.records[0].Field("by"), "uid 1234");
  EXPECT_EQ(audit_.records[0].Field("sessions"), "_1");
}

TEST_F(AdminTableTest, EndsNobodyWhereNeitherOrBothAreNamed) {
  for (const auto& request :
       {protocol::EndSessionsRequest{},
        protocol::EndSessionsRequest{.username = "alice", .session_index = "_1"}}) {
    const auto reply = table_->Answer(Bytes(AdminRequestType::kEndSessions, request), kPeer);
    ASSERT_TRUE(reply);
    EXPECT_EQ(static_cast<uint8_t>(reply->Reveal().front()), 0xff);
  }
}

}  // namespace
}  // namespace rolebridge::issuer
