#include "bridge/web/visit.h"

#include <utility>

#include "bridge/base/log.h"
#include "bridge/base/random.h"
#include "bridge/web/cookie.h"
#include "bridge/web/next_path.h"

namespace rolebridge::web {
namespace {

constexpr size_t kMaxUserAgent = 120;
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

}  // namespace

Visit::Visit(const Site& site, const HttpRequest& request)
    : site_(site), request_(request), settings_(site.settings.Get()) {
  const std::string_view cookies = request.Field("cookie").value_or("");
  session_ = FindCookie(cookies, kSessionCookie);
  login_cookie_ = FindCookie(cookies, kLoginCookie);
  device_ = FindCookie(cookies, kDeviceCookie);
}

protocol::Context Visit::Context() const {
  return {.request_id = request_.request_id,
          .client_address = request_.client_address,
          .user_agent =
              std::string(request_.Field("user-agent").value_or("").substr(0, kMaxUserAgent))};
}

Result<Form> Visit::PostedForm() const {
  const std::string_view type = request_.Field("content-type").value_or("");
  if (type.substr(0, type.find(';')) != kFormType) {
    return Error{ErrorCode::kInvalidArgument, "not a form"};
  }
  return Form::Parse(request_.body);
}

bool Visit::IsOwnForm(FormKind kind, const Form& form) const {
  const std::optional<std::string_view> cookie =
      kind == FormKind::kSession ? session_ : login_cookie_;
  return cookie &&
         IsOwnOrigin(request_.Field("origin").value_or(""),
                     request_.Field("sec-fetch-site").value_or(""), settings_->origin) &&
         settings_->csrf.IsValid(kind, *cookie, form.Get("csrf"));
}

PageData Visit::CommonData(std::string_view title) const {
  const protocol::SettingsReply& settings = settings_->reply;
  PageData data;
  data.set("title", std::string(title));
  data.set("brand", settings.site_name.empty() ? "rolebridge" : settings.site_name);
  PageData banners(PageData::type::list);
  for (const std::string& banner : settings.banners) banners.push_back({"text", banner});
  data.set("banners", banners);
  data.set("request_id", request_.request_id);
  data.set("has_help_contact", !settings.help_contact.empty());
  data.set("help_contact", settings.help_contact);
  data.set("refresh", false);
  data.set("is_problem", false);
  data.set("signed_in", false);
  data.set("has_display_name", false);
  return data;
}

void Visit::AddSession(PageData& data) const {
  data.set("signed_in", session_.has_value());
  if (session_) data.set("csrf", settings_->csrf.Make(FormKind::kSession, *session_));
}

HttpResponse Visit::Render(Page page, const PageData& data, int status,
                           const PageSecurity& security) const {
  HttpResponse response;
  response.status = status;
  response.headers = SecurityHeaders(security);
  response.headers.emplace_back("Content-Type", "text/html; charset=utf-8");
  response.body = site_.pages.Render(page, data);
  return response;
}

HttpResponse Visit::SeeOther(std::string path) const {
  HttpResponse response;
  response.status = 303;
  response.headers = SecurityHeaders();
  response.headers.emplace_back("Location", std::move(path));
  return response;
}

HttpResponse Visit::ToLogin(std::string_view next) const {
  HttpResponse response = SeeOther(LoginPath(AllowedNext(next)));
  if (session_) response.headers.emplace_back("Set-Cookie", ClearCookie(kSessionCookie));
  return response;
}

HttpResponse Visit::Show(const Problem& problem, std::string_view detail,
                         std::string_view again_at) const {
  PageData data = CommonData(problem.title);
  data.set("advice", std::string(problem.advice));
  data.set("is_problem", true);
  data.set("has_detail", problem.shows_detail && !detail.empty());
  data.set("detail", std::string(detail));
  data.set("asks_help", problem.asks_help && !settings_->reply.help_contact.empty());
  AddSession(data);
  // Only a page can be asked for again; a form would be sent twice.
  const std::string again = !again_at.empty()           ? std::string(again_at)
                            : request_.method == "POST" ? "/"
                                                        : AllowedNext(request_.target);
  data.set("retry", problem.passes || !again_at.empty());
  data.set("retry_path", again);
  if (problem.passes && request_.method != "POST") {
    data.set("refresh", PageData("content", "10;url=" + again));
  }
  HttpResponse response = Render(Page::kError, data, problem.status);
  if (problem.passes) response.headers.emplace_back("Retry-After", "10");
  return response;
}

HttpResponse Visit::AskForStepUp(std::string_view level, std::string_view why,
                                 std::string_view next) const {
  PageData data = CommonData("One more step");
  AddSession(data);
  data.set("has_reason", !why.empty());
  data.set("reason", std::string(why));
  data.set("level", std::string(level));
  data.set("action", StepUpPath(level, AllowedNext(next)));
  HttpResponse response = Render(Page::kStepUp, data);
  // What follows is sealed for this browser by it.
  static_cast<void>(LoginCookieFor(response));
  return response;
}

std::string Visit::LoginCookieFor(HttpResponse& response) const {
  if (login_cookie_) return std::string(*login_cookie_);
  std::string cookie = RandomHex(site_.random, 32);
  response.headers.emplace_back("Set-Cookie", SetCookie(kLoginCookie, cookie));
  return cookie;
}

HttpResponse Visit::Refused(const protocol::Refusal& refusal, std::string_view next) const {
  if (refusal.reason == protocol::Reason::kNoSession) return ToLogin(next);
  if (refusal.reason == protocol::Reason::kNeedsLevel) {
    return AskForStepUp(refusal.level, refusal.detail, next);
  }
  return Show(ProblemOf(refusal.reason), refusal.detail);
}

HttpResponse Visit::IssuerFailed(const Error& error) const {
  Log(LogPriority::kError, "issuer_unavailable",
      {{"request", request_.request_id}, {"reason", error.message}});
  return Show(kIssuerGone);
}

}  // namespace rolebridge::web
