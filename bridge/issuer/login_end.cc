#include "bridge/issuer/login_end.h"

#include <algorithm>
#include <optional>
#include <utility>

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

constexpr uint32_t kHoldSpread =
    400;  // failed logins are answered at 2 s, 200 ms more or less (T6)

LoginState StateOf(pam::Verdict verdict) {
  switch (verdict) {
    case pam::Verdict::kPasswordExpired:
      return LoginState::kPasswordExpired;
    case pam::Verdict::kPasswordKept:
      return LoginState::kPasswordKept;
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

LoginAttempt AttemptOf(const Login& login) {
  if (login.session.empty()) return {login.username, login.client_address, login.device};
  // A step-up counts for itself, whatever the browser: the right password must not clear guesses at
  // a code, and each login with it brings a device of its own.
  return {login.username + " " + login.level.name, login.client_address, ""};
}

LoginAnswer LoginEnd::Conclude(Login& login, const protocol::Context& context,
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
      CanonicalUsername(outcome.pam_user, config_.usernames);
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

LoginAnswer LoginEnd::Admit(Login& login, const protocol::Context& context,
                            const std::string& username, const pam::Outcome& outcome) {
  LogFields fields = {{"request", context.request_id},      {"user", username},
                      {"rhost", login.client_address},      {"user_agent", context.user_agent},
                      {"service", login.level.pam_service}, {"assurance", login.level.name}};
  const std::string session_index = "_" + RandomHex(means_.random, 20);
  fields.emplace_back("session", session_index);
  if (username != login.username) fields.emplace_back("typed_user", login.username);
  if (!RecordChange(login, context, outcome)) return Refusal{Reason::kUnavailable, ""};
  means_.known_names.Add(username);
  means_.repeated_attempts.Forget(login.digest);
  if (login.is_counted) means_.throttle.Succeed(AttemptOf(login));
  means_.conversations.Forget(login.id);
  Result<SecretString> session = means_.sessions.Create(
      {.username = username,
       .uid = outcome.uid,
       .assurance = login.level.name,
       .client_address = login.client_address,
       .authn_instant = means_.clock.Now(),
       .session_index = session_index},
      [&](std::vector<store::Change> changes) {
        return means_.audit.Write({"login_succeeded", LogPriority::kInfo, fields},
                                  std::move(changes));
      });
  if (!session) return RefuseSession(fields, session.error());
  means_.metrics.CountLogin("succeeded");
  LoginReply reply{.state = LoginState::kLoggedIn};
  reply.session = *std::move(session);
  reply.device =
      MakeDeviceToken(means_.keys.devices, login.username, means_.clock.Now(), means_.random);
  return reply;
}

LoginAnswer LoginEnd::StepUp(Login& login, const protocol::Context& context,
                             const pam::Outcome& outcome) {
  const std::optional<store::Session> session = means_.sessions.Use(login.session.Reveal());
  const auto refuse = [&](const std::string& verdict) {
    means_.metrics.CountLogin(verdict);
    const Result<void> recorded = means_.audit.Write({"login_denied",
                                                      LogPriority::kNotice,
                                                      {{"request", context.request_id},
                                                       {"user", login.username},
                                                       {"rhost", login.client_address},
                                                       {"service", login.level.pam_service},
                                                       {"stage", "session"},
                                                       {"verdict", verdict}}});
    return Refusal{recorded ? Reason::kNoSession : Reason::kUnavailable, ""};
  };
  means_.conversations.Forget(login.id);
  if (!session || !CurrentAssurance(config_, *session, means_.clock.Now()))
    return refuse("session_over");
  if (session->uid != outcome.uid) return refuse("another_uid");
  if (login.is_counted) means_.throttle.Succeed(AttemptOf(login));
  Result<SecretString> raised =
      means_.sessions.StepUp(login.session.Reveal(), {login.level.name, means_.clock.Now()},
                             [&](std::vector<store::Change> changes) {
                               return means_.audit.Write({"level_proved",
                                                          LogPriority::kInfo,
                                                          {{"request", context.request_id},
                                                           {"user", login.username},
                                                           {"rhost", login.client_address},
                                                           {"user_agent", context.user_agent},
                                                           {"service", login.level.pam_service},
                                                           {"assurance", login.level.name},
                                                           {"session", session->session_index}}},
                                                         std::move(changes));
                             });
  if (!raised) {
    if (raised.error().code == ErrorCode::kNotFound) return refuse("session_over");
    return Refusal{Reason::kUnavailable, ""};
  }
  means_.metrics.CountLogin("stepped_up");
  LoginReply reply{.state = LoginState::kLoggedIn};
  reply.session = *std::move(raised);
  return reply;
}

// PAM said yes, and there is no room, or nothing can be put on record.
LoginAnswer LoginEnd::RefuseSession(LogFields fields, const Error& error) {
  const bool has_no_room = error.code == ErrorCode::kResourceExhausted;
  means_.metrics.CountLogin(has_no_room ? "no_room" : "no_record");
  if (!has_no_room) return Refusal{Reason::kUnavailable, ""};
  fields.emplace_back("stage", "session");
  fields.emplace_back("detail", error.message);
  const Result<void> recorded =
      means_.audit.Write({"login_denied", LogPriority::kError, std::move(fields)});
  return Refusal{recorded ? Reason::kTooManyLogins : Reason::kUnavailable, ""};
}

LoginAnswer LoginEnd::Deny(Login& login, const protocol::Context& context,
                           const pam::Outcome& outcome) {
  means_.metrics.CountLogin(pam::NameOf(outcome.verdict));
  means_.conversations.Forget(login.id);
  if (!RecordChange(login, context, outcome)) return Refusal{Reason::kUnavailable, ""};
  const bool is_ours = outcome.verdict == pam::Verdict::kUnavailable;
  // Nor is a right password a failed attempt because its owner did not find a new one.
  const bool is_no_guess = is_ours || outcome.verdict == pam::Verdict::kPasswordKept;
  if (is_no_guess && login.is_counted) means_.throttle.GiveBack(AttemptOf(login));
  // A code of the next half minute may be right where this one was wrong.
  if (outcome.verdict == pam::Verdict::kDenied && !login.was_asked_more) {
    means_.repeated_attempts.Fail(login.digest);
  } else {
    means_.repeated_attempts.Forget(login.digest);
  }
  const Result<void> recorded =
      means_.audit.Write({"login_denied",
                          is_ours ? LogPriority::kError : LogPriority::kNotice,
                          {{"request", context.request_id},
                           {"user", NameForRecord(login.username)},
                           {"rhost", login.client_address},
                           {"service", login.level.pam_service},
                           {"stage", login.is_change ? "password_change" : "pam"},
                           {"verdict", std::string(pam::NameOf(outcome.verdict))},
                           {"detail", outcome.detail}}});
  if (!recorded) return Refusal{Reason::kUnavailable, ""};
  return Held(StateOf(outcome.verdict), login.last_input);
}

LoginAnswer LoginEnd::Repeat(Login& login, const protocol::Context& context) {
  means_.metrics.CountLogin("repeated");
  means_.conversations.Forget(login.id);
  if (!RecordUnasked("repeat", login.username, context)) {
    return Refusal{Reason::kUnavailable, ""};
  }
  return Held(LoginState::kFailed, login.last_input);
}

LoginAnswer LoginEnd::HoldUp(const std::string& username, const protocol::Context& context,
                             seconds wait, BootTime since) {
  means_.metrics.CountLogin("throttled");
  if (!RecordUnasked("throttle", username, context)) {
    return Refusal{Reason::kUnavailable, ""};
  }
  LoginReply reply = Held(LoginState::kThrottled, since);
  reply.wait_seconds = static_cast<uint32_t>(wait.count());
  return reply;
}

// Nobody can have it, so nobody is guessed at; but the address is known for it.
LoginAnswer LoginEnd::RefuseName(const protocol::BeginLoginRequest& request, BootTime since) {
  const protocol::Context& context = request.context;
  const LoginAttempt attempt{"", context.client_address, ""};
  if (const auto wait = means_.throttle.Reserve(attempt)) {
    return HoldUp(request.username, context, *wait, since);
  }
  means_.metrics.CountLogin("malformed_name");
  const Result<void> recorded = means_.audit.Write({"login_denied",
                                                    LogPriority::kNotice,
                                                    {{"request", context.request_id},
                                                     {"user", NameForRecord(request.username)},
                                                     {"rhost", context.client_address},
                                                     {"stage", "name"},
                                                     {"verdict", "malformed_name"}}});
  if (!recorded) return Refusal{Reason::kUnavailable, ""};
  return Held(LoginState::kFailed, since);
}

LoginAnswer LoginEnd::RefuseForRoom(const protocol::Context& context, const std::string& username) {
  return RefuseSession({{"request", context.request_id},
                        {"user", NameForRecord(username)},
                        {"rhost", context.client_address}},
                       {ErrorCode::kResourceExhausted, "limits.conversations is reached"});
}

Result<void> LoginEnd::RecordUnasked(std::string_view stage, const std::string& name,
                                     const protocol::Context& context) {
  const std::optional<uint32_t> others = means_.unasked_logins.Count(stage, context.client_address);
  if (!others) return {};
  return means_.audit.Write({"login_denied",
                             LogPriority::kNotice,
                             {{"request", context.request_id},
                              {"user", NameForRecord(name)},
                              {"rhost", context.client_address},
                              {"stage", std::string(stage)},
                              {"verdict", "denied"},
                              {"others_since", std::to_string(*others)}}});
}

// The new password is in force, whatever becomes of the login.
Result<void> LoginEnd::RecordChange(const Login& login, const protocol::Context& context,
                                    const pam::Outcome& outcome) {
  if (!login.is_change || outcome.detail != pam::kPasswordChanged) return {};
  return means_.audit.Write({"password_changed",
                             LogPriority::kNotice,
                             {{"request", context.request_id},
                              {"user", login.username},
                              {"rhost", login.client_address},
                              {"user_agent", context.user_agent},
                              {"service", login.level.pam_service}}});
}

// Every refusal reaches the person at the same time after what they last sent, whatever it was that
// failed (security.md T6); web keeps it by a timer.
LoginReply LoginEnd::Held(LoginState state, BootTime since) {
  uint32_t random = 0;
  means_.random.Fill({reinterpret_cast<unsigned char*>(&random), sizeof(random)});
  const uint32_t target = config_.limits.login_failure_milliseconds;
  const uint32_t spread = std::min(kHoldSpread, target / 5);
  const milliseconds due{target - spread / 2 + (spread == 0 ? 0 : random % spread)};
  const milliseconds left = std::max(since + due - means_.clock.SinceBoot(), milliseconds(0));
  return {.state = state, .hold_milliseconds = static_cast<uint32_t>(left.count())};
}

std::string LoginEnd::NameForRecord(const std::string& typed) const {
  if (means_.known_names.Contains(typed)) return typed;
  const std::string digest = crypto::HmacSha256(means_.keys.names, typed);
  const std::string hex = ToHex(digest);
  return "hmac:" + hex.substr(0, 16) + ":length:" + std::to_string(typed.size());
}

}  // namespace rolebridge::issuer
