#include "bridge/issuer/login_service.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>

#include "pam/protocol.h"
#include "tests/support/fakes.h"
#include "tests/support/issuer_state.h"
#include "tests/support/pam_peer.h"

namespace rolebridge::issuer {
namespace {

using protocol::LoginReply;
using protocol::LoginState;
using protocol::Reason;
using protocol::Refusal;
using rolebridge::testing::FakeClock;
using rolebridge::testing::PamPeer;
using rolebridge::testing::RecordingAudit;
using std::chrono::seconds;

constexpr auto kWait = seconds(10);

void Send(Channel& channel, const Result<SecretString>& message) {
  ASSERT_TRUE(message);
  ASSERT_TRUE(channel.Send(message->Reveal(), kWait));
}

pam::StartRequest ReceiveStart(Channel& channel) {
  const Result<SecretString> message = channel.Receive(pam::kMaxMessageBytes, kWait);
  Result<pam::StartRequest> start = pam::DecodeStart(message->Reveal());
  return *start;
}

std::vector<std::string> AskFor(Channel& channel, std::vector<pam::Prompt> prompts) {
  Send(channel, pam::EncodePrompts(std::move(prompts)));
  const Result<SecretString> message = channel.Receive(pam::kMaxMessageBytes, kWait);
  if (!message) return {};
  const Result<std::vector<SecretString>> answers = pam::DecodeAnswers(message->Reveal());
  std::vector<std::string> texts;
  for (const SecretString& answer : *answers) {
    texts.emplace_back(answer.Reveal());
  }
  return texts;
}

void Accept(Channel& channel, const std::string& name, std::optional<uint32_t> uid = 20001) {
  Send(channel, pam::EncodeOutcome({pam::Verdict::kAccepted, name, uid, "PAM_SUCCESS"}));
}

void Refuse(Channel& channel, pam::Verdict verdict) {
  Send(channel, pam::EncodeOutcome({verdict, "", std::nullopt, "PAM_AUTH_ERR"}));
}

const pam::Prompt kPassword{pam::PromptStyle::kEchoOff, "Password: "};

// Asks for the password and takes "hunter2".
void PasswordStack(Channel& channel) {
  const pam::StartRequest start = ReceiveStart(channel);
  if (AskFor(channel, {kPassword}) == std::vector<std::string>{"hunter2"}) {
    Accept(channel, start.username);
  } else {
    Refuse(channel, pam::Verdict::kDenied);
  }
}

class LoginServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.assurance = {{"password", "rolebridge", "urn:password", std::nullopt}};
    config_.hash = "c0ffee";
  }

  void Play(PamPeer::Script script) {
    peer_ = std::make_unique<PamPeer>(std::move(script));
    issuer_.pam = {peer_->path(), change_ ? change_->path() : "", geteuid()};
    service_ = std::make_unique<LoginService>(config_, LoginMeansOf(issuer_.state, audit_));
  }

  LoginService::Reply Begin(const std::string& username, const std::string& secret,
                            const std::string& address = "192.0.2.7") {
    protocol::BeginLoginRequest request{
        .context = {.request_id = "0123456789abcdef", .client_address = address},
        .username = username,
        .first_secret = SecretString(secret)};
    return service_->Begin(request);
  }

  LoginService::Reply Answer(const std::string& conversation,
                             const std::vector<std::string>& answers) {
    protocol::AnswerRequest request{
        .context = {.request_id = "0123456789abcdef", .client_address = "192.0.2.7"},
        .conversation = conversation};
    for (const std::string& answer : answers) request.answers.emplace_back(answer);
    return service_->Answer(request);
  }

  // What a login comes to, asking again for as long as PAM is working.
  LoginReply Settle(LoginService::Reply reply) {
    while (true) {
      LoginReply* const login = std::get_if<LoginReply>(&reply);
      if (login == nullptr) {
        ADD_FAILURE() << "refused: " << static_cast<int>(std::get<Refusal>(reply).reason);
        return {};
      }
      if (login->state != LoginState::kWorking) return std::move(*login);
      const std::string conversation = login->conversation;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      reply = Answer(conversation, {});
    }
  }

  // The service waits for PAM by the real clock; only ends and holds need one that a test moves.
  struct RealWaits final : Clock {
    SysSeconds Now() const override { return system.Now(); }
    BootTime SinceBoot() const override { return system.SinceBoot() + skipped; }
    bool IsSynchronised() const override { return true; }
    SystemClock system;
    std::chrono::milliseconds skipped{0};
  };

  config::Config config_;
  RealWaits clock_;
  SystemRandom random_;
  RecordingAudit audit_;
  const rolebridge::testing::TemporaryFolder folder_;
  rolebridge::testing::IssuerState issuer_{folder_.path(), clock_, random_, audit_, {}, 100};
  store::SessionStore& sessions_ = *issuer_.stored.sessions;
  Throttle* const throttle_ = issuer_.throttle.get();
  Conversations& conversations_ = issuer_.conversations;
  std::unique_ptr<PamPeer> peer_;
  std::unique_ptr<PamPeer> change_;  // who changes expired passwords, where somebody does
  std::unique_ptr<LoginService> service_;
};

