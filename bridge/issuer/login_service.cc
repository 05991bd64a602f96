#include "bridge/issuer/login_service.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "bridge/base/channel.h"
#include "bridge/crypto/crypto.h"
#include "bridge/issuer/device_token.h"
#include "bridge/issuer/person_reader.h"
#include "bridge/issuer/username.h"

namespace rolebridge::issuer {
namespace {

using protocol::LoginReply;
using protocol::LoginState;
using protocol::Reason;
using protocol::Refusal;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kPatience{220};  // begin_login and answer reply within 250 ms
constexpr milliseconds kUnaskedQuiet = std::chrono::minutes(1);
constexpr milliseconds kUnaskedKept = std::chrono::minutes(10);
constexpr size_t kMaxUnasked = 10'000;
constexpr uint32_t kHoldSpread =
    400;  // failed logins are answered at 2 s, 200 ms more or less (T6)

bool WantsAnswer(const pam::Prompt& prompt) { return pam::WantsAnswer(prompt.style); }

protocol::PromptStyle StyleOf(pam::PromptStyle style) {
  switch (style) {
    case pam::PromptStyle::kEchoOff:
      return protocol::PromptStyle::kEchoOff;
    case pam::PromptStyle::kEchoOn:
      return protocol::PromptStyle::kEchoOn;
    case pam::PromptStyle::kInfo:
      return protocol::PromptStyle::kInfo;
    case pam::PromptStyle::kError:
      return protocol::PromptStyle::kError;
  }
  return protocol::PromptStyle::kError;
}

LoginState StateOf(pam::Verdict verdict) {
  switch (verdict) {
    case pam::Verdict::kPasswordExpired:
      return LoginState::kPasswordExpired;
    case pam::Verdict::kUnavailable:
      return LoginState::kUnavailable;
    case pam::Verdict::kAccepted:
    case pam::Verdict::kDenied:
    case pam::Verdict::kAccountExpired:
    case pam::Verdict::kAccountRefused:
    case pam::Verdict::kNotAPerson:
    case pam::Verdict::kTooManyTries:
      return LoginState::kFailed;
  }
  return LoginState::kFailed;
}

}  // namespace

LoginAttempt LoginService::AttemptOf(const Login& login) {
  if (login.session.empty()) return {login.username, login.client_address, login.device};
  // A step-up counts for itself, whatever the browser: the right password must not clear guesses at
  // a code, and each login with it brings a device of its own.
  return {login.username + " " + login.level.name, login.client_address, ""};
}

LoginService::LoginService(const config::Config& config, PamSocket pam,
                           store::SessionStore& sessions, store::KnownNames& known_names,
                           Throttle& throttle, Conversations& conversations, Audit& audit,
                           Metrics& metrics, const Clock& clock, Random& random,
                           const StateKeys& keys)
    : config_(config),
      pam_(std::move(pam)),
      sessions_(sessions),
      known_names_(known_names),
      throttle_(throttle),
      conversations_(conversations),
      audit_(audit),
      metrics_(metrics),
      clock_(clock),
      random_(random),
      keys_(keys),
      repeated_(clock, random) {}

LoginService::Reply LoginService::Begin(protocol::BeginLoginRequest& request) {
  if (!request.level.empty()) return BeginStepUp(request);
  const BootTime began = clock_.SinceBoot();
  const std::optional<std::string> username =
      CanonicalUsername(request.username, config_.fold_user_case);
  if (!username) return RefuseName(request, began);
  const LoginPtr login =
      conversations_.Begin(*username, request.context.client_address, config_.limits);
  if (!login) return RefuseForRoom(request.context, *username);
  const std::lock_guard lock(login->mutex);
  login->level = config_.assurance.front();
  if (IsDeviceOf(keys_.devices, request.device, *username, clock_.Now())) {
    login->device = request.device;
  }
  if (request.first_secret.empty()) {
    return Ask(*login, {{pam::PromptStyle::kEchoOff, "Password:"}});
  }
  login->first_secret = std::move(request.first_secret);
  return StartPam(*login, request.context);
}

// Whose password was right already: PAM is asked at once, and only for the level that is missing.
LoginService::Reply LoginService::BeginStepUp(protocol::BeginLoginRequest& request) {
  const std::optional<store::Session> session = sessions_.Use(request.session.Reveal());
  // What counts for nothing any more is no ground for more: the password first.
  if (!session || !CurrentAssurance(config_, *session, clock_.Now())) {
    return Refusal{Reason::kNoSession, ""};
  }
  const auto level = std::find_if(
      config_.assurance.begin(), config_.assurance.end(),
      [&](const config::AssuranceLevel& candidate) { return candidate.name == request.level; });
  const bool is_step = level != config_.assurance.end() && level != config_.assurance.begin();
  if (!is_step || !request.username.empty() || !request.first_secret.empty()) {
    return Refusal{Reason::kMalformed, ""};
  }
  const LoginPtr login =
      conversations_.Begin(session->username, request.context.client_address, config_.limits);
  if (!login) return RefuseForRoom(request.context, session->username);
  const std::lock_guard lock(login->mutex);
  login->level = *level;
  login->session = std::move(request.session);
  login->was_asked_more = true;
  if (const auto wait = throttle_.Reserve(AttemptOf(*login))) {
    conversations_.Forget(login->id);
    return HoldUp(login->username, request.context, *wait, login->last_input);
  }
  login->is_counted = true;
  return Converse(*login, request.context);
}

LoginService::Reply LoginService::RefuseForRoom(const protocol::Context& context,
                                                const std::string& username) {
  return RefuseSession({{"request", context.request_id},
                        {"user", NameForRecord(username)},
                        {"rhost", context.client_address}},
                       {ErrorCode::kResourceExhausted, "limits.conversations is reached"});
}

// Nobody can have it, so nobody is guessed at; but the address is known for it.
LoginService::Reply LoginService::RefuseName(const protocol::BeginLoginRequest& request,
                                             BootTime began) {
  const protocol::Context& context = request.context;
  const LoginAttempt attempt{"", context.client_address, ""};
  if (const auto wait = throttle_.Reserve(attempt)) {
    return HoldUp(request.username, context, *wait, began);
  }
  metrics_.CountLogin("malformed_name");
  const Result<void> recorded = audit_.Write({"login_denied",
                                              LogPriority::kNotice,
                                              {{"request", context.request_id},
                                               {"user", NameForRecord(request.username)},
                                               {"rhost", context.client_address},
                                               {"stage", "name"},
                                               {"verdict", "malformed_name"}}});
  if (!recorded) return Refusal{Reason::kUnavailable, ""};
  return Held(LoginState::kFailed, began);
}

LoginService::Reply LoginService::Answer(protocol::AnswerRequest& request) {
  const LoginPtr login = conversations_.Find(request.conversation);
  if (!login) return Refusal{Reason::kUnknownConversation, ""};
  const std::lock_guard lock(login->mutex);
  if (request.answers.empty()) {
    if (login->asked.empty()) return Advance(*login, request.context);
    return Ask(*login, std::exchange(login->asked, {}));
  }
  const auto wanted =
      static_cast<size_t>(std::count_if(login->asked.begin(), login->asked.end(), WantsAnswer));
  if (request.answers.size() != wanted) return Refusal{Reason::kMalformed, ""};
  login->asked.clear();
  conversations_.NoteInput(*login);
  // Empty answers never leave the issuer: some modules take them for a password (security.md P3).
  const bool has_empty = std::any_of(request.answers.begin(), request.answers.end(),
                                     [](const SecretString& answer) { return answer.empty(); });
  if (has_empty) {
    return Deny(*login, request.context,
                {.verdict = pam::Verdict::kDenied, .detail = "empty answer"});
  }
  if (!login->conversation) {
    login->first_secret = std::move(request.answers.front());
    return StartPam(*login, request.context);
  }
  const Result<void> answered = login->conversation->Answer(std::move(request.answers));
  if (!answered) {
    return Deny(*login, request.context,
                {.verdict = answered.error().code == ErrorCode::kInvalidArgument
                                ? pam::Verdict::kDenied
                                : pam::Verdict::kUnavailable,
                 .detail = answered.error().message});
  }
  return Advance(*login, request.context);
}

// Everything that may keep an attempt from PAM stands here, since here it gets its first secret.
LoginService::Reply LoginService::StartPam(Login& login, const protocol::Context& context) {
  using Standing = RepeatedAttempts::Standing;
  const Standing standing = repeated_.Begin(login.username, login.first_secret, login.digest);
  if (standing == Standing::kFailed) return Repeat(login, context);
  if (standing == Standing::kNew) {
    if (const auto wait = throttle_.Reserve(AttemptOf(login))) {
      repeated_.Forget(login.digest);
      conversations_.Forget(login.id);
      return HoldUp(login.username, context, *wait, login.last_input);
    }
    login.is_counted = true;
  }
  return Converse(login, context);
}

LoginService::Reply LoginService::Converse(Login& login, const protocol::Context& context) {
  Result<pam::Conversation> conversation =
      pam::Conversation::Begin(pam_.path,
                               {.service = login.level.pam_service,
                                .username = login.username,
                                .rhost = login.client_address},
                               pam_.uid);
  if (!conversation) {
    return Deny(login, context,
                {.verdict = pam::Verdict::kUnavailable, .detail = conversation.error().message});
  }
  login.conversation.emplace(*std::move(conversation));
  return Advance(login, context);
}

// The same again within a minute: the same answer, and PAM, whose modules count too, is not asked.
LoginService::Reply LoginService::Repeat(Login& login, const protocol::Context& context) {
  metrics_.CountLogin("repeated");
  conversations_.Forget(login.id);
  if (!RecordUnasked("repeat", NameForRecord(login.username), context)) {
    return Refusal{Reason::kUnavailable, ""};
  }
  return Held(LoginState::kFailed, login.last_input);
}

LoginService::Reply LoginService::HoldUp(const std::string& username,
                                         const protocol::Context& context, seconds wait,
                                         BootTime since) {
  metrics_.CountLogin("throttled");
  if (!RecordUnasked("throttle", NameForRecord(username), context)) {
    return Refusal{Reason::kUnavailable, ""};
  }
  LoginReply reply = Held(LoginState::kThrottled, since);
  reply.wait_seconds = static_cast<uint32_t>(wait.count());
  return reply;
}

// Of a flood that PAM never hears of, one record a minute and network tells how many there were:
// strangers must not be able to fill the disk.
Result<void> LoginService::RecordUnasked(std::string_view stage, std::string name,
                                         const protocol::Context& context) {
  const BootTime now = clock_.SinceBoot();
  uint32_t others = 0;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(unasked_,
                  [&](const auto& entry) { return now - entry.second.recorded >= kUnaskedKept; });
    const std::string key = std::string(stage) + NetworkOf(context.client_address, 24, 48);
    if (!unasked_.contains(key) && unasked_.size() >= kMaxUnasked) return {};
    Unasked& unasked = unasked_[key];
    if (unasked.has_record && now - unasked.recorded < kUnaskedQuiet) {
      ++unasked.others;
      return {};
    }
    others = std::exchange(unasked.others, 0);
    unasked.has_record = true;
    unasked.recorded = now;
  }
  return audit_.Write({"login_denied",
                       LogPriority::kNotice,
                       {{"request", context.request_id},
                        {"user", std::move(name)},
                        {"rhost", context.client_address},
                        {"stage", std::string(stage)},
                        {"verdict", "denied"},
                        {"others_since", std::to_string(others)}}});
}

