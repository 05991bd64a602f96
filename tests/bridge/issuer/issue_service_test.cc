#include "bridge/issuer/issue_service.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bridge/base/base64.h"
#include "bridge/issuer/person_reader.h"
#include "bridge/issuer/portal_service.h"
#include "bridge/saml/signing_key.h"
#include "tests/support/fakes.h"
#include "tests/support/opened_store.h"
#include "tests/support/sample_config.h"

namespace rolebridge::issuer {
namespace {

using protocol::Reason;
using protocol::Refusal;
using rolebridge::testing::ConfigFrom;
using rolebridge::testing::FakeClock;
using rolebridge::testing::FakeDirectory;
using rolebridge::testing::kSampleYaml;
using rolebridge::testing::RecordingAudit;
using rolebridge::testing::Replaced;

constexpr char kAdmin[] = "arn:aws:iam::123412341234:role/Admin";
constexpr char kReadOnly[] = "arn:aws:iam::123412341234:role/ReadOnly";

ldap::Lookup AliceOps() {
  ldap::Lookup lookup;
  lookup.person = {.dn = "uid=alice,ou=people,dc=example,dc=org",
                   .unique_id = "uuid-alice",
                   .uid_number = 20001,
                   .attributes = {{"full_name", {"Alice Ops"}}}};
  lookup.groups = {{"ops",
                    "cn=ops,ou=groups,dc=example,dc=org",
                    {{"aws_account", {"123412341234"}}, {"aws_role", {"Admin", "ReadOnly"}}}}};
  return lookup;
}

// RSA keys are slow to make; one serves all tests of this file.
const saml::Signer& TestSigner() {
  static const saml::Signer signer = [] {
    const FakeClock clock;
    SystemRandom random;
    saml::NewKeyPair pair = *saml::MakeKeyPair("test", {}, 2048, 2, clock.now, random);
    return *saml::Signer::Create(
        *saml::SigningKey::Load(pair.certificate_pem, pair.key_pem, clock.now));
  }();
  return signer;
}

class IssueServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Use(ConfigFrom(kSampleYaml));
    directory_.answer = AliceOps();
  }

  void Use(config::Config config) {
    config_ = std::move(config);
    guard_ = std::make_unique<ClockGuard>(clock_);
    issue_ = std::make_unique<IssueService>(config_, people_, TestSigner(), sessions_,
                                            *stored_.seen_requests, audit_, *guard_, rate_,
                                            metrics_, clock_, random_, key_);
    portal_ =
        std::make_unique<PortalService>(config_, people_, sessions_, audit_, metrics_, clock_);
  }

  SecretString LogIn(std::optional<uint32_t> uid = 20001) {
    return *sessions_.Create({.username = "alice",
                              .uid = uid,
                              .assurance = "password",
                              .authn_instant = clock_.Now(),
                              .session_index = "_session"},
                             stored_.Commit());
  }

  protocol::IssueRequest Request(const SecretString& session, const std::string& role) {
    protocol::IssueRequest request{
        .context = {.request_id = "0123456789abcdef", .client_address = "192.0.2.7"},
        .application = "aws",
        .role = role};
    request.session = SecretString(session.Reveal());
    return request;
  }

  Reason RefusedFor(protocol::IssueRequest request) {
    const IssueService::Reply reply = issue_->Issue(request);
    const Refusal* const refusal = std::get_if<Refusal>(&reply);
    EXPECT_NE(refusal, nullptr) << "a response was issued";
    return refusal == nullptr ? Reason::kLast : refusal->reason;
  }
  Reason RefusedFor(const SecretString& session, const std::string& role) {
    return RefusedFor(Request(session, role));
  }

  std::string Issued(protocol::IssueRequest request) {
    const IssueService::Reply reply = issue_->Issue(request);
    if (const Refusal* const refusal = std::get_if<Refusal>(&reply)) {
      ADD_FAILURE() << "refused: " << static_cast<int>(refusal->reason) << " " << refusal->detail;
      return {};
    }
    return *DecodeBase64(std::get<protocol::IssueReply>(reply).saml_response.Reveal());
  }

  FakeClock clock_;
  SystemRandom random_;
  RecordingAudit audit_;
  FakeDirectory directory_;
  config::Config config_;
  const SecretString key_{std::string(32, 'k')};
  const rolebridge::testing::TemporaryFolder folder_;
  rolebridge::testing::OpenedStore stored_{folder_.path(), clock_, random_};
  store::SessionStore& sessions_ = *stored_.sessions;
  PersonReader people_{config_, directory_, sessions_, clock_};
  Metrics metrics_;
  ResponseRate rate_{clock_};
  std::unique_ptr<ClockGuard> guard_;
  std::unique_ptr<IssueService> issue_;
  std::unique_ptr<PortalService> portal_;
};