TEST_F(LoginServiceTest, MakesASessionForTheRightPassword) {
  Play(PasswordStack);
  const LoginReply reply = Settle(Begin("Alice", "hunter2"));
  ASSERT_EQ(reply.state, LoginState::kLoggedIn);
  const std::optional<store::Session> session = sessions_.Use(reply.session.Reveal());
  ASSERT_TRUE(session);
  EXPECT_EQ(session->username, "alice");
  EXPECT_EQ(session->uid, 20001U);
  ASSERT_EQ(audit_.records.size(), 1U);
  EXPECT_EQ(audit_.records[0].name, "login_succeeded");
  EXPECT_EQ(audit_.records[0].Field("user"), "alice");
}

TEST_F(LoginServiceTest, RefusesTheWrongPasswordAndHoldsTheAnswer) {
  Play(PasswordStack);
  const LoginReply reply = Settle(Begin("alice", "hunter3"));
  EXPECT_EQ(reply.state, LoginState::kFailed);
  EXPECT_GT(reply.hold_milliseconds, 0U);
  EXPECT_LE(reply.hold_milliseconds, 2200U);
  EXPECT_EQ(sessions_.size(), 0U);
  ASSERT_EQ(audit_.records.size(), 1U);
  EXPECT_EQ(audit_.records[0].Field("verdict"), "denied");
}

TEST_F(LoginServiceTest, WritesNoNameThatNeverLoggedIn) {
  Play(PasswordStack);
  Settle(Begin("hunter2", "alice"));
  ASSERT_EQ(audit_.records.size(), 1U);
  EXPECT_EQ(audit_.records[0].Field("user").rfind("hmac:", 0), 0U);
  Settle(Begin("alice", "hunter2"));
  Settle(Begin("alice", "wrong"));
  EXPECT_EQ(audit_.records.back().Field("user"), "alice");
}

TEST_F(LoginServiceTest, DoesNotAskPamForAMalformedName) {
  Play([](Channel&) { FAIL() << "PAM was asked"; });
  for (const char* name : {"", " alice", "alice ", "*)(uid=*", "root\n",
                           "al\xc3\xaf"
                           "ce",
                           "-x"}) {
    const LoginReply reply = Settle(Begin(name, "hunter2"));
    EXPECT_EQ(reply.state, LoginState::kFailed) << name;
    EXPECT_GT(reply.hold_milliseconds, 0U);
  }
}

TEST_F(LoginServiceTest, StartsNoPamProcessBeforeTheFirstSecret) {
  std::atomic<int> started = 0;
  Play([&](Channel& channel) {
    ++started;
    PasswordStack(channel);
  });
  const LoginReply asked = Settle(Begin("alice", ""));
  ASSERT_EQ(asked.state, LoginState::kPrompts);
  ASSERT_EQ(asked.prompts.size(), 1U);
  EXPECT_EQ(asked.prompts[0].style, protocol::PromptStyle::kEchoOff);
  EXPECT_EQ(started, 0);
  const LoginReply reply = Settle(Answer(asked.conversation, {"hunter2"}));
  EXPECT_EQ(reply.state, LoginState::kLoggedIn);
  EXPECT_EQ(started, 1);
}

TEST_F(LoginServiceTest, RelaysSeveralRoundsAndShowsWhatModulesSay) {
  Play([](Channel& channel) {
    const pam::StartRequest start = ReceiveStart(channel);
    EXPECT_EQ(AskFor(channel, {kPassword}), std::vector<std::string>{"hunter2"});
    Send(channel, pam::EncodePrompts({{pam::PromptStyle::kInfo, "Your password ends in 3 days"}}));
    EXPECT_EQ(AskFor(channel, {{pam::PromptStyle::kEchoOn, "Code: "},
                               {pam::PromptStyle::kEchoOff, "PIN: "}}),
              (std::vector<std::string>{"123456", "99"}));
    Accept(channel, start.username);
  });
  const LoginReply asked = Settle(Begin("alice", "hunter2"));
  ASSERT_EQ(asked.state, LoginState::kPrompts);
  ASSERT_EQ(asked.prompts.size(), 3U);
  EXPECT_EQ(asked.prompts[0].text, "Your password ends in 3 days");
  EXPECT_EQ(asked.prompts[1].style, protocol::PromptStyle::kEchoOn);
  // Asking again shows the same.
  EXPECT_EQ(Settle(Answer(asked.conversation, {})).prompts.size(), 3U);
  // One answer for two questions is out of turn.
  EXPECT_EQ(std::get<Refusal>(Answer(asked.conversation, {"123456"})).reason, Reason::kMalformed);
  EXPECT_EQ(Settle(Answer(asked.conversation, {"123456", "99"})).state, LoginState::kLoggedIn);
}

