#include "bridge/web/login_handlers.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <variant>
#include <vector>

#include "bridge/web/cookie.h"
#include "bridge/web/next_path.h"
#include "bridge/web/saml_handlers.h"

namespace rolebridge::web {
namespace {

using protocol::LoginReply;
using protocol::LoginState;
using protocol::Prompt;
using protocol::PromptStyle;
using protocol::Refusal;

// What the page says above the form. `visible` empty: the sentence of input-error itself is shown.
struct LoginMessage {
  int status = 200;
  std::string_view visible;
};

constexpr LoginMessage kWrongPassword = {200, ""};
constexpr LoginMessage kIncomplete = {200, "Type both your user name and your password."};
constexpr LoginMessage kForeignLogin = {
    403,
    "This page had been open for too long, or cookies are switched off. Please sign in again."};
constexpr LoginMessage kTooLong = {200, "That sign-in took too long. Please start again."};
constexpr LoginMessage kExpired = {
    200, "Your password has expired. Change it where you usually do, then sign in here."};
constexpr LoginMessage kKept = {200,
                                "Your password has expired and was not changed. Sign in again to "
                                "choose a new one."};
constexpr LoginMessage kNotWorking = {
    503, "Signing in does not work at the moment. Try again in a minute."};

// "in about 2 minutes". The same for names that nobody has.
std::string ThrottledText(uint32_t seconds) {
  const uint32_t minutes = (seconds + 59) / 60;
  const std::string when =
      seconds <= 60 ? std::to_string(seconds) + " seconds" : std::to_string(minutes) + " minutes";
  return "Too many sign-ins have failed. Try again in " + when +
         ". A browser in which you have signed in before need not wait for what others got wrong.";
}

std::string LoginUrl(const Visit& visit, std::string_view next) {
  return visit.settings().reply.url + LoginPath(next);
}

std::string StatePath(const std::string& sealed) { return "/login?state=" + sealed; }

// The login page; the browser gets its login cookie with it unless it has one.
HttpResponse LoginPage(const Visit& visit, const std::string& next, const LoginMessage* message) {
  HttpResponse fresh;
  const std::string cookie = visit.LoginCookieFor(fresh);
  PageData data = visit.CommonData(message != nullptr ? "Not signed in" : "Sign in");
  data.set("action", LoginUrl(visit, next));
  data.set("csrf", visit.settings().csrf.Make(FormKind::kLogin, cookie));
  data.set("wrong_password", message != nullptr && message->visible.empty());
  data.set("notice", message != nullptr && !message->visible.empty());
  data.set("notice_text", std::string(message != nullptr ? message->visible : ""));
  HttpResponse response =
      visit.Render(Page::kLogin, data, message != nullptr ? message->status : 200);
  response.headers.insert(response.headers.end(), fresh.headers.begin(), fresh.headers.end());
  return response;
}

// "Password: " -> "Password".
std::string LabelOf(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == ':' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  return text.empty() ? "Answer" : std::string(text);
}

// A phone offers the code of a message, a password manager the password, where the module's words
// let us guess which of the two is asked for.
std::string_view AutocompleteOf(const Prompt& prompt) {
  std::string text = prompt.text;
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  for (const std::string_view word : {"code", "token", "otp", "passcode", "one-time", "pin"}) {
    if (text.find(word) != std::string::npos) return "one-time-code";
  }
  if (prompt.style == PromptStyle::kEchoOn) return "off";
  return text.find("new") == std::string::npos ? "current-password" : "new-password";
}

// What the module says, and a field for each question, named answer0, answer1 … in their order.
void AddPrompts(PageData& data, const std::vector<Prompt>& prompts) {
  PageData messages(PageData::type::list);
  PageData fields(PageData::type::list);
  for (const Prompt& prompt : prompts) {
    const bool asks = prompt.style == PromptStyle::kEchoOff || prompt.style == PromptStyle::kEchoOn;
    PageData item;
    if (asks) {
      item.set("name", "answer" + std::to_string(fields.list_value().size()));
      item.set("label", LabelOf(prompt.text));
      item.set("type", prompt.style == PromptStyle::kEchoOff ? "password" : "text");
      item.set("autocomplete", std::string(AutocompleteOf(prompt)));
      item.set("first", fields.list_value().empty());
      fields.push_back(item);
    } else {
      item.set("text", prompt.text);
      item.set("is_error", prompt.style == PromptStyle::kError);
      messages.push_back(item);
    }
  }
  data.set("messages", messages);
  data.set("fields", fields);
}

// A page in the middle of a conversation.
HttpResponse ConversationPage(const Visit& visit, Page page, const LoginReply& reply,
                              ConversationState state) {
  const std::string cookie(*visit.login_cookie());
  PageData data = visit.CommonData(page == Page::kWorking ? "Signing in" : "One more step");
  data.set("username", state.username);
  data.set("start_over",
           state.level.empty() ? LoginUrl(visit, "/") : StepUpPath(state.level, state.next));
  data.set("is_step_up", !state.level.empty());
  data.set("level", state.level);
  state.conversation = reply.conversation;
  const std::string path = StatePath(SealConversation(
      visit.settings().reply.sealing_keys, std::move(state), cookie, visit.site().random));
  data.set("action", visit.settings().reply.url + path);
  data.set("csrf", visit.settings().csrf.Make(FormKind::kLogin, cookie));
  AddPrompts(data, reply.prompts);
  if (page == Page::kWorking) {
    data.set("again", path);
    data.set("refresh", PageData("content", "2;url=" + path));
  }
  return visit.Render(page, data);
}

// answer0, answer1 … as far as they go. Errors: kInvalidArgument, one is longer than PAM takes.
Result<std::vector<SecretString>> AnswersIn(const Form& form) {
  std::vector<SecretString> answers;
  while (answers.size() < protocol::kMaxPrompts) {
    const auto answer = form.Find("answer" + std::to_string(answers.size()));
    if (!answer) break;
    if (answer->size() > protocol::kMaxSecret) {
      return Error{ErrorCode::kInvalidArgument, "an answer that is too long"};
    }
    answers.emplace_back(*answer);
  }
  return answers;
}

// What a step-up's address names; nothing where it is none.
struct Step {
  std::string level;
  std::string next;
};

std::optional<Step> StepIn(const HttpRequest& request) {
  const Result<Form> query = Form::Parse(request.query);
  if (!query) return std::nullopt;
  const std::string_view level = query->Get("level");
  const bool is_word =
      !level.empty() && level.size() <= 64 && std::all_of(level.begin(), level.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
      });
  if (!is_word) return std::nullopt;
  return Step{std::string(level), AllowedNext(query->Get("next"))};
}

}  // namespace