TEST_F(IssueServiceTest, IssuesExactlyThePairThatWasChosen) {
  const SecretString session = LogIn();
  const std::string document = Issued(Request(session, kAdmin));
  EXPECT_NE(
      document.find(std::string(kAdmin) + ",arn:aws:iam::123412341234:saml-provider/rolebridge"),
      std::string::npos);
  EXPECT_EQ(document.find(kReadOnly), std::string::npos);
  EXPECT_NE(document.find("Recipient=\"https://signin.aws.amazon.com/saml\""), std::string::npos);
  EXPECT_NE(document.find(">alice</"), std::string::npos);
  EXPECT_EQ(document.find("InResponseTo"), std::string::npos);
}

TEST_F(IssueServiceTest, AllIsAnExplicitChoice) {
  const SecretString session = LogIn();
  const std::string document = Issued(Request(session, "all"));
  EXPECT_NE(document.find(kAdmin), std::string::npos);
  EXPECT_NE(document.find(kReadOnly), std::string::npos);
  EXPECT_EQ(RefusedFor(session, ""), Reason::kRoleNotYours);
}

TEST_F(IssueServiceTest, PutsOnRecordWhatItIssuesAndNoResponse) {
  const SecretString session = LogIn();
  const std::string document = Issued(Request(session, kAdmin));
  ASSERT_EQ(audit_.records.size(), 1U);
  const RecordingAudit::Record& record = audit_.records[0];
  EXPECT_EQ(record.name, "response_issued");
  EXPECT_EQ(record.Field("user"), "alice");
  EXPECT_EQ(record.Field("groups"), "ops");
  EXPECT_NE(record.Field("roles").find(kAdmin), std::string::npos);
  EXPECT_EQ(record.Field("role_session_name"), "alice");
  EXPECT_NE(document.find("ID=\"" + record.Field("assertion_id") + "\""), std::string::npos);
  for (const auto& [name, value] : record.fields) {
    EXPECT_EQ(value.find("<saml"), std::string::npos);
    EXPECT_EQ(value.find(session.Reveal()), std::string::npos);
  }
}

TEST_F(IssueServiceTest, NoRecordNoResponse) {
  const SecretString session = LogIn();
  audit_.fails = true;
  EXPECT_EQ(RefusedFor(session, kAdmin), Reason::kUnavailable);
  audit_.fails = false;
  Issued(Request(session, kAdmin));
}

TEST_F(IssueServiceTest, ARequestThatCouldNotBePutOnRecordMayBeAskedAgain) {
  const SecretString session = LogIn();
  const auto ask = [&] {
    protocol::IssueRequest request = Request(session, kAdmin);
    request.request = {.present = true, .id = "_abc", .issuer = "urn:amazon:webservices"};
    return request;
  };
  audit_.fails = true;
  protocol::IssueRequest refused = ask();
  EXPECT_EQ(std::get<Refusal>(issue_->Issue(refused)).reason, Reason::kUnavailable);
  audit_.fails = false;
  EXPECT_FALSE(Issued(ask()).empty());
}

TEST_F(IssueServiceTest, RefusesARoleThatIsNotTheirs) {
  const SecretString session = LogIn();
  for (const char* role : {"arn:aws:iam::123412341234:role/Root",
                           "arn:aws:iam::999999999999:role/Admin", "Admin", "ALL", "*"}) {
    EXPECT_EQ(RefusedFor(session, role), Reason::kRoleNotYours) << role;
  }
  EXPECT_EQ(audit_.records.back().Field("reason"), "role_not_yours");
  EXPECT_EQ(audit_.records.back().Field("groups"), "ops");
}

TEST_F(IssueServiceTest, ReadsTheDirectoryAtEveryIssue) {
  const SecretString session = LogIn();
  Issued(Request(session, kAdmin));
  directory_.answer->groups.clear();
  EXPECT_EQ(RefusedFor(session, kAdmin), Reason::kNotEntitled);
  EXPECT_EQ(directory_.asked.size(), 2U);
}

TEST_F(IssueServiceTest, NeedsASession) {
  EXPECT_EQ(RefusedFor(SecretString(""), kAdmin), Reason::kNoSession);
  EXPECT_EQ(RefusedFor(SecretString(std::string(64, '0')), kAdmin), Reason::kNoSession);
  const SecretString session = LogIn();
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(RefusedFor(session, kAdmin), Reason::kNoSession);
}