LoginService::Reply LoginService::Advance(Login& login, const protocol::Context& context) {
  if (!login.conversation) return Refusal{Reason::kUnknownConversation, ""};
  const BootTime deadline = clock_.SinceBoot() + kPatience;
  while (true) {
    const milliseconds left = std::max(deadline - clock_.SinceBoot(), milliseconds(0));
    std::optional<pam::Step> step = login.conversation->Poll(left);
    if (!step) return LoginReply{.state = LoginState::kWorking, .conversation = login.id};
    if (step->outcome) {
      metrics_.Observe(Metrics::Step::kPam, clock_.SinceBoot() - login.last_input);
      return Conclude(login, context, *step->outcome);
    }
    const auto asked = std::count_if(step->prompts.begin(), step->prompts.end(), WantsAnswer);
    if (asked == 0) {
      login.notices.insert(login.notices.end(), step->prompts.begin(), step->prompts.end());
      continue;
    }
    const bool fits_first_secret =
        login.is_first_prompt && !login.first_secret.empty() && asked == 1 &&
        std::any_of(step->prompts.begin(), step->prompts.end(), [](const pam::Prompt& prompt) {
          return prompt.style == pam::PromptStyle::kEchoOff;
        });
    login.is_first_prompt = false;
    login.was_asked_more = login.was_asked_more || !fits_first_secret;
    if (!fits_first_secret) {
      login.first_secret.Wipe();
      return Ask(login, std::move(step->prompts));
    }
    std::vector<SecretString> answers;
    answers.push_back(std::exchange(login.first_secret, SecretString()));
    const Result<void> answered = login.conversation->Answer(std::move(answers));
    if (!answered) {
      return Deny(login, context,
                  {.verdict = pam::Verdict::kUnavailable, .detail = answered.error().message});
    }
  }
}