TEST_F(LoginServiceTest, GivesThePasswordToNoOtherQuestion) {
  for (const std::vector<pam::Prompt>& first :
       {std::vector<pam::Prompt>{{pam::PromptStyle::kEchoOn, "Code: "}},
        std::vector<pam::Prompt>{kPassword, {pam::PromptStyle::kEchoOff, "PIN: "}}}) {
    Play([&](Channel& channel) {
      ReceiveStart(channel);
      Send(channel, pam::EncodePrompts(first));
      // Nothing may come until the person was asked.
      const Result<SecretString> message = channel.Receive(pam::kMaxMessageBytes, seconds(1));
      EXPECT_FALSE(message);
    });
    EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kPrompts);
  }
}

TEST_F(LoginServiceTest, SaysWorkingWhilePamIsBusy) {
  Play([](Channel& channel) {
    const pam::StartRequest start = ReceiveStart(channel);
    AskFor(channel, {kPassword});
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    Accept(channel, start.username);
  });
  LoginService::Reply reply = Begin("alice", "hunter2");
  EXPECT_EQ(std::get<LoginReply>(reply).state, LoginState::kWorking);
  EXPECT_EQ(Settle(std::move(reply)).state, LoginState::kLoggedIn);
}

TEST_F(LoginServiceTest, ShowsWhatAModuleSaidForAsLongAsItWaits) {
  std::promise<void> seen;
  Play([&seen](Channel& channel) {
    const pam::StartRequest start = ReceiveStart(channel);
    AskFor(channel, {kPassword});
    for (int i = 1; i <= 40; ++i) {
      Send(channel, pam::EncodePrompts({{pam::PromptStyle::kInfo, "Text " + std::to_string(i)}}));
    }
    seen.get_future().wait();
    AskFor(channel, {{pam::PromptStyle::kEchoOn, "Code: "}});
    Accept(channel, start.username);
  });
  const auto has_all_that_fit = [](const LoginReply& reply) {
    return reply.state == LoginState::kWorking && reply.prompts.size() == protocol::kMaxPrompts &&
           reply.prompts.front().text == "Text 9" && reply.prompts.back().text == "Text 40";
  };
  LoginReply reply = std::get<LoginReply>(Begin("alice", "hunter2"));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!has_all_that_fit(reply) && std::chrono::steady_clock::now() < deadline) {
    ASSERT_EQ(reply.state, LoginState::kWorking);
    reply = std::get<LoginReply>(Answer(reply.conversation, {}));
  }
  // The next look shows it again.
  EXPECT_TRUE(has_all_that_fit(std::get<LoginReply>(Answer(reply.conversation, {}))));
  seen.set_value();
  reply = Settle(std::move(reply));
  ASSERT_EQ(reply.state, LoginState::kPrompts);
  ASSERT_EQ(reply.prompts.size(), protocol::kMaxPrompts);
  EXPECT_EQ(reply.prompts.front().text, "Text 10");
  EXPECT_EQ(reply.prompts.back().text, "Code: ");
  EXPECT_EQ(Settle(Answer(reply.conversation, {"1"})).state, LoginState::kLoggedIn);
}

// Web has sixteen workers, and a module may take half a minute.
TEST_F(LoginServiceTest, LookingWhetherPamHasGoneOnWaitsForNothing) {
  Play([](Channel& channel) {
    const pam::StartRequest start = ReceiveStart(channel);
    AskFor(channel, {kPassword});
    std::this_thread::sleep_for(std::chrono::seconds(3));
    Accept(channel, start.username);
  });
  LoginService::Reply reply = Begin("alice", "hunter2");
  const std::string conversation = std::get<LoginReply>(reply).conversation;
  // Were each of them to wait for a fifth of a second, the login would be over before the last.
  for (int i = 0; i < 100; ++i) {
    reply = Answer(conversation, {});
    ASSERT_EQ(std::get<LoginReply>(reply).state, LoginState::kWorking);
  }
  EXPECT_EQ(Settle(std::move(reply)).state, LoginState::kLoggedIn);
}

TEST_F(LoginServiceTest, TheNameThatPamEndedWithCounts) {
  Play([](Channel& channel) {
    ReceiveStart(channel);
    AskFor(channel, {kPassword});
    Accept(channel, "Bob");
  });
  const LoginReply reply = Settle(Begin("alice", "hunter2"));
  ASSERT_EQ(reply.state, LoginState::kLoggedIn);
  EXPECT_EQ(sessions_.Use(reply.session.Reveal())->username, "bob");
  EXPECT_EQ(audit_.records[0].Field("typed_user"), "alice");
}

// A process that lets `start.username` in after a new password, as rolebridge-pam-change@ does.
PamPeer::Script ChangeTo(const std::string& wanted) {
  return [wanted](Channel& channel) {
    const pam::StartRequest start = ReceiveStart(channel);
    if (AskFor(channel, {kPassword}) != std::vector<std::string>{"hunter2"}) {
      return Refuse(channel, pam::Verdict::kDenied);
    }
    const std::vector<std::string> chosen =
        AskFor(channel, {{pam::PromptStyle::kEchoOff, "New password: "}});
    if (chosen.empty()) return;  // given up
    if (chosen != std::vector<std::string>{wanted}) {
      return Refuse(channel, pam::Verdict::kPasswordKept);
    }
    Send(channel, pam::EncodeOutcome({pam::Verdict::kAccepted, start.username, 20001,
                                      std::string(pam::kPasswordChanged)}));
  };
}