TEST_F(IssueServiceTest, RefusesWhereTheDirectoryCannotBeRead) {
  const SecretString session = LogIn();
  for (const auto& [code, reason] :
       {std::pair(ErrorCode::kUnavailable, Reason::kDirectoryUnavailable),
        std::pair(ErrorCode::kDeadlineExceeded, Reason::kDirectoryUnavailable),
        std::pair(ErrorCode::kInvalidArgument, Reason::kDirectoryUnavailable),
        std::pair(ErrorCode::kNotFound, Reason::kNotEntitled),
        std::pair(ErrorCode::kAmbiguous, Reason::kNotEntitled)}) {
    directory_.answer = Error{code, "ldap: ..."};
    EXPECT_EQ(RefusedFor(session, kAdmin), reason);
  }
  directory_.answer = AliceOps();
  Issued(Request(session, kAdmin));
}

TEST_F(IssueServiceTest, RefusesAnAccountThatTheDirectoryClosed) {
  const SecretString session = LogIn();
  directory_.answer->person.account_state = ldap::AccountState::kDisabled;
  directory_.answer->person.account_reason = "nsAccountLock: true";
  EXPECT_EQ(RefusedFor(session, kAdmin), Reason::kAccountState);
  EXPECT_NE(audit_.records.back().Field("why").find("nsAccountLock"), std::string::npos);
}

TEST_F(IssueServiceTest, AnotherEntryUnderTheNameIsAnotherPerson) {
  const SecretString session = LogIn();
  Issued(Request(session, kAdmin));
  directory_.answer->person.unique_id = "uuid-newcomer";
  EXPECT_EQ(RefusedFor(session, kAdmin), Reason::kNoSession);
}

TEST_F(IssueServiceTest, ALocalAccountOfTheSameNameIsNotThatPerson) {
  const SecretString session = LogIn(1001);
  EXPECT_EQ(RefusedFor(session, kAdmin), Reason::kNotEntitled);
  const SecretString without = LogIn(std::nullopt);
  Issued(Request(without, kAdmin));
}

TEST_F(IssueServiceTest, RefusesWhileTheClockCannotBeBelieved) {
  const SecretString session = LogIn();
  clock_.synchronised = false;
  EXPECT_EQ(RefusedFor(session, kAdmin), Reason::kClock);
}

TEST_F(IssueServiceTest, BoundsResponsesPerSessionAndNode) {
  config::Config config = ConfigFrom(kSampleYaml);
  config.limits.responses_per_session_and_minute = 2;
  config.limits.responses_per_minute = 3;
  Use(std::move(config));
  const SecretString first = LogIn();
  const SecretString second = LogIn();
  Issued(Request(first, kAdmin));
  Issued(Request(first, kAdmin));
  EXPECT_EQ(RefusedFor(first, kAdmin), Reason::kTooManyResponses);
  Issued(Request(second, kAdmin));
  EXPECT_EQ(RefusedFor(second, kAdmin), Reason::kTooManyResponses);
  clock_.Advance(std::chrono::minutes(1));
  Issued(Request(second, kAdmin));
}

TEST_F(IssueServiceTest, NamesTheMappingLineWhereAwsWouldRefuse) {
  Use(ConfigFrom(Replaced(kSampleYaml, "\"{{ user.username }}\"", "\"{{ user.full_name }}\"")));
  const SecretString session = LogIn();
  protocol::IssueRequest request = Request(session, kAdmin);
  const IssueService::Reply reply = issue_->Issue(request);
  const Refusal* const refusal = std::get_if<Refusal>(&reply);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->reason, Reason::kAwsRules);
  EXPECT_NE(refusal->detail.find("mappings.aws-session-name (test.yaml:"), std::string::npos)
      << refusal->detail;
}

TEST_F(IssueServiceTest, RefusesAResponseThatIsTooLongForAws) {
  ldap::Lookup lookup = AliceOps();
  std::vector<std::string> roles;
  for (int i = 0; i < 900; ++i) roles.push_back("Role-" + std::to_string(i) + std::string(40, 'x'));
  lookup.groups[0].attributes["aws_role"] = roles;
  directory_.answer = lookup;
  const SecretString session = LogIn();
  EXPECT_EQ(RefusedFor(session, "all"), Reason::kAwsRules);
  Issued(Request(session, "arn:aws:iam::123412341234:role/" + roles.front()));
}

