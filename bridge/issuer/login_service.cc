#include "bridge/issuer/login_service.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

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

constexpr milliseconds kPatience{220};  // begin_login and answer reply within 250 ms

// The right of one request to wait for PAM, which takes one of web's workers away from everybody
// else meanwhile. Half of the workers may be taken so; a login beyond that is answered as still
// working, and comes again.
class Patience {
 public:
  Patience(std::atomic<uint32_t>& waiting, uint32_t workers)
      : waiting_(waiting), is_granted_(waiting_++ < std::max(workers / 2, 1U)) {}
  ~Patience() { --waiting_; }
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

  milliseconds span() const { return is_granted_ ? kPatience : milliseconds(0); }

 private:
  std::atomic<uint32_t>& waiting_;
  const bool is_granted_;
};

constexpr std::string_view kPasswordHasExpired =
    "Your password has expired. Choose a new one to go on.";

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

// The last of them, as many as a reply takes: the questions stand last, and of more notices than
// fit the first go.
std::vector<protocol::Prompt> NewestOf(const std::vector<pam::Prompt>& prompts) {
  const size_t count = std::min<size_t>(prompts.size(), protocol::kMaxPrompts);
  std::vector<protocol::Prompt> newest;
  std::transform(prompts.end() - static_cast<std::ptrdiff_t>(count), prompts.end(),
                 std::back_inserter(newest), [](const pam::Prompt& prompt) {
                   return protocol::Prompt{StyleOf(prompt.style), prompt.text};
                 });
  return newest;
}

}  // namespace