void ExpiredStack(Channel& channel) {
  ReceiveStart(channel);
  AskFor(channel, {kPassword});
  Refuse(channel, pam::Verdict::kPasswordExpired);
}

TEST_F(LoginServiceTest, AnExpiredPasswordIsChangedInTheLogin) {
  change_ = std::make_unique<PamPeer>(ChangeTo("hunter3"));
  Play(ExpiredStack);
  const LoginReply asked = Settle(Begin("alice", "hunter2"));
  ASSERT_EQ(asked.state, LoginState::kPrompts);
  ASSERT_EQ(asked.prompts.size(), 2U);  // the old one was typed a moment ago
  EXPECT_EQ(asked.prompts[0].text, "Your password has expired. Choose a new one to go on.");
  EXPECT_EQ(asked.prompts[1].text, "New password: ");
  const LoginReply reply = Settle(Answer(asked.conversation, {"hunter3"}));
  ASSERT_EQ(reply.state, LoginState::kLoggedIn);
  EXPECT_EQ(sessions_.Use(reply.session.Reveal())->username, "alice");
  ASSERT_EQ(audit_.records.size(), 3U);
  EXPECT_EQ(audit_.records[0].name, "password_change_begun");
  EXPECT_EQ(audit_.records[1].name, "password_changed");
  EXPECT_EQ(audit_.records[1].Field("user"), "alice");
  EXPECT_EQ(audit_.records[2].name, "login_succeeded");
}

TEST_F(LoginServiceTest, APasswordThatWasNotChangedIsNoLogin) {
  change_ = std::make_unique<PamPeer>(ChangeTo("hunter3"));
  Play(ExpiredStack);
  const LoginReply asked = Settle(Begin("alice", "hunter2"));
  const LoginReply reply = Settle(Answer(asked.conversation, {"hunter2"}));
  EXPECT_EQ(reply.state, LoginState::kPasswordKept);
  EXPECT_TRUE(reply.session.empty());
  EXPECT_EQ(audit_.records.back().name, "login_denied");
  EXPECT_EQ(audit_.records.back().Field("stage"), "password_change");
  EXPECT_EQ(audit_.records.back().Field("verdict"), "password_kept");
}

TEST_F(LoginServiceTest, APersonHasOneChangeAtATimeTheNewest) {
  const auto begin = [this](const std::string& name) {
    return conversations_.Begin(name, "192.0.2.7", config_.limits);
  };
  const LoginPtr first = begin("alice");
  const LoginPtr of_another = begin("bob");
  const LoginPtr no_change = begin("alice");
  const LoginPtr newest = begin("alice");
  for (const LoginPtr& login : {first, of_another, newest}) conversations_.BeginChange(*login);
  EXPECT_EQ(conversations_.Find(first->id), nullptr);
  for (const LoginPtr& login : {of_another, no_change, newest}) {
    EXPECT_EQ(conversations_.Find(login->id), login);
  }
}

TEST_F(LoginServiceTest, OnlyAnExpiredPasswordLeadsToTheProcessThatChangesThem) {
  bool was_asked = false;
  change_ = std::make_unique<PamPeer>([&](Channel&) { was_asked = true; });
  for (const pam::Verdict verdict : {pam::Verdict::kDenied, pam::Verdict::kAccountExpired,
                                     pam::Verdict::kAccountRefused, pam::Verdict::kUnavailable}) {
    Play([verdict](Channel& channel) {
      ReceiveStart(channel);
      AskFor(channel, {kPassword});
      Refuse(channel, verdict);
    });
    const std::string secret = "hunter" + std::to_string(static_cast<int>(verdict));
    EXPECT_NE(Settle(Begin("bob", secret)).state, LoginState::kPrompts);
  }
  change_.reset();
  EXPECT_FALSE(was_asked);
}

TEST_F(LoginServiceTest, AChangeThatEndsAsExpiredIsNotBegunAgain) {
  int changes = 0;
  change_ = std::make_unique<PamPeer>([&](Channel& channel) {
    ++changes;
    ExpiredStack(channel);
  });
  Play(ExpiredStack);
  EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kPasswordExpired);
  change_.reset();
  EXPECT_EQ(changes, 1);
}

TEST_F(LoginServiceTest, WhoFindsNoNewPasswordIsNotThrottledForIt) {
  config_.limits.login_failures_per_name = 1;
  throttle_->SetLimits(config_.limits);
  change_ = std::make_unique<PamPeer>(ChangeTo("hunter3"));
  Play(ExpiredStack);
  for (int i = 0; i < 4; ++i) {
    const LoginReply asked = Settle(Begin("alice", "hunter2"));
    ASSERT_EQ(asked.state, LoginState::kPrompts);
    EXPECT_EQ(Settle(Answer(asked.conversation, {"hunter2"})).state, LoginState::kPasswordKept);
  }
}