TEST_F(IssueServiceTest, PolicyRefusesWithItsMessage) {
  Use(ConfigFrom(std::string(kSampleYaml) + R"(    policies:
      - { name: staff only, require: "'staff' in groups.name", message: Ask the help desk. }
)"));
  const SecretString session = LogIn();
  protocol::IssueRequest request = Request(session, kAdmin);
  const IssueService::Reply reply = issue_->Issue(request);
  ASSERT_TRUE(std::holds_alternative<Refusal>(reply));
  EXPECT_EQ(std::get<Refusal>(reply).reason, Reason::kPolicy);
  EXPECT_EQ(std::get<Refusal>(reply).detail, "Ask the help desk.");
}

constexpr char kAdminPolicy[] = R"yaml(    policies:
      - name: office
        roles: [Admin]
        require: "client.address is in_network('192.0.2.0/24')"
        message: Only from the office.
)yaml";

TEST_F(IssueServiceTest, AWithheldRoleIsRefusedWithThePolicysMessage) {
  Use(ConfigFrom(std::string(kSampleYaml) + kAdminPolicy));
  const SecretString session = LogIn();
  EXPECT_NE(Issued(Request(session, kAdmin)).find(kAdmin), std::string::npos);
  protocol::IssueRequest outside = Request(session, kAdmin);
  outside.context.client_address = "198.51.100.1";
  const IssueService::Reply reply = issue_->Issue(outside);
  const Refusal* const refusal = std::get_if<Refusal>(&reply);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->reason, Reason::kPolicy);
  EXPECT_EQ(refusal->detail, "Only from the office.");
  EXPECT_NE(audit_.records.back().Field("why").find("policy 'office' (test.yaml:37:9) is not met"),
            std::string::npos)
      << audit_.records.back().Field("why");
  // The others stay open, and "all" is without it.
  protocol::IssueRequest all = Request(session, "all");
  all.context.client_address = "198.51.100.1";
  const std::string document = Issued(std::move(all));
  EXPECT_NE(document.find(kReadOnly), std::string::npos);
  EXPECT_EQ(document.find(kAdmin), std::string::npos);
}

TEST_F(IssueServiceTest, TheDurationIsThatOfTheRole) {
  Use(ConfigFrom(std::string(kSampleYaml) +
                 "    role_settings: [{ roles: [Admin], aws_session_duration: 1h }]\n"));
  const SecretString session = LogIn();
  EXPECT_NE(Issued(Request(session, kAdmin)).find(">3600<"), std::string::npos);
  EXPECT_NE(Issued(Request(session, kReadOnly)).find(">14400<"), std::string::npos);
  EXPECT_NE(Issued(Request(session, "all")).find(">3600<"), std::string::npos);
}

TEST_F(IssueServiceTest, AnOldLoginHasToBeDoneAgain) {
  Use(ConfigFrom(std::string(kSampleYaml) + "    max_login_age: 10m\n"));
  const SecretString session = LogIn();
  clock_.Advance(std::chrono::minutes(10));
  Issued(Request(session, kAdmin));
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(RefusedFor(session, kAdmin), Reason::kNoSession);
}

TEST_F(IssueServiceTest, TellsWhenTheirSessionEndsOnlyWhereConfigured) {
  const SecretString session = LogIn();
  EXPECT_EQ(Issued(Request(session, kAdmin)).find("SessionNotOnOrAfter"), std::string::npos);
  Use(ConfigFrom(std::string(kSampleYaml) + "    session_not_on_or_after: 8h\n"));
  EXPECT_NE(Issued(Request(session, kAdmin))
                .find("SessionNotOnOrAfter=\"" + FormatUtc(clock_.now + std::chrono::hours(8))),
            std::string::npos);
}

TEST_F(IssueServiceTest, TheNameIdCanBeATemplate) {
  Use(ConfigFrom(
      std::string(kSampleYaml) +
      "    name_id_value: \"x-{{ user.username }}\"\n    name_id_format: unspecified\n"));
  EXPECT_NE(Issued(Request(LogIn(), kAdmin)).find(">x-alice</"), std::string::npos);
}