LoginService::Reply LoginService::Ask(Login& login, std::vector<pam::Prompt> prompts) {
  login.asked = std::exchange(login.notices, {});
  login.asked.insert(login.asked.end(), prompts.begin(), prompts.end());
  if (login.asked.size() > protocol::kMaxPrompts) {
    // The questions stand last; of more notices than fit, the first go.
    login.asked.erase(login.asked.begin(),
                      login.asked.end() - static_cast<std::ptrdiff_t>(protocol::kMaxPrompts));
  }
  conversations_.AwaitPerson(login);
  LoginReply reply{.state = LoginState::kPrompts, .conversation = login.id};
  for (const pam::Prompt& prompt : login.asked) {
    reply.prompts.push_back({StyleOf(prompt.style), prompt.text});
  }
  return reply;
}

LoginService::Reply LoginService::Conclude(Login& login, const protocol::Context& context,
                                           const pam::Outcome& outcome) {
  if (outcome.verdict != pam::Verdict::kAccepted) return Deny(login, context, outcome);
  // A reload may have given the level to another service, since this one was not to be trusted.
  const bool still_proves = std::any_of(
      config_.assurance.begin(), config_.assurance.end(), [&](const config::AssuranceLevel& level) {
        return level.name == login.level.name && level.pam_service == login.level.pam_service;
      });
  if (!still_proves) {
    return Deny(login, context,
                {.verdict = pam::Verdict::kUnavailable,
                 .detail = "the service proves that level no longer"});
  }
  // The name that PAM ended with is the name that counts, by the same rule as a typed one (U3).
  const std::optional<std::string> username =
      CanonicalUsername(outcome.pam_user, config_.fold_user_case);
  if (!username) {
    return Deny(login, context,
                {.verdict = pam::Verdict::kNotAPerson, .detail = "PAM ended on a malformed name"});
  }
  if (login.session.empty()) return Admit(login, context, *username, outcome);
  if (*username != login.username) {
    return Deny(login, context,
                {.verdict = pam::Verdict::kNotAPerson, .detail = "PAM ended on another name"});
  }
  return StepUp(login, context, outcome);
}