TEST_F(LoginServiceTest, AChangeThatIsBegunAgainAndAgainIsHeldUp) {
  config_.limits.login_failures_per_name = 3;
  throttle_->SetLimits(config_.limits);
  change_ = std::make_unique<PamPeer>(ChangeTo("hunter3"));
  Play(ExpiredStack);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kPrompts);
  }
  EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kThrottled);
}

TEST_F(LoginServiceTest, APasswordThatWasChangedIsOnRecordEvenWhereTheLoginIsRefused) {
  change_ = std::make_unique<PamPeer>([](Channel& channel) {
    ReceiveStart(channel);
    AskFor(channel, {kPassword});
    Send(channel, pam::EncodeOutcome({pam::Verdict::kAccountRefused, "", std::nullopt,
                                      std::string(pam::kPasswordChanged)}));
  });
  Play(ExpiredStack);
  EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kFailed);
  ASSERT_EQ(audit_.records.size(), 3U);
  EXPECT_EQ(audit_.records[1].name, "password_changed");
  EXPECT_EQ(audit_.records[2].name, "login_denied");
}

// The same name and password is let pass while another login with it is under way; what else is
// asked for then is a guess of its own.
TEST_F(LoginServiceTest, CodesOfLoginsUnderWayAreCountedEach) {
  config_.limits.login_failures_per_name = 3;
  throttle_->SetLimits(config_.limits);
  Play([](Channel& channel) {
    ReceiveStart(channel);
    AskFor(channel, {kPassword});
    AskFor(channel, {{pam::PromptStyle::kEchoOff, "Code: "}});
  });
  std::vector<LoginState> states;
  for (int i = 0; i < 5; ++i) states.push_back(Settle(Begin("alice", "hunter2")).state);
  EXPECT_EQ(states, (std::vector<LoginState>{LoginState::kPrompts, LoginState::kPrompts,
                                             LoginState::kPrompts, LoginState::kThrottled,
                                             LoginState::kThrottled}));
}

TEST_F(LoginServiceTest, AChangeMayTakeLongerThanALogin) {
  change_ = std::make_unique<PamPeer>(ChangeTo("hunter3"));
  Play(ExpiredStack);
  const LoginReply asked = Settle(Begin("alice", "hunter2"));
  clock_.skipped = seconds(100);
  EXPECT_EQ(Settle(Answer(asked.conversation, {"hunter3"})).state, LoginState::kLoggedIn);
  const LoginReply late = Settle(Begin("alice", "hunter2"));
  clock_.skipped += seconds(121);
  EXPECT_EQ(std::get<Refusal>(Answer(late.conversation, {"hunter3"})).reason,
            Reason::kUnknownConversation);
}

TEST_F(LoginServiceTest, TellsOnlyWhatThePersonMustKnow) {
  config_.limits.login_failures_per_name = 100;
  throttle_->SetLimits(config_.limits);
  for (const auto& [verdict, state] :
       {std::pair(pam::Verdict::kDenied, LoginState::kFailed),
        std::pair(pam::Verdict::kAccountExpired, LoginState::kFailed),
        std::pair(pam::Verdict::kAccountRefused, LoginState::kFailed),
        std::pair(pam::Verdict::kNotAPerson, LoginState::kFailed),
        std::pair(pam::Verdict::kTooManyTries, LoginState::kFailed),
        std::pair(pam::Verdict::kPasswordExpired, LoginState::kPasswordExpired),
        std::pair(pam::Verdict::kUnavailable, LoginState::kUnavailable)}) {
    const pam::Verdict said = verdict;
    Play([said](Channel& channel) {
      ReceiveStart(channel);
      AskFor(channel, {kPassword});
      Refuse(channel, said);
    });
    const std::string secret = "hunter" + std::to_string(static_cast<int>(verdict));
    EXPECT_EQ(Settle(Begin("alice", secret)).state, state) << static_cast<int>(verdict);
    EXPECT_EQ(audit_.records.back().Field("verdict"), pam::NameOf(said));
  }
}

TEST_F(LoginServiceTest, ACrashOfAModuleEndsThatLoginAsUnavailable) {
  Play([](Channel& channel) { ReceiveStart(channel); });
  EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kUnavailable);
}

TEST_F(LoginServiceTest, IsUnavailableWhereNobodyListens) {
  Play(PasswordStack);
  peer_.reset();
  EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kUnavailable);
}

TEST_F(LoginServiceTest, EmptyAnswersNeverReachPam) {
  Play([](Channel& channel) {
    ReceiveStart(channel);
    EXPECT_TRUE(AskFor(channel, {{pam::PromptStyle::kEchoOn, "Code: "}}).empty());
  });
  const LoginReply asked = Settle(Begin("alice", "hunter2"));
  ASSERT_EQ(asked.state, LoginState::kPrompts);
  EXPECT_EQ(Settle(Answer(asked.conversation, {""})).state, LoginState::kFailed);
}