HttpResponse LoginHandlers::ShowLogin(const HttpRequest& request) const {
  const Visit visit(site_, request);
  const Result<Form> query = Form::Parse(request.query);
  if (!query) return visit.Show(ProblemOf(400));
  // The page that waits for PAM comes back here by itself. It ends in no other browser's session:
  // its state opens only with the cookie for which it was sealed.
  if (const auto sealed = query->Find("state")) return Continue(visit, Form(), *sealed);
  return LoginPage(visit, AllowedNext(query->Get("next")), nullptr);
}

HttpResponse LoginHandlers::SubmitLogin(const HttpRequest& request) const {
  const Visit visit(site_, request);
  const Result<Form> query = Form::Parse(request.query);
  const Result<Form> form = visit.PostedForm();
  if (!query || !form) return visit.Show(ProblemOf(400));
  const std::string next = AllowedNext(query->Get("next"));
  if (!visit.IsOwnForm(FormKind::kLogin, *form)) return LoginPage(visit, next, &kForeignLogin);
  if (const auto sealed = query->Find("state")) return Continue(visit, *form, *sealed);
  return Begin(visit, *form, next);
}

HttpResponse LoginHandlers::Begin(const Visit& visit, const Form& form,
                                  const std::string& next) const {
  const std::string username(form.Get("username"));
  const std::string_view password = form.Get("password");
  // Without the first secret no conversation begins: names alone must not hold a place (T9).
  if (username.empty() || password.empty()) return LoginPage(visit, next, &kIncomplete);
  if (username.size() > 256 || password.size() > protocol::kMaxSecret) {
    HttpResponse response = LoginPage(visit, next, &kWrongPassword);
    response.hold =
        std::chrono::milliseconds(visit.settings().reply.limits.login_failure_milliseconds);
    return response;
  }
  protocol::BeginLoginRequest begin{
      .context = visit.Context(), .username = username, .first_secret = SecretString(password)};
  if (visit.device()) begin.device = *visit.device();
  const auto answer = site_.issuer.BeginLogin(begin);
  if (!answer) return visit.IssuerFailed(answer.error());
  return Outcome(visit, *answer, {.conversation = "", .username = username, .next = next});
}