LoginService::Reply LoginService::Admit(Login& login, const protocol::Context& context,
                                        const std::string& username, const pam::Outcome& outcome) {
  LogFields fields = {{"request", context.request_id},
                      {"user", username},
                      {"rhost", login.client_address},
                      {"user_agent", context.user_agent},
                      {"service", login.level.pam_service},
                      {"assurance", login.level.name},
                      {"config", config_.hash}};
  const std::string session_index = "_" + RandomHex(random_, 20);
  fields.emplace_back("session", session_index);
  if (username != login.username) fields.emplace_back("typed_user", login.username);
  known_names_.Add(username);
  repeated_.Forget(login.digest);
  if (login.is_counted) throttle_.Succeed(AttemptOf(login));
  conversations_.Forget(login.id);
  Result<SecretString> session = sessions_.Create(
      {.username = username,
       .uid = outcome.uid,
       .assurance = login.level.name,
       .client_address = login.client_address,
       .authn_instant = clock_.Now(),
       .session_index = session_index},
      [&](std::vector<store::Change> changes) {
        return audit_.Write({"login_succeeded", LogPriority::kInfo, fields}, std::move(changes));
      });
  if (!session) return RefuseSession(fields, session.error());
  metrics_.CountLogin("succeeded");
  LoginReply reply{.state = LoginState::kLoggedIn};
  reply.session = *std::move(session);
  reply.device = MakeDeviceToken(keys_.devices, login.username, clock_.Now(), random_);
  return reply;
}