class StepUpTest : public LoginServiceTest {
 protected:
  void SetUp() override {
    LoginServiceTest::SetUp();
    config_.assurance.push_back({"mfa", "rolebridge-mfa", "urn:mfa", std::nullopt});
    session_ = *sessions_.Create({.username = "alice",
                                  .uid = 20001,
                                  .assurance = "password",
                                  .authn_instant = clock_.Now(),
                                  .session_index = "_1"},
                                 issuer_.stored.Commit());
  }

  LoginService::Reply BeginStep(const std::string& level = "mfa",
                                const std::string& username = "") {
    protocol::BeginLoginRequest request{
        .context = {.request_id = "0123456789abcdef", .client_address = "192.0.2.7"},
        .username = username,
        .device = device_,
        .level = level};
    request.session = SecretString(session_.Reveal());
    return service_->Begin(request);
  }
  static Reason ReasonOf(const LoginService::Reply& reply) {
    const Refusal* const refusal = std::get_if<Refusal>(&reply);
    return refusal == nullptr ? Reason::kLast : refusal->reason;
  }

  // Asks for a code and takes "123456"; ends on `name`.
  static PamPeer::Script CodeStack(std::string name = "alice") {
    return [name](Channel& channel) {
      const pam::StartRequest start = ReceiveStart(channel);
      EXPECT_EQ(start.service, "rolebridge-mfa");
      EXPECT_EQ(start.username, "alice");
      const bool is_right = AskFor(channel, {{pam::PromptStyle::kEchoOff, "Code: "}}) ==
                            std::vector<std::string>{"123456"};
      if (is_right) {
        Accept(channel, name);
      } else {
        Refuse(channel, pam::Verdict::kDenied);
      }
    };
  }

  SecretString session_;
  std::string device_;
};

TEST_F(StepUpTest, AddsTheLevelUnderANewIdentifier) {
  Play(CodeStack());
  const LoginReply asked = Settle(BeginStep());
  ASSERT_EQ(asked.state, LoginState::kPrompts);
  EXPECT_EQ(asked.prompts.at(0).text, "Code: ");
  const LoginReply done = Settle(Answer(asked.conversation, {"123456"}));
  ASSERT_EQ(done.state, LoginState::kLoggedIn);
  EXPECT_FALSE(sessions_.Use(session_.Reveal()));
  const std::optional<store::Session> raised = sessions_.Use(done.session.Reveal());
  ASSERT_TRUE(raised);
  EXPECT_EQ(raised->username, "alice");
  EXPECT_EQ(raised->steps.at(0).level, "mfa");
  const auto& record = audit_.records.back();
  EXPECT_EQ(record.name, "level_proved");
  EXPECT_EQ(record.Field("assurance"), "mfa");
  EXPECT_EQ(record.Field("service"), "rolebridge-mfa");
  EXPECT_EQ(record.Field("session"), "_1");
}

TEST_F(StepUpTest, AWrongAnswerLeavesTheSessionAsItWas) {
  Play(CodeStack());
  const LoginReply asked = Settle(BeginStep());
  const LoginReply done = Settle(Answer(asked.conversation, {"000000"}));
  EXPECT_EQ(done.state, LoginState::kFailed);
  EXPECT_GT(done.hold_milliseconds, 0U);
  ASSERT_TRUE(sessions_.Use(session_.Reveal()));
  EXPECT_TRUE(sessions_.Use(session_.Reveal())->steps.empty());
  EXPECT_EQ(audit_.records.back().name, "login_denied");
  EXPECT_EQ(audit_.records.back().Field("service"), "rolebridge-mfa");
}

TEST_F(StepUpTest, PamMayNotEndOnSomebodyElse) {
  Play(CodeStack("mallory"));
  const LoginReply asked = Settle(BeginStep());
  EXPECT_EQ(Settle(Answer(asked.conversation, {"123456"})).state, LoginState::kFailed);
  EXPECT_TRUE(sessions_.Use(session_.Reveal())->steps.empty());
}

TEST_F(StepUpTest, NeedsASessionAndALevelAboveTheFirst) {
  Play(CodeStack());
  for (const char* const level : {"password", "hardware"}) {
    EXPECT_EQ(ReasonOf(BeginStep(level)), Reason::kMalformed) << level;
  }
  EXPECT_EQ(ReasonOf(BeginStep("mfa", "mallory")), Reason::kMalformed);
  session_ = SecretString(std::string(64, '0'));
  EXPECT_EQ(ReasonOf(BeginStep()), Reason::kNoSession);
  EXPECT_EQ(conversations_.size(), 0U);
}

TEST_F(StepUpTest, ASessionThatEndsMeanwhileStaysOver) {
  Play(CodeStack());
  const LoginReply asked = Settle(BeginStep());
  ASSERT_TRUE(*sessions_.End(session_.Reveal(), issuer_.stored.Commit()));
  LoginService::Reply reply = Answer(asked.conversation, {"123456"});
  while (const LoginReply* const working = std::get_if<LoginReply>(&reply)) {
    ASSERT_EQ(working->state, LoginState::kWorking);
    reply = Answer(asked.conversation, {});
  }
  EXPECT_EQ(ReasonOf(reply), Reason::kNoSession);
  EXPECT_EQ(sessions_.size(), 0U);
}