LoginService::Reply LoginService::Begin(protocol::BeginLoginRequest& request) {
  if (!request.level.empty()) return BeginStepUp(request);
  const BootTime began = means_.clock.SinceBoot();
  const std::optional<std::string> username =
      CanonicalUsername(request.username, config_.usernames);
  if (!username) return end_.RefuseName(request, began);
  const LoginPtr login =
      means_.conversations.Begin(*username, request.context.client_address, config_.limits);
  if (!login) return end_.RefuseForRoom(request.context, *username);
  const std::lock_guard lock(login->mutex);
  login->level = config_.assurance.front();
  if (IsDeviceOf(means_.keys.devices, request.device, *username, means_.clock.Now())) {
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
  const std::optional<store::Session> session = means_.sessions.Use(request.session.Reveal());
  // What counts for nothing any more is no ground for more: the password first.
  if (!session || !CurrentAssurance(config_, *session, means_.clock.Now())) {
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
      means_.conversations.Begin(session->username, request.context.client_address, config_.limits);
  if (!login) return end_.RefuseForRoom(request.context, session->username);
  const std::lock_guard lock(login->mutex);
  login->level = *level;
  login->session = std::move(request.session);
  login->was_asked_more = true;
  if (const auto wait = means_.throttle.Reserve(AttemptOf(*login))) {
    means_.conversations.Forget(login->id);
    return end_.HoldUp(login->username, request.context, *wait, login->last_input);
  }
  login->is_counted = true;
  return Converse(*login, request.context);
}

LoginService::Reply LoginService::Answer(protocol::AnswerRequest& request) {
  const LoginPtr login = means_.conversations.Find(request.conversation);
  if (!login) return Refusal{Reason::kUnknownConversation, ""};
  const std::lock_guard lock(login->mutex);
  if (request.answers.empty()) {
    // A page that comes again by itself in two seconds: with many of them, waiting here for what
    // takes half a minute would leave no worker of web's for anybody else.
    if (login->asked.empty()) return Advance(*login, request.context, milliseconds(0));
    return Ask(*login, std::exchange(login->asked, {}));
  }
  const auto wanted =
      static_cast<size_t>(std::count_if(login->asked.begin(), login->asked.end(), WantsAnswer));
  if (request.answers.size() != wanted) return Refusal{Reason::kMalformed, ""};
  login->asked.clear();
  means_.conversations.NoteInput(*login);
  // Empty answers never leave the issuer: some modules take them for a password (security.md P3).
  const bool has_empty = std::any_of(request.answers.begin(), request.answers.end(),
                                     [](const SecretString& answer) { return answer.empty(); });
  if (has_empty) {
    return end_.Deny(*login, request.context,
                     {.verdict = pam::Verdict::kDenied, .detail = "empty answer"});
  }
  if (!login->conversation) {
    login->first_secret = std::move(request.answers.front());
    return StartPam(*login, request.context);
  }
  const Result<void> answered = login->conversation->Answer(std::move(request.answers));
  if (!answered) {
    return end_.Deny(*login, request.context,
                     {.verdict = answered.error().code == ErrorCode::kInvalidArgument
                                     ? pam::Verdict::kDenied
                                     : pam::Verdict::kUnavailable,
                      .detail = answered.error().message});
  }
  return AdvancePatiently(*login, request.context);
}

// Everything that may keep an attempt from PAM stands here, since here it gets its first secret.
LoginService::Reply LoginService::StartPam(Login& login, const protocol::Context& context) {
  using Standing = RepeatedAttempts::Standing;
  const Standing standing =
      means_.repeated_attempts.Begin(login.username, login.first_secret, login.digest);
  if (standing == Standing::kFailed) return end_.Repeat(login, context);
  if (standing == Standing::kNew) {
    if (const auto wait = means_.throttle.Reserve(AttemptOf(login))) {
      means_.repeated_attempts.Forget(login.digest);
      means_.conversations.Forget(login.id);
      return end_.HoldUp(login.username, context, *wait, login.last_input);
    }
    login.is_counted = true;
  }
  return Converse(login, context);
}

LoginService::Reply LoginService::Converse(Login& login, const protocol::Context& context) {
  Result<pam::Conversation> conversation =
      pam::Conversation::Begin(login.is_change ? means_.pam.change : means_.pam.login,
                               {.service = login.level.pam_service,
                                .username = login.username,
                                .rhost = login.client_address},
                               means_.pam.uid);
  if (!conversation) {
    return end_.Deny(
        login, context,
        {.verdict = pam::Verdict::kUnavailable, .detail = conversation.error().message});
  }
  login.conversation.emplace(*std::move(conversation));
  return AdvancePatiently(login, context);
}

LoginService::Reply LoginService::AdvancePatiently(Login& login, const protocol::Context& context) {
  const Patience patience(means_.conversations.waiting(), config_.limits.workers);
  return Advance(login, context, patience.span());
}

LoginService::Reply LoginService::Advance(Login& login, const protocol::Context& context,
                                          milliseconds patience) {
  if (!login.conversation) return Refusal{Reason::kUnknownConversation, ""};
  const BootTime deadline = means_.clock.SinceBoot() + patience;
  while (true) {
    const milliseconds left = std::max(deadline - means_.clock.SinceBoot(), milliseconds(0));
    std::optional<pam::Step> step = login.conversation->Poll(left);
    if (!step) {
      // A push that waits has often said what to confirm, or which number to type on the phone.
      return LoginReply{.state = LoginState::kWorking,
                        .conversation = login.id,
                        .prompts = NewestOf(login.notices)};
    }
    if (step->outcome) {
      means_.metrics.Observe(Metrics::Step::kPam, means_.clock.SinceBoot() - login.last_input);
      if (GoesOnWithChange(login, *step->outcome)) return BeginChange(login, context);
      login.first_secret.Wipe();
      return end_.Conclude(login, context, *step->outcome);
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
      return AskMore(login, context, std::move(step->prompts));
    }
    std::vector<SecretString> answers;
    answers.push_back(TakeFirstSecret(login));
    const Result<void> answered = login.conversation->Answer(std::move(answers));
    if (!answered) {
      return end_.Deny(login, context,
                       {.verdict = pam::Verdict::kUnavailable, .detail = answered.error().message});
    }
    // PAM has only now got what it needs to make up its mind; this comes once in a login.
    if (patience == milliseconds(0)) return AdvancePatiently(login, context);
  }
}

// A password that may be changed now will be asked for by the next process, too: the person typed
// it a moment ago.
SecretString LoginService::TakeFirstSecret(Login& login) const {
  if (login.is_change || !login.session.empty() || !CanChangePasswords()) {
    return std::exchange(login.first_secret, SecretString());
  }
  return SecretString(login.first_secret.Reveal());
}

LoginService::Reply LoginService::Ask(Login& login, std::vector<pam::Prompt> prompts) {
  login.asked = std::exchange(login.notices, {});
  login.asked.insert(login.asked.end(), prompts.begin(), prompts.end());
  means_.conversations.AwaitPerson(login);
  return LoginReply{
      .state = LoginState::kPrompts, .conversation = login.id, .prompts = NewestOf(login.asked)};
}

bool LoginService::CanChangePasswords() const {
  return !means_.pam.change.empty() && access(means_.pam.change.c_str(), W_OK) == 0;
}

bool LoginService::GoesOnWithChange(const Login& login, const pam::Outcome& outcome) const {
  return outcome.verdict == pam::Verdict::kPasswordExpired && !login.is_change &&
         login.session.empty() && CanChangePasswords();
}

// What else is asked for can be guessed at, too: a login that was let pass as the same again (of
// one that is under way) is an attempt of its own from here on.
LoginService::Reply LoginService::AskMore(Login& login, const protocol::Context& context,
                                          std::vector<pam::Prompt> prompts) {
  if (!login.is_counted) {
    if (const auto wait = means_.throttle.Reserve(AttemptOf(login))) {
      means_.conversations.Forget(login.id);
      return end_.HoldUp(login.username, context, *wait, login.last_input);
    }
    login.is_counted = true;
  }
  return Ask(login, std::move(prompts));
}

// The password was right, and it is not enough: no login yet. It stays an attempt until it is one.
LoginService::Reply LoginService::BeginChange(Login& login, const protocol::Context& context) {
  means_.repeated_attempts.Forget(login.digest);
  const Result<void> recorded = means_.audit.Write({"password_change_begun",
                                                    LogPriority::kNotice,
                                                    {{"request", context.request_id},
                                                     {"user", end_.NameForRecord(login.username)},
                                                     {"rhost", login.client_address},
                                                     {"service", login.level.pam_service}}});
  if (!recorded) return Refusal{Reason::kUnavailable, ""};
  means_.conversations.BeginChange(login);
  login.is_first_prompt = true;
  login.was_asked_more = true;
  login.notices = {{pam::PromptStyle::kInfo, std::string(kPasswordHasExpired)}};
  return Converse(login, context);
}

bool LoginService::CanReachPam() const {
  // Connecting would start a process for each probe; a socket file that is there is what we can
  // know cheaply. A login that finds nobody behind it is answered as unavailable.
  return access(means_.pam.login.c_str(), W_OK) == 0;
}

}  // namespace rolebridge::issuer