LoginService::Reply LoginService::StepUp(Login& login, const protocol::Context& context,
                                         const pam::Outcome& outcome) {
  const std::optional<store::Session> session = sessions_.Use(login.session.Reveal());
  const auto refuse = [&](const std::string& verdict) {
    metrics_.CountLogin(verdict);
    const Result<void> recorded = audit_.Write({"login_denied",
                                                LogPriority::kNotice,
                                                {{"request", context.request_id},
                                                 {"user", login.username},
                                                 {"rhost", login.client_address},
                                                 {"service", login.level.pam_service},
                                                 {"stage", "session"},
                                                 {"verdict", verdict}}});
    return Refusal{recorded ? Reason::kNoSession : Reason::kUnavailable, ""};
  };
  conversations_.Forget(login.id);
  if (!session || !CurrentAssurance(config_, *session, clock_.Now())) return refuse("session_over");
  if (session->uid != outcome.uid) return refuse("another_uid");
  if (login.is_counted) throttle_.Succeed(AttemptOf(login));
  Result<SecretString> raised =
      sessions_.StepUp(login.session.Reveal(), {login.level.name, clock_.Now()},
                       [&](std::vector<store::Change> changes) {
                         return audit_.Write({"level_proved",
                                              LogPriority::kInfo,
                                              {{"request", context.request_id},
                                               {"user", login.username},
                                               {"rhost", login.client_address},
                                               {"user_agent", context.user_agent},
                                               {"service", login.level.pam_service},
                                               {"assurance", login.level.name},
                                               {"config", config_.hash},
                                               {"session", session->session_index}}},
                                             std::move(changes));
                       });
  if (!raised) {
    if (raised.error().code == ErrorCode::kNotFound) return refuse("session_over");
    return Refusal{Reason::kUnavailable, ""};
  }
  metrics_.CountLogin("stepped_up");
  LoginReply reply{.state = LoginState::kLoggedIn};
  reply.session = *std::move(raised);
  return reply;
}

// PAM said yes, and there is no room, or nothing can be put on record.
LoginService::Reply LoginService::RefuseSession(LogFields fields, const Error& error) {
  const bool has_no_room = error.code == ErrorCode::kResourceExhausted;
  metrics_.CountLogin(has_no_room ? "no_room" : "no_record");
  if (!has_no_room) return Refusal{Reason::kUnavailable, ""};
  fields.emplace_back("stage", "session");
  fields.emplace_back("detail", error.message);
  const Result<void> recorded =
      audit_.Write({"login_denied", LogPriority::kError, std::move(fields)});
  return Refusal{recorded ? Reason::kTooManyLogins : Reason::kUnavailable, ""};
}

LoginService::Reply LoginService::Deny(Login& login, const protocol::Context& context,
                                       const pam::Outcome& outcome) {
  metrics_.CountLogin(pam::NameOf(outcome.verdict));
  conversations_.Forget(login.id);
  const bool is_ours = outcome.verdict == pam::Verdict::kUnavailable;
  if (is_ours && login.is_counted) throttle_.GiveBack(AttemptOf(login));
  // A code of the next half minute may be right where this one was wrong.
  if (outcome.verdict == pam::Verdict::kDenied && !login.was_asked_more) {
    repeated_.Fail(login.digest);
  } else {
    repeated_.Forget(login.digest);
  }
  const Result<void> recorded =
      audit_.Write({"login_denied",
                    is_ours ? LogPriority::kError : LogPriority::kNotice,
                    {{"request", context.request_id},
                     {"user", NameForRecord(login.username)},
                     {"rhost", login.client_address},
                     {"service", login.level.pam_service},
                     {"stage", "pam"},
                     {"verdict", std::string(pam::NameOf(outcome.verdict))},
                     {"detail", outcome.detail}}});
  if (!recorded) return Refusal{Reason::kUnavailable, ""};
  return Held(StateOf(outcome.verdict), login.last_input);
}

// Every refusal reaches the person at the same time after what they last sent, whatever it was that
// failed (security.md T6); web keeps it by a timer.
LoginReply LoginService::Held(LoginState state, BootTime since) {
  uint32_t random = 0;
  random_.Fill({reinterpret_cast<unsigned char*>(&random), sizeof(random)});
  const uint32_t target = config_.limits.login_failure_milliseconds;
  const uint32_t spread = std::min(kHoldSpread, target / 5);
  const milliseconds due{target - spread / 2 + (spread == 0 ? 0 : random % spread)};
  const milliseconds left = std::max(since + due - clock_.SinceBoot(), milliseconds(0));
  return {.state = state, .hold_milliseconds = static_cast<uint32_t>(left.count())};
}

std::string LoginService::NameForRecord(const std::string& typed) const {
  if (known_names_.Contains(typed)) return typed;
  const std::string digest = crypto::HmacSha256(keys_.names, typed);
  const std::string hex = ToHex(digest);
  return "hmac:" + hex.substr(0, 16) + ":length:" + std::to_string(typed.size());
}

bool LoginService::CanReachPam() const {
  // Connecting would start a process for each probe; a socket file that is there is what we can
  // know cheaply. A login that finds nobody behind it is answered as unavailable.
  return access(pam_.path.c_str(), W_OK) == 0;
}

}  // namespace rolebridge::issuer