TEST_F(IssueServiceTest, DescribesWithReasonsWhatIsOpenAndWhatIsWithheld) {
  Use(ConfigFrom(std::string(kSampleYaml) + kAdminPolicy));
  const SecretString session = LogIn();
  protocol::DescribeRequest request{
      .context = {.request_id = "0123456789abcdef", .client_address = "198.51.100.1"},
      .session = SecretString(session.Reveal())};
  const auto roles = [&] {
    const auto reply = portal_->Describe(request);
    return std::get<protocol::DescribeReply>(reply).applications.at(0).roles;
  };
  ASSERT_EQ(roles().size(), 1U);
  EXPECT_EQ(roles()[0].source, "");
  request.with_reasons = true;
  ASSERT_EQ(roles().size(), 2U);
  EXPECT_EQ(roles()[0].role_name, "Admin");
  EXPECT_EQ(roles()[0].withheld, "Only from the office.");
  EXPECT_EQ(roles()[1].source, "group 'ops': aws_account, aws_role");
  EXPECT_EQ(roles()[1].withheld, "");
}

TEST_F(IssueServiceTest, DescribesWithReasonsAlsoAnApplicationThatAPolicyCloses) {
  Use(ConfigFrom(std::string(kSampleYaml) +
                 "    policies: [{ name: shut, require: \"false\", message: Ask us. }]\n"));
  const SecretString session = LogIn();
  protocol::DescribeRequest request{.session = SecretString(session.Reveal()),
                                    .with_reasons = true};
  const auto described = portal_->Describe(request);
  ASSERT_TRUE(std::holds_alternative<protocol::DescribeReply>(described));
  EXPECT_EQ(std::get<protocol::DescribeReply>(described).applications.at(0).withheld, "Ask us.");
  // Of what is nothing to them, nobody is told.
  directory_.answer->groups.clear();
  EXPECT_TRUE(std::holds_alternative<Refusal>(portal_->Describe(request)));
}

// Two levels that hold for a while.
std::string WithLevels() {
  return Replaced(kSampleYaml, "ldap:\n", R"yaml(assurance:
  - { name: password, service: rolebridge, context_class: "urn:x:password", valid: 2h }
  - { name: mfa, service: rolebridge-mfa, context_class: "urn:x:mfa", valid: 15m }
ldap:
)yaml");
}

// What a login at `level` counts for that long after it.
std::optional<size_t> LevelAfter(const config::Config& config, const std::string& level,
                                 std::chrono::seconds age) {
  const SysSeconds login{std::chrono::hours(1000)};
  const auto current =
      CurrentAssurance(config, {.assurance = level, .authn_instant = login}, login + age);
  if (!current) return std::nullopt;
  EXPECT_EQ(current->instant, login);
  return current->level;
}

TEST_F(IssueServiceTest, AStepUpCountsForItsOwnTime) {
  using std::chrono::minutes;
  const config::Config config = ConfigFrom(WithLevels());
  const SysSeconds login{std::chrono::hours(1000)};
  const store::Session session{.assurance = "password",
                               .authn_instant = login,
                               .steps = {{"mfa", login + minutes(60)}, {"gone", login}}};
  const auto at = [&](int after) {
    return CurrentAssurance(config, session, login + minutes(after)).value_or(Assurance{99, {}});
  };
  EXPECT_EQ(at(74).level, 1U);
  EXPECT_EQ(at(74).instant, login + minutes(60));
  EXPECT_EQ(at(75).level, 0U);
  EXPECT_EQ(at(75).instant, login + minutes(60)) << "what is above a level proves that one, too";
  EXPECT_EQ(at(179).level, 0U);
  EXPECT_EQ(at(180).level, 99U);
  EXPECT_EQ(at(58).level, 0U) << "proved at a time that is yet to come";
}

constexpr char kAdminNeedsMfa[] = R"yaml(    policies:
      - { name: codes, roles: [Admin], assurance: mfa, message: Admins type a code. }
)yaml";