HttpResponse LoginHandlers::Continue(const Visit& visit, const Form& form,
                                     std::string_view sealed) const {
  std::optional<ConversationState> state;
  if (visit.login_cookie()) {
    state = OpenConversation(visit.settings().reply.sealing_keys, sealed, *visit.login_cookie());
  }
  if (!state) return LoginPage(visit, "/", &kTooLong);
  Result<std::vector<SecretString>> answers = AnswersIn(form);
  if (!answers) return visit.Show(ProblemOf(400));
  protocol::AnswerRequest request{.context = visit.Context(),
                                  .conversation = state->conversation,
                                  .answers = std::move(*answers)};
  const auto answer = site_.issuer.AnswerPrompts(request);
  if (!answer) return visit.IssuerFailed(answer.error());
  return Outcome(visit, *answer, std::move(*state));
}

HttpResponse LoginHandlers::Outcome(const Visit& visit, const protocol::Answer<LoginReply>& answer,
                                    ConversationState state) const {
  if (const auto* refusal = std::get_if<Refusal>(&answer)) {
    const bool is_step = !state.level.empty();
    if (refusal->reason == protocol::Reason::kUnknownConversation && !is_step) {
      return LoginPage(visit, state.next, &kTooLong);
    }
    if (is_step) return visit.Refused(*refusal, state.next);
    return visit.Show(ProblemOf(refusal->reason), refusal->detail);
  }
  const LoginReply& reply = std::get<LoginReply>(answer);
  const auto page = [&] {
    switch (reply.state) {
      case LoginState::kPrompts:
        return ConversationPage(visit, Page::kPrompts, reply, std::move(state));
      case LoginState::kWorking:
        return ConversationPage(visit, Page::kWorking, reply, std::move(state));
      case LoginState::kLoggedIn:
        return LoggedIn(visit, reply, state);
      case LoginState::kFailed:
      case LoginState::kThrottled:
      case LoginState::kPasswordExpired:
      case LoginState::kUnavailable:
      case LoginState::kPasswordKept:
        return state.level.empty() ? NotLoggedIn(visit, reply, state.next)
                                   : StepRefused(visit, reply, state);
    }
    return visit.Show(ProblemOf(500));
  };
  HttpResponse response = page();
  response.hold = std::chrono::milliseconds(reply.hold_milliseconds);
  return response;
}

HttpResponse LoginHandlers::NotLoggedIn(const Visit& visit, const LoginReply& reply,
                                        const std::string& next) const {
  if (reply.state == LoginState::kThrottled) {
    const std::string text = ThrottledText(reply.wait_seconds);
    const LoginMessage message{429, text};
    return LoginPage(visit, next, &message);
  }
  if (reply.state == LoginState::kPasswordExpired) return LoginPage(visit, next, &kExpired);
  if (reply.state == LoginState::kPasswordKept) return LoginPage(visit, next, &kKept);
  if (reply.state == LoginState::kUnavailable) return LoginPage(visit, next, &kNotWorking);
  return LoginPage(visit, next, &kWrongPassword);
}

