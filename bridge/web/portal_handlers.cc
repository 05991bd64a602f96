#include "bridge/web/portal_handlers.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "bridge/base/log.h"
#include "bridge/web/choice_page.h"
#include "bridge/web/next_path.h"
#include "bridge/web/saml_handlers.h"

namespace rolebridge::web {
namespace {

using protocol::DescribeReply;
using protocol::IssueReply;
using protocol::Refusal;

constexpr size_t kMaxRelayState = 1024;

// A deep link is an address; whether the application may be led there is the issuer's to say.
bool IsDeepLink(std::string_view text) {
  return text.size() <= kMaxRelayState &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// The signed response as a form that leads to the application. A button sends it; a script from a
// static file presses that button.
HttpResponse HandOver(const Visit& visit, const protocol::ApplicationSettings& application,
                      const IssueReply& reply) {
  const Result<std::string> form_action =
      HandOverFormAction(reply.acs_url, application.form_origins);
  if (!form_action) {
    Log(LogPriority::kError, "hand_over_refused",
        {{"request", visit.request().request_id}, {"reason", form_action.error().message}});
    return visit.Show(ProblemOf(500));
  }
  PageData data = visit.CommonData("Signing in to " + application.name);
  data.set("application_name", application.name);
  data.set("acs_url", reply.acs_url);
  data.set("saml_response", std::string(reply.saml_response.Reveal()));
  data.set("has_relay_state", !reply.relay_state.empty());
  data.set("relay_state", reply.relay_state);
  return visit.Render(Page::kHandOver, data, 200, {.form_action = *form_action});
}

}  // namespace

HttpResponse PortalHandlers::ShowPortal(const HttpRequest& request) const {
  const Visit visit(site_, request);
  if (!visit.session()) return visit.ToLogin("/");
  const Result<Form> query = Form::Parse(request.query);
  if (!query) return visit.Show(ProblemOf(400));
  const uint32_t first_role = FirstRole(*query);
  protocol::DescribeRequest describe{.context = visit.Context(),
                                     .session = SecretString(*visit.session()),
                                     .first_role = first_role};
  const auto answer = site_.issuer.Describe(describe);
  if (!answer) return visit.IssuerFailed(answer.error());
  if (const auto* refusal = std::get_if<Refusal>(&*answer)) return visit.Refused(*refusal, "/");

  const DescribeReply& description = std::get<DescribeReply>(*answer);
  const bool more_follow = description.next_role.has_value();
  PageData applications(PageData::type::list);
  for (const protocol::DescribedApplication& application : description.applications) {
    // Its roles may stand on another page.
    if (application.has_roles && application.roles.empty() && application.level.empty()) continue;
    applications.push_back(ApplicationData(application, "/", more_follow));
  }
  if (applications.is_empty_list() && first_role == 0) {
    return visit.Show(ProblemOf(protocol::Reason::kNotEntitled));
  }
  PageData data = visit.CommonData("Your applications");
  AddPerson(visit, data, description);
  data.set("applications", applications);
  AddPaging(data, "/", first_role, description.next_role);
  return visit.Render(Page::kPortal, data);
}

HttpResponse PortalHandlers::ShowReasons(const HttpRequest& request) const {
  const Visit visit(site_, request);
  if (!visit.session()) return visit.ToLogin("/why");
  const Result<Form> query = Form::Parse(request.query);
  if (!query) return visit.Show(ProblemOf(400));
  const uint32_t first_role = FirstRole(*query);
  protocol::DescribeRequest describe{.context = visit.Context(),
                                     .session = SecretString(*visit.session()),
                                     .first_role = first_role,
                                     .with_reasons = true};
  const auto answer = site_.issuer.Describe(describe);
  if (!answer) return visit.IssuerFailed(answer.error());
  if (const auto* refusal = std::get_if<Refusal>(&*answer)) return visit.Refused(*refusal, "/why");

  const DescribeReply& description = std::get<DescribeReply>(*answer);
  PageData applications(PageData::type::list);
  for (const protocol::DescribedApplication& application : description.applications) {
    applications.push_back(ReasonsData(application));
  }
  PageData data = visit.CommonData("What you can become, and why");
  AddPerson(visit, data, description);
  data.set("applications", applications);
  AddPaging(data, "/why", first_role, description.next_role);
  return visit.Render(Page::kWhy, data);
}

HttpResponse PortalHandlers::ShowApplication(const HttpRequest& request) const {
  const Visit visit(site_, request);
  const auto* application = visit.settings().FindApplication(request.slugs.at(0));
  if (application == nullptr) {
    return visit.Show(ProblemOf(protocol::Reason::kUnknownApplication));
  }
  const Result<Form> query = Form::Parse(request.query);
  if (!query || !IsDeepLink(query->Get("relay_state"))) return visit.Show(ProblemOf(400));
  ChoiceOrigin origin{.relay_state = std::string(query->Get("relay_state"))};
  std::string path = "/apps/" + application->slug;
  if (!origin.relay_state.empty()) path += "?relay_state=" + EncodeQueryValue(origin.relay_state);
  return ChoicePage(visit, *application, origin, path, FirstRole(*query));
}

HttpResponse PortalHandlers::SignOn(const HttpRequest& request) const {
  const Visit visit(site_, request);
  const auto* application = visit.settings().FindApplication(request.slugs.at(0));
  if (application == nullptr) {
    return visit.Show(ProblemOf(protocol::Reason::kUnknownApplication));
  }
  const Result<Form> form = visit.PostedForm();
  if (!form || !IsDeepLink(form->Get("relay_state"))) return visit.Show(ProblemOf(400));
  const std::string path = "/apps/" + application->slug;
  if (!visit.session()) return visit.ToLogin(path);
  if (!visit.IsOwnForm(FormKind::kSession, *form)) return visit.Show(kForeignForm);
  const std::string_view role = form->Get("role");
  if (role.empty() || role.size() > 1024) return visit.Show(kNoChoice);

  protocol::IssueRequest issue{.context = visit.Context(),
                               .session = SecretString(*visit.session()),
                               .application = application->slug,
                               .role = std::string(role),
                               .relay_state = std::string(form->Get("relay_state"))};
  std::string next = path;
  if (const auto sealed = form->Find("request")) {
    next = ContinuePath(application->slug, *sealed);
    std::optional<SignOnRequest> asked = OpenRequest(visit, application->slug, *sealed);
    if (!asked) return visit.Show(kSignOnTooOld);
    if (NeedsFreshLogin(visit, *asked)) {
      return visit.SeeOther(LoginPath(next));
    }
    issue.request = std::move(asked->facts);
    issue.relay_state = std::move(asked->relay_state);
  }
  const auto answer = site_.issuer.Issue(issue);
  if (!answer) return visit.IssuerFailed(answer.error());
  if (const auto* refusal = std::get_if<Refusal>(&*answer)) return visit.Refused(*refusal, next);
  return HandOver(visit, *application, std::get<IssueReply>(*answer));
}

}  // namespace rolebridge::web