TEST_F(IssueServiceTest, ARoleThatNeedsALevelSaysWhichAndIsShown) {
  Use(ConfigFrom(WithLevels() + kAdminNeedsMfa));
  const SecretString session = LogIn();
  const IssueService::Reply reply = [&] {
    protocol::IssueRequest request = Request(session, kAdmin);
    return issue_->Issue(request);
  }();
  const Refusal* const refusal = std::get_if<Refusal>(&reply);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->reason, Reason::kNeedsLevel);
  EXPECT_EQ(refusal->level, "mfa");
  EXPECT_EQ(refusal->detail, "Admins type a code.");
  EXPECT_EQ(audit_.records.back().Field("reason"), "needs_level");

  protocol::DescribeRequest request{.session = SecretString(session.Reveal())};
  const auto described = portal_->Describe(request);
  ASSERT_TRUE(std::holds_alternative<protocol::DescribeReply>(described));
  const auto& application = std::get<protocol::DescribeReply>(described).applications.at(0);
  EXPECT_EQ(application.level, "") << "another role is open";
  ASSERT_EQ(application.roles.size(), 2U);
  EXPECT_EQ(application.roles[0].role_arn, kAdmin);
  EXPECT_EQ(application.roles[0].level, "mfa");
  EXPECT_EQ(application.roles[0].withheld, "") << "without reasons";
  EXPECT_EQ(application.roles[1].level, "");

  clock_.Advance(std::chrono::minutes(5));
  const SecretString raised =
      *sessions_.StepUp(session.Reveal(), {"mfa", clock_.Now()}, stored_.Commit());
  const std::string at = FormatUtc(clock_.Now());
  clock_.Advance(std::chrono::minutes(5));
  const std::string document = Issued(Request(raised, kAdmin));
  EXPECT_NE(document.find(">urn:x:mfa<"), std::string::npos);
  EXPECT_NE(document.find("AuthnInstant=\"" + at + "\""), std::string::npos) << document;
}

TEST_F(IssueServiceTest, AnApplicationThatNeedsALevelIsShownWithIt) {
  Use(ConfigFrom(WithLevels() +
                 "    policies: [{ name: codes, assurance: mfa, message: Type a code. }]\n"));
  const SecretString session = LogIn();
  protocol::DescribeRequest request{.session = SecretString(session.Reveal())};
  const auto described = portal_->Describe(request);
  ASSERT_TRUE(std::holds_alternative<protocol::DescribeReply>(described));
  const auto& application = std::get<protocol::DescribeReply>(described).applications.at(0);
  EXPECT_EQ(application.level, "mfa");
  EXPECT_EQ(application.withheld, "Type a code.");
  EXPECT_EQ(RefusedFor(session, kReadOnly), Reason::kNeedsLevel);
}

TEST_F(IssueServiceTest, ALevelCountsForItsTimeAndTheOneBelowAfterIt) {
  const config::Config config = ConfigFrom(WithLevels());
  using std::chrono::minutes;
  EXPECT_EQ(LevelAfter(config, "mfa", minutes(14)), 1u);
  EXPECT_EQ(LevelAfter(config, "mfa", minutes(15)), 0u);
  EXPECT_EQ(LevelAfter(config, "password", minutes(119)), 0u);
  EXPECT_EQ(LevelAfter(config, "mfa", minutes(120)), std::nullopt);
  EXPECT_EQ(LevelAfter(config, "gone", minutes(1)), std::nullopt);
  Use(config);
  const SecretString session = *sessions_.Create({.username = "alice",
                                                  .uid = 20001,
                                                  .assurance = "mfa",
                                                  .authn_instant = clock_.Now(),
                                                  .session_index = "_session"},
                                                 stored_.Commit());
  EXPECT_NE(Issued(Request(session, kAdmin)).find(">urn:x:mfa<"), std::string::npos);
  clock_.Advance(minutes(15));
  EXPECT_NE(Issued(Request(session, kAdmin)).find(">urn:x:password<"), std::string::npos);
  clock_.Advance(minutes(40));
  Issued(Request(session, kAdmin));
  clock_.Advance(minutes(40));
  Issued(Request(session, kAdmin));
  clock_.Advance(minutes(40));
  EXPECT_EQ(RefusedFor(session, kAdmin), Reason::kNoSession);
}

TEST_F(IssueServiceTest, TheEmailNameIdIsOneValueThatStillCounts) {
  Use(ConfigFrom(std::string(kSampleYaml) + "    name_id_format: emailAddress\n"));
  directory_.answer->person.attributes["email"] = {"a@example.org",
                                                   "old@example.org;until=2020-01-01"};
  const SecretString session = LogIn();
  EXPECT_NE(Issued(Request(session, kAdmin)).find(">a@example.org</"), std::string::npos);
  directory_.answer->person.attributes["email"] = {"a@example.org", "b@example.org"};
  EXPECT_EQ(RefusedFor(session, kAdmin), Reason::kNotEntitled);
}

TEST_F(IssueServiceTest, RelayStateMayPointToTheConsoleOnly) {
  const SecretString session = LogIn();
  for (const auto& [sent, kept] :
       {std::pair("https://eu-west-1.console.aws.amazon.com/ec2/", true),
        std::pair("https://evil.example/?x=console.aws.amazon.com", false),
        std::pair("http://console.aws.amazon.com/", false)}) {
    protocol::IssueRequest request = Request(session, kAdmin);
    request.relay_state = sent;
    const IssueService::Reply reply = issue_->Issue(request);
    ASSERT_TRUE(std::holds_alternative<protocol::IssueReply>(reply));
    EXPECT_EQ(std::get<protocol::IssueReply>(reply).relay_state, kept ? sent : "");
  }
}

