#include "pam/monitor.h"

#include <security/pam_appl.h>
#include <strings.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "pam/account.h"
#include "pam/conversation.h"
#include "pam/peer_watch.h"
#include "pam/service_file.h"
#include "pam/transaction.h"

namespace rolebridge::pam {
namespace {

using std::chrono::steady_clock;

constexpr int kTriesOfChange = 3;

struct Ending {
  Outcome outcome;
  std::string remark;
};

Ending EndWith(Verdict verdict, const char* detail, std::string remark = "") {
  return {{.verdict = verdict, .detail = detail}, std::move(remark)};
}

bool IsDenied(const Settings& settings, const std::string& name) {
  return std::any_of(
      settings.deny_users.begin(), settings.deny_users.end(),
      [&name](const std::string& denied) { return strcasecmp(denied.c_str(), name.c_str()) == 0; });
}

// U1 and U5 for `name`, whose account (where it has one) goes to `uid`; nothing where it may pass.
std::optional<Ending> RefuseName(const Settings& settings, const std::string& name,
                                 std::optional<uint32_t>& uid) {
  if (!IsUsername(name)) return EndWith(Verdict::kNotAPerson, "malformed_name");
  if (strcasecmp(name.c_str(), "root") == 0 || IsDenied(settings, name)) {
    return EndWith(Verdict::kNotAPerson, "refused_name");
  }
  const Result<std::optional<uint32_t>> found = FindLocalUid(name);
  if (!found) return EndWith(Verdict::kUnavailable, "account_database", found.error().message);
  uid = *found;
  if (uid && *uid < settings.min_uid) return EndWith(Verdict::kNotAPerson, "uid_below_minimum");
  return std::nullopt;
}

const char* DetailOf(RelayFailure failure) {
  switch (failure) {
    case RelayFailure::kPeerGone:
      return "peer_gone";
    case RelayFailure::kPeerBroke:
      return "peer_broke_protocol";
    case RelayFailure::kAnswerDeadline:
      return "answer_deadline";
    case RelayFailure::kTooManyPrompts:
      return "too_many_prompts";
    case RelayFailure::kTooManyRounds:
      return "too_many_rounds";
    case RelayFailure::kTooManyTexts:
      return "too_many_texts";
    case RelayFailure::kUnknownStyle:
      return "unknown_prompt_style";
  }
  return "unknown";
}

// Whoever lets a module ask until it may not any more has tried often enough; the rest is ours.
Verdict VerdictOf(RelayFailure failure) {
  return failure == RelayFailure::kTooManyRounds ? Verdict::kTooManyTries : Verdict::kUnavailable;
}

// What PAM ended with, once both calls succeeded.
Ending Accept(const Settings& settings, const std::string& name) {
  std::optional<uint32_t> uid;
  // U3: the account is that of the name PAM ended on, whoever the login was begun for.
  if (std::optional<Ending> refusal = RefuseName(settings, name, uid)) return std::move(*refusal);
  if (!uid && !settings.allow_people_without_local_account) {
    return EndWith(Verdict::kNotAPerson, "no_local_account",
                   "PAM accepted a name without a local account; see "
                   "people_without_local_account in rolebridge-pam.conf");
  }
  return {{.verdict = Verdict::kAccepted, .pam_user = name, .uid = uid, .detail = "PAM_SUCCESS"},
          ""};
}

// A module that turned the new password down has said why; so the person is asked again.
bool MayBeTriedAgain(int code) { return code == PAM_AUTHTOK_ERR || code == PAM_TRY_AGAIN; }

// One login on its way through PAM.
struct Login {
  const StartRequest& request;
  const MonitorRules& rules;
  PromptRelay& relay;
};

// What pam_acct_mgmt says once the password is another. Modules go by what they keep from earlier
// calls, and pam_sss says "expired" for as long as the transaction lives in which it was; then one
// that knows of nothing decides, about the same name.
int CheckChangedAccount(const Login& login, Transaction& transaction) {
  const int checked = transaction.CheckAccount();
  if (checked != PAM_NEW_AUTHTOK_REQD || login.relay.failure()) return checked;
  StartRequest request = login.request;
  request.username = transaction.User();
  const pam_conv conversation = login.relay.AsPamConv();
  auto fresh = Transaction::Start(request, login.rules.service_folder, conversation);
  if (!fresh) return PAM_SYSTEM_ERR;
  const int checked_anew = fresh->CheckAccount();
  return fresh->User() == request.username ? checked_anew : PAM_USER_UNKNOWN;
}

// pam_chauthtok, and what the account is like then; nothing where it is as it should be.
std::optional<Ending> ChangePassword(const Login& login, Transaction& transaction) {
  const PromptRelay& relay = login.relay;
  int changed = PAM_TRY_AGAIN;
  for (int tries = kTriesOfChange; tries > 0 && MayBeTriedAgain(changed); --tries) {
    changed = transaction.ChangeExpiredPassword();
    if (relay.failure()) return EndWith(VerdictOf(*relay.failure()), DetailOf(*relay.failure()));
  }
  if (changed != PAM_SUCCESS) return EndWith(Verdict::kPasswordKept, PamCodeName(changed));
  const int checked = CheckChangedAccount(login, transaction);
  if (checked == PAM_SUCCESS && !relay.failure()) return std::nullopt;
  // No login, and yet the new password is the password: that is what the record has to say.
  const Verdict verdict =
      relay.failure() ? VerdictOf(*relay.failure()) : VerdictOfCheckAccount(checked);
  return EndWith(verdict, kPasswordChanged.data(),
                 std::string("pam_acct_mgmt after the change: ") + PamCodeName(checked));
}

Ending RunPam(const Login& login, Transaction& transaction) {
  const PromptRelay& relay = login.relay;
  const int authenticated = transaction.Authenticate();
  if (relay.failure()) return EndWith(VerdictOf(*relay.failure()), DetailOf(*relay.failure()));
  if (authenticated != PAM_SUCCESS) {
    return EndWith(VerdictOfAuthenticate(authenticated), PamCodeName(authenticated));
  }
  // P5: an expired account authenticates fine and fails only here.
  const int checked = transaction.CheckAccount();
  if (relay.failure()) return EndWith(VerdictOf(*relay.failure()), DetailOf(*relay.failure()));
  if (checked == PAM_SUCCESS) return Accept(login.rules.settings, transaction.User());
  if (checked != PAM_NEW_AUTHTOK_REQD || !login.rules.changes_expired_passwords) {
    return EndWith(VerdictOfCheckAccount(checked), PamCodeName(checked));
  }
  // Before a module may write: is it the password of somebody who may pass?
  Ending accepted = Accept(login.rules.settings, transaction.User());
  if (accepted.outcome.verdict != Verdict::kAccepted) return accepted;
  if (auto refusal = ChangePassword(login, transaction)) return std::move(*refusal);
  if (transaction.User() != accepted.outcome.pam_user) {
    return EndWith(Verdict::kNotAPerson, kPasswordChanged.data(), "PAM ended on another name");
  }
  accepted.outcome.detail = std::string(kPasswordChanged);
  return accepted;
}

// Who was started to change passwords needs a stack for that: libpam would take that of 'other'.
std::optional<Ending> RefuseChange(const Settings& settings, const std::vector<StackLine>& stack) {
  if (!settings.allow_change_of_expired_passwords) {
    return EndWith(Verdict::kPasswordExpired, "change_not_allowed",
                   "see expired_passwords in rolebridge-pam.conf");
  }
  const bool has_password_line = std::any_of(
      stack.begin(), stack.end(), [](const StackLine& line) { return line.type == "password"; });
  if (has_password_line) return std::nullopt;
  return EndWith(Verdict::kPasswordExpired, "no_password_line",
                 "the PAM service has no password line, which changing needs");
}

Ending LogIn(const StartRequest& request, const MonitorRules& rules, PromptRelay& relay) {
  std::optional<uint32_t> uid;
  if (auto refusal = RefuseName(rules.settings, request.username, uid)) return std::move(*refusal);
  // P2: for a file that is missing libpam takes 'other', which may let anybody in.
  const auto stack = ReadServiceFile(rules.service_folder, request.service);
  if (!stack) return EndWith(Verdict::kUnavailable, "service_file", stack.error().message);
  if (rules.changes_expired_passwords) {
    if (auto refusal = RefuseChange(rules.settings, *stack)) return std::move(*refusal);
  }
  const pam_conv conversation = relay.AsPamConv();
  Result<Transaction> transaction = Transaction::Start(request, rules.service_folder, conversation);
  if (!transaction) {
    return EndWith(Verdict::kUnavailable, "pam_start", transaction.error().message);
  }
  return RunPam({request, rules, relay}, *transaction);
}

Result<StartRequest> ReceiveStart(Channel& channel, const MonitorRules& rules) {
  ReplyDue start_due(channel.fd());
  if (rules.process_ends_with_peer) EndWhenPeerLeaves(channel.fd());
  const Result<SecretString> message = channel.Receive(kMaxMessageBytes, rules.deadlines.start);
  if (!message) return message.error();
  start_due.Received();
  return DecodeStart(message->Reveal());
}

bool IsPeerAtFault(const PromptRelay& relay) {
  return relay.failure() == RelayFailure::kPeerBroke || relay.failure() == RelayFailure::kPeerGone;
}

}  // namespace

Verdict VerdictOfAuthenticate(int code) {
  switch (code) {
    case PAM_SUCCESS:
      return Verdict::kAccepted;
    case PAM_AUTH_ERR:
    case PAM_USER_UNKNOWN:
    case PAM_CRED_INSUFFICIENT:
    case PAM_PERM_DENIED:
    case PAM_CRED_ERR:
      return Verdict::kDenied;
    case PAM_MAXTRIES:
      return Verdict::kTooManyTries;
    case PAM_ACCT_EXPIRED:
      return Verdict::kAccountExpired;
    case PAM_NEW_AUTHTOK_REQD:
    case PAM_AUTHTOK_EXPIRED:
    case PAM_CRED_EXPIRED:
      return Verdict::kPasswordExpired;
    default:  // PAM_AUTHINFO_UNAVAIL, and all that says the stack itself does not work
      return Verdict::kUnavailable;
  }
}

Verdict VerdictOfCheckAccount(int code) {
  switch (code) {
    case PAM_SUCCESS:
      return Verdict::kAccepted;
    case PAM_ACCT_EXPIRED:
      return Verdict::kAccountExpired;
    case PAM_NEW_AUTHTOK_REQD:
    case PAM_AUTHTOK_EXPIRED:
    case PAM_CRED_EXPIRED:
      return Verdict::kPasswordExpired;
    case PAM_PERM_DENIED:
    case PAM_AUTH_ERR:
    case PAM_USER_UNKNOWN:
      return Verdict::kAccountRefused;
    case PAM_MAXTRIES:
      return Verdict::kTooManyTries;
    default:
      return Verdict::kUnavailable;
  }
}

Result<ServedLogin> ServeLogin(Channel& channel, const MonitorRules& rules) {
  const auto login_end = steady_clock::now() + rules.deadlines.login;
  Result<StartRequest> request = ReceiveStart(channel, rules);
  if (!request) return request.error();
  PromptRelay relay(channel, rules.deadlines, login_end,
                    rules.changes_expired_passwords ? kMaxAskingRoundsOfChange : kMaxAskingRounds);
  Ending ending = LogIn(*request, rules, relay);
  LetPeerLeave(channel.fd());
  if (IsPeerAtFault(relay)) {
    return Error{ErrorCode::kInvalidArgument, DetailOf(*relay.failure())};
  }
  const Result<SecretString> message = EncodeOutcome(ending.outcome);
  if (!message) return message.error();
  const Result<void> sent = channel.Send(message->Reveal(), rules.deadlines.start);
  if (!sent) return sent.error();
  return ServedLogin{std::move(*request), std::move(ending.outcome), std::move(ending.remark)};
}

}  // namespace rolebridge::pam