HttpResponse LoginHandlers::StepRefused(const Visit& visit, const LoginReply& reply,
                                        const ConversationState& state) const {
  const std::string again = StepUpPath(state.level, state.next);
  if (reply.state == LoginState::kThrottled) return visit.Show(kStepThrottled, {}, again);
  if (reply.state == LoginState::kUnavailable) {
    return visit.Show(ProblemOf(protocol::Reason::kUnavailable), {}, again);
  }
  return visit.Show(kStepFailed, {}, again);
}

HttpResponse LoginHandlers::LoggedIn(const Visit& visit, const LoginReply& reply,
                                     const ConversationState& state) const {
  // One login, one session: what this browser had before dies with it (security.md B2).
  if (visit.session()) {
    protocol::EndSessionRequest end{.context = visit.Context(),
                                    .session = SecretString(*visit.session())};
    static_cast<void>(site_.issuer.EndSession(end));
  }
  HttpResponse response = visit.SeeOther(
      MarkFreshLogin(visit, AllowedNext(state.next), reply.session.Reveal(), state.level.empty()));
  response.headers.emplace_back("Set-Cookie", SetCookie(kSessionCookie, reply.session.Reveal()));
  if (!reply.device.empty()) {
    response.headers.emplace_back("Set-Cookie", SetDeviceCookie(reply.device));
  }
  return response;
}

HttpResponse LoginHandlers::ShowStepUp(const HttpRequest& request) const {
  const Visit visit(site_, request);
  const std::optional<Step> step = StepIn(request);
  if (!step) return visit.Show(ProblemOf(400));
  if (!visit.session()) return visit.ToLogin(step->next);
  return visit.AskForStepUp(step->level, {}, step->next);
}

HttpResponse LoginHandlers::BeginStepUp(const HttpRequest& request) const {
  const Visit visit(site_, request);
  const std::optional<Step> step = StepIn(request);
  const Result<Form> form = visit.PostedForm();
  if (!step || !form) return visit.Show(ProblemOf(400));
  if (!visit.session()) return visit.ToLogin(step->next);
  // A page elsewhere must not have somebody's telephone ask them.
  if (!visit.IsOwnForm(FormKind::kSession, *form)) return visit.Show(kForeignForm);
  if (!visit.login_cookie()) return visit.AskForStepUp(step->level, {}, step->next);
  protocol::BeginLoginRequest begin{.context = visit.Context(), .level = step->level};
  begin.session = SecretString(*visit.session());
  const auto answer = site_.issuer.BeginLogin(begin);
  if (!answer) return visit.IssuerFailed(answer.error());
  return Outcome(visit, *answer,
                 {.conversation = "", .username = "", .next = step->next, .level = step->level});
}

HttpResponse LoginHandlers::SignOut(const HttpRequest& request) const {
  const Visit visit(site_, request);
  const Result<Form> form = visit.PostedForm();
  if (!form) return visit.Show(ProblemOf(400));
  if (visit.session()) {
    if (!visit.IsOwnForm(FormKind::kSession, *form)) return visit.Show(kForeignForm);
    protocol::EndSessionRequest end{.context = visit.Context(),
                                    .session = SecretString(*visit.session())};
    const auto answer = site_.issuer.EndSession(end);
    if (!answer) return visit.IssuerFailed(answer.error());
  }
  PageData data = visit.CommonData("Signed out");
  PageData applications(PageData::type::list);
  for (const protocol::ApplicationSettings& application : visit.settings().reply.applications) {
    if (application.sign_out_url.empty()) continue;
    PageData item("name", application.name);
    item.set("sign_out_url", application.sign_out_url);
    applications.push_back(item);
  }
  data.set("has_applications", applications.is_non_empty_list());
  data.set("applications", applications);
  HttpResponse response = visit.Render(Page::kSignedOut, data);
  response.headers.emplace_back("Set-Cookie", ClearCookie(kSessionCookie));
  return response;
}

}  // namespace rolebridge::web