// Each login hands out a device of its own, which must be no fresh start either.
TEST_F(StepUpTest, TheRightPasswordClearsNoGuessesAtACode) {
  for (int i = 0; i < 5; ++i) {
    Play(CodeStack());
    const LoginReply asked = Settle(BeginStep());
    ASSERT_EQ(asked.state, LoginState::kPrompts) << i;
    EXPECT_EQ(Settle(Answer(asked.conversation, {"00000" + std::to_string(i)})).state,
              LoginState::kFailed);
    Play(PasswordStack);
    const LoginReply again = Settle(Begin("alice", "hunter2"));
    ASSERT_EQ(again.state, LoginState::kLoggedIn);
    device_ = again.device;
    session_ = SecretString(again.session.Reveal());
  }
  Play(CodeStack());
  EXPECT_EQ(Settle(BeginStep()).state, LoginState::kThrottled);
  Play(PasswordStack);
  EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kLoggedIn)
      << "and guesses at a code shut nobody out";
}

TEST_F(StepUpTest, NeedsALoginThatStillCounts) {
  config_.assurance[0].valid = seconds(60);
  session_ = *sessions_.Create({.username = "alice",
                                .uid = 20001,
                                .assurance = "password",
                                .authn_instant = clock_.Now() - seconds(60),
                                .session_index = "_2"},
                               issuer_.stored.Commit());
  Play(CodeStack());
  EXPECT_EQ(ReasonOf(BeginStep()), Reason::kNoSession) << "a code alone is one factor";
  config_.assurance[0] = {"other", "rolebridge", "urn:other", std::nullopt};
  EXPECT_EQ(ReasonOf(BeginStep()), Reason::kNoSession) << "a reload took the login's level away";
}

TEST_F(StepUpTest, TheServiceMustStillBeTheLevels) {
  Play(CodeStack());
  const LoginReply asked = Settle(BeginStep());
  config_.assurance[1].pam_service = "rolebridge-other";
  EXPECT_EQ(Settle(Answer(asked.conversation, {"123456"})).state, LoginState::kUnavailable);
  EXPECT_TRUE(sessions_.Use(session_.Reveal())->steps.empty());
}

TEST_F(StepUpTest, TheNameMustStillBeThatUid) {
  session_ = *sessions_.Create({.username = "alice",
                                .uid = 20002,
                                .assurance = "password",
                                .authn_instant = clock_.Now(),
                                .session_index = "_2"},
                               issuer_.stored.Commit());
  Play(CodeStack());
  const LoginReply asked = Settle(BeginStep());
  LoginService::Reply reply = Answer(asked.conversation, {"123456"});
  while (std::holds_alternative<LoginReply>(reply)) reply = Answer(asked.conversation, {});
  EXPECT_EQ(ReasonOf(reply), Reason::kNoSession);
  EXPECT_EQ(audit_.records.back().Field("verdict"), "another_uid");
  EXPECT_TRUE(sessions_.Use(session_.Reveal())->steps.empty());
}

TEST_F(LoginServiceTest, AnEndedConversationIsUnknown) {
  Play(PasswordStack);
  const LoginReply asked = Settle(Begin("alice", ""));
  Settle(Answer(asked.conversation, {"hunter2"}));
  EXPECT_EQ(std::get<Refusal>(Answer(asked.conversation, {"hunter2"})).reason,
            Reason::kUnknownConversation);
  EXPECT_EQ(std::get<Refusal>(Answer("", {})).reason, Reason::kUnknownConversation);
}

TEST_F(LoginServiceTest, AConversationEndsWhenItsPersonDoesNotAnswer) {
  Play(PasswordStack);
  const LoginReply asked = Settle(Begin("alice", ""));
  clock_.skipped += seconds(60);
  EXPECT_EQ(std::get<Refusal>(Answer(asked.conversation, {"hunter2"})).reason,
            Reason::kUnknownConversation);
}

TEST_F(LoginServiceTest, StrangersWithNamesAloneDoNotShutTheDoor) {
  config_.limits.conversations = 4;
  config_.limits.conversations_per_address = 3;
  Play(PasswordStack);
  std::string oldest;
  for (int i = 0; i < 50; ++i) {
    const LoginReply asked = Settle(Begin("stranger", "", "198.51.100." + std::to_string(i)));
    ASSERT_EQ(asked.state, LoginState::kPrompts) << i;
    if (i == 0) oldest = asked.conversation;
    clock_.skipped += std::chrono::milliseconds(1);
  }
  EXPECT_EQ(conversations_.size(), 4U);
  EXPECT_EQ(std::get<Refusal>(Answer(oldest, {"x"})).reason, Reason::kUnknownConversation);
  EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kLoggedIn);
  // One address puts out its own first.
  for (int i = 0; i < 10; ++i) Settle(Begin("stranger", "", "203.0.113.9"));
  EXPECT_EQ(Settle(Begin("alice", "hunter2", "203.0.113.9")).state, LoginState::kLoggedIn);
}