TEST_F(IssueServiceTest, AnswersARequestOnceAndEchoesItsId) {
  const SecretString session = LogIn();
  protocol::IssueRequest request = Request(session, kAdmin);
  request.request = {.present = true, .id = "_abc", .issuer = "urn:amazon:webservices"};
  const std::string document = Issued(std::move(request));
  EXPECT_NE(document.find("InResponseTo=\"_abc\""), std::string::npos);
  protocol::IssueRequest again = Request(session, kAdmin);
  again.request = {.present = true, .id = "_abc", .issuer = "urn:amazon:webservices"};
  EXPECT_EQ(RefusedFor(std::move(again)), Reason::kUnknownApplication);
}

TEST_F(IssueServiceTest, ARefusalDoesNotUseUpARequest) {
  const SecretString session = LogIn();
  const auto ask = [&] {
    protocol::IssueRequest request = Request(session, kAdmin);
    request.request = {.present = true, .id = "_abc", .issuer = "urn:amazon:webservices"};
    return request;
  };
  directory_.answer = Error{ErrorCode::kUnavailable, "ldap: ..."};
  EXPECT_EQ(RefusedFor(ask()), Reason::kDirectoryUnavailable);
  directory_.answer = AliceOps();
  Issued(ask());
  EXPECT_EQ(RefusedFor(ask()), Reason::kUnknownApplication);
}

TEST_F(IssueServiceTest, ARequestNeverDecidesWhereTheAnswerGoes) {
  const SecretString session = LogIn();
  protocol::IssueRequest foreign = Request(session, kAdmin);
  foreign.request = {.present = true,
                     .id = "_a",
                     .issuer = "urn:amazon:webservices",
                     .acs_url = "https://evil.example/saml"};
  EXPECT_EQ(RefusedFor(std::move(foreign)), Reason::kUnknownApplication);
  protocol::IssueRequest other = Request(session, kAdmin);
  other.request = {.present = true, .id = "_b", .issuer = "urn:evil"};
  EXPECT_EQ(RefusedFor(std::move(other)), Reason::kUnknownApplication);
}

TEST_F(IssueServiceTest, AForcedLoginMustBeFresh) {
  const SecretString session = LogIn();
  clock_.Advance(std::chrono::minutes(6));
  protocol::IssueRequest request = Request(session, kAdmin);
  request.request = {
      .present = true, .id = "_c", .issuer = "urn:amazon:webservices", .force_authn = true};
  EXPECT_EQ(RefusedFor(std::move(request)), Reason::kNoSession);
}