TEST_F(LoginServiceTest, HoldsUpAfterFiveFailuresAndDoesNotAskPam) {
  std::atomic<int> asked{0};
  Play([&](Channel& channel) {
    ++asked;
    PasswordStack(channel);
  });
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Settle(Begin("alice", "wrong" + std::to_string(i))).state, LoginState::kFailed);
  }
  const LoginReply reply = Settle(Begin("alice", "hunter2"));
  EXPECT_EQ(reply.state, LoginState::kThrottled);
  EXPECT_EQ(reply.wait_seconds, 30U);
  EXPECT_GT(reply.hold_milliseconds, 0U);
  EXPECT_EQ(asked, 5);
  EXPECT_EQ(audit_.records.back().Field("stage"), "throttle");
  // The same for somebody whom nobody knows.
  for (int i = 0; i < 5; ++i) Settle(Begin("nobody", "wrong" + std::to_string(i)));
  EXPECT_EQ(Settle(Begin("nobody", "x")).state, LoginState::kThrottled);
}

TEST_F(LoginServiceTest, WhoMistypesNowAndThenIsNeverHeldUp) {
  Play(PasswordStack);
  for (int day = 0; day < 3; ++day) {
    for (int i = 0; i < 4; ++i) {
      const std::string wrong = "wrong" + std::to_string(10 * day + i);
      EXPECT_EQ(Settle(Begin("alice", wrong)).state, LoginState::kFailed) << wrong;
    }
    EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kLoggedIn) << day;
  }
}

TEST_F(LoginServiceTest, ABrowserOfThePersonsOwnIsNotHeldUpByStrangers) {
  Play(PasswordStack);
  const LoginReply first = Settle(Begin("alice", "hunter2"));
  ASSERT_EQ(first.state, LoginState::kLoggedIn);
  EXPECT_EQ(first.device.size(), 64U);
  for (int i = 0; i < 5; ++i) Settle(Begin("alice", "wrong" + std::to_string(i)));
  protocol::BeginLoginRequest request{
      .context = {.request_id = "0123456789abcdef", .client_address = "192.0.2.7"},
      .username = "alice"};
  request.first_secret = SecretString("hunter2");
  request.device = first.device;
  EXPECT_EQ(Settle(service_->Begin(request)).state, LoginState::kLoggedIn);
  // Somebody else's token is none.
  protocol::BeginLoginRequest other{
      .context = {.request_id = "0123456789abcdef", .client_address = "192.0.2.7"},
      .username = "bob"};
  for (int i = 0; i < 5; ++i) Settle(Begin("bob", "wrong" + std::to_string(i)));
  other.first_secret = SecretString("hunter2");
  other.device = first.device;
  EXPECT_EQ(Settle(service_->Begin(other)).state, LoginState::kThrottled);
}

TEST_F(LoginServiceTest, TheSameAgainCostsOneAttempt) {
  std::atomic<int> asked{0};
  Play([&](Channel& channel) {
    ++asked;
    PasswordStack(channel);
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Settle(Begin("alice", "wrong")).state, LoginState::kFailed) << i;
  }
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(audit_.records.back().Field("stage"), "repeat");
  EXPECT_EQ(audit_.records.size(), 2U) << "one record a minute, however many";
  EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kLoggedIn);
  clock_.skipped += std::chrono::minutes(1);
  EXPECT_EQ(Settle(Begin("alice", "wrong")).state, LoginState::kFailed);
  EXPECT_EQ(asked, 3);
}

TEST_F(LoginServiceTest, PamThatDoesNotAnswerCountsAsNoFailure) {
  Play([](Channel&) {});
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(Settle(Begin("alice", "hunter2")).state, LoginState::kUnavailable) << i;
  }
}

TEST_F(LoginServiceTest, NoRecordNoSession) {
  Play(PasswordStack);
  audit_.fails = true;
  LoginService::Reply reply = Begin("alice", "hunter2");
  while (const auto* login = std::get_if<LoginReply>(&reply)) {
    ASSERT_EQ(login->state, LoginState::kWorking);
    reply = Answer(login->conversation, {});
  }
  EXPECT_EQ(std::get<Refusal>(reply).reason, Reason::kUnavailable);
  EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(LoginServiceTest, ALoginThatFindsNoRoomIsOnRecord) {
  Play(PasswordStack);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(
        sessions_.Create({.username = "user" + std::to_string(i)}, issuer_.stored.Commit()));
  }
  LoginService::Reply reply = Begin("alice", "hunter2");
  while (const auto* login = std::get_if<LoginReply>(&reply)) {
    ASSERT_EQ(login->state, LoginState::kWorking);
    reply = Answer(login->conversation, {});
  }
  EXPECT_EQ(std::get<Refusal>(reply).reason, Reason::kTooManyLogins);
  ASSERT_EQ(audit_.records.size(), 1U);
  EXPECT_EQ(audit_.records[0].name, "login_denied");
  EXPECT_EQ(audit_.records[0].Field("user"), "alice");
  EXPECT_EQ(audit_.records[0].Field("stage"), "session");
}

}  // namespace
}  // namespace rolebridge::issuer