// security.md I6: what cannot be met is refused, and the answer states no more than was proved.
TEST_F(IssueServiceTest, TheContextThatARequestAsksForIsStatedOrRefused) {
  Use(ConfigFrom(WithLevels() + R"yaml(
  wiki:
    name: Wiki
    audience: https://wiki.example.org/sp
    acs_urls: [https://wiki.example.org/acs]
    mappings: [aws-session-name]
)yaml"));
  const SecretString session = LogIn();
  int number = 0;
  const auto ask = [&](const SecretString& of, std::vector<std::string> contexts) {
    protocol::IssueRequest request = Request(of, "all");
    request.application = "wiki";
    request.request = {.present = true,
                       .id = "_" + std::to_string(++number),
                       .issuer = "https://wiki.example.org/sp",
                       .contexts = std::move(contexts)};
    return request;
  };
  EXPECT_NE(Issued(ask(session, {"urn:x:password"})).find(">urn:x:password<"), std::string::npos);
  EXPECT_EQ(RefusedFor(ask(session, {"urn:x:unheard-of"})), Reason::kPolicy);
  protocol::IssueRequest more = ask(session, {"urn:x:mfa"});
  const IssueService::Reply reply = issue_->Issue(more);
  ASSERT_TRUE(std::holds_alternative<Refusal>(reply));
  EXPECT_EQ(std::get<Refusal>(reply).reason, Reason::kNeedsLevel);
  EXPECT_EQ(std::get<Refusal>(reply).level, "mfa");
  const std::string login = "AuthnInstant=\"" + FormatUtc(clock_.Now()) + "\"";
  clock_.Advance(std::chrono::minutes(5));
  const SecretString raised =
      *sessions_.StepUp(session.Reveal(), {"mfa", clock_.Now()}, stored_.Commit());
  EXPECT_NE(Issued(ask(raised, {"urn:x:mfa"})).find(">urn:x:mfa<"), std::string::npos);
  const std::string lower = Issued(ask(raised, {"urn:x:password"}));
  EXPECT_NE(lower.find(">urn:x:password<"), std::string::npos);
  EXPECT_NE(lower.find(login), std::string::npos) << "when that was proved";
  // Command-line clients ask in AWS's name for whatever they were written with.
  protocol::IssueRequest aws = Request(raised, kAdmin);
  aws.request = {.present = true,
                 .id = "_aws",
                 .issuer = "urn:amazon:webservices",
                 .contexts = {"urn:x:unheard-of"}};
  EXPECT_NE(Issued(std::move(aws)).find(">urn:x:mfa<"), std::string::npos);
}

TEST_F(IssueServiceTest, TheNameIdIsStablePerPersonAndOpaque) {
  const auto name_id = [&] {
    const SecretString session = LogIn();
    const std::string document = Issued(Request(session, kAdmin));
    const size_t at = document.find("<saml2:NameID");
    return document.substr(at, document.find("</saml2:NameID>") - at);
  };
  const std::string first = name_id();
  EXPECT_EQ(first, name_id());
  EXPECT_EQ(first.find("alice"), std::string::npos);
  directory_.answer->person.unique_id = "uuid-other";
  EXPECT_NE(first, name_id());
}

TEST_F(IssueServiceTest, DescribesRolesByAccountName) {
  const SecretString session = LogIn();
  protocol::DescribeRequest request{
      .context = {.request_id = "0123456789abcdef", .client_address = "192.0.2.7"}};
  request.session = SecretString(session.Reveal());
  const PortalService::Reply reply = portal_->Describe(request);
  ASSERT_TRUE(std::holds_alternative<protocol::DescribeReply>(reply));
  const auto& described = std::get<protocol::DescribeReply>(reply);
  EXPECT_EQ(described.username, "alice");
  EXPECT_EQ(described.display_name, "Alice Ops");
  EXPECT_EQ(described.expires_in, 8U * 3600);
  ASSERT_EQ(described.applications.size(), 1U);
  ASSERT_EQ(described.applications[0].roles.size(), 2U);
  EXPECT_EQ(described.applications[0].roles[0].role_arn, kAdmin);
  EXPECT_EQ(described.applications[0].roles[0].account_name, "Production");
  EXPECT_FALSE(described.next_role);
}

TEST_F(IssueServiceTest, DescribesManyRolesPageByPageWithinAReply) {
  std::vector<std::string> roles;
  for (int i = 0; i < 1000; ++i) roles.push_back("Role-" + std::to_string(1000 + i));
  directory_.answer->groups[0].attributes["aws_role"] = roles;
  const SecretString session = LogIn();
  std::vector<std::string> seen;
  std::optional<uint32_t> next = 0;
  while (next) {
    protocol::DescribeRequest request{
        .context = {.request_id = "0123456789abcdef", .client_address = "192.0.2.7"},
        .first_role = *next};
    request.session = SecretString(session.Reveal());
    PortalService::Reply reply = portal_->Describe(request);
    ASSERT_TRUE(std::holds_alternative<protocol::DescribeReply>(reply));
    auto& described = std::get<protocol::DescribeReply>(reply);
    const Result<SecretString> bytes = EncodeMessage(1, described);
    ASSERT_TRUE(bytes);
    EXPECT_LE(bytes->size(), protocol::kMaxReply);
    for (const auto& role : described.applications[0].roles) seen.push_back(role.role_name);
    next = described.next_role;
  }
  EXPECT_EQ(seen, roles);
}

TEST_F(IssueServiceTest, NoRoleIsARefusalThatNamesTheGroupsSeen) {
  directory_.answer->groups[0].attributes.clear();
  const SecretString session = LogIn();
  protocol::DescribeRequest request{
      .context = {.request_id = "0123456789abcdef", .client_address = "192.0.2.7"}};
  request.session = SecretString(session.Reveal());
  const PortalService::Reply reply = portal_->Describe(request);
  ASSERT_TRUE(std::holds_alternative<Refusal>(reply));
  EXPECT_EQ(std::get<Refusal>(reply).reason, Reason::kNotEntitled);
  EXPECT_EQ(audit_.records.back().Field("groups"), "ops");
}

}  // namespace
}  // namespace rolebridge::issuer
