#include "bridge/web/choice_page.h"

#include <algorithm>
#include <charconv>
#include <variant>

#include "bridge/web/next_path.h"

namespace rolebridge::web {
namespace {

using protocol::DescribedRole;
using protocol::DescribeReply;
using protocol::Refusal;

// More roles than fit on a screen or two: then the accounts start folded.
constexpr size_t kUnfoldedRoles = 40;

std::string Counted(uint32_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

PageData AccountData(const DescribedRole& role, const PageData& roles, bool open) {
  PageData account;
  account.set("account_id", role.account_id);
  account.set("account_title", role.account_name.empty() ? role.account_id : role.account_name);
  account.set("has_account_name", !role.account_name.empty());
  account.set("role_count", Counted(static_cast<uint32_t>(roles.list_value().size()), "role"));
  account.set("open", open);
  account.set("roles", roles);
  return account;
}

}  // namespace

PageData ApplicationData(const protocol::DescribedApplication& application, const std::string& path,
                         bool more_follow) {
  const std::vector<DescribedRole>& roles = application.roles;
  PageData accounts(PageData::type::list);
  // They come sorted by account: what belongs together stands together.
  for (auto first = roles.begin(); first != roles.end();) {
    const auto last = std::find_if(first, roles.end(), [&](const DescribedRole& role) {
      return role.account_id != first->account_id;
    });
    PageData in_account(PageData::type::list);
    for (auto role = first; role != last; ++role) {
      PageData item("role_arn", role->role_arn);
      item.set("role_name", role->role_name);
      item.set("needs_level", !role->level.empty());
      item.set("level", role->level);
      in_account.push_back(item);
    }
    accounts.push_back(AccountData(*first, in_account, roles.size() <= kUnfoldedRoles));
    first = last;
  }
  PageData data("slug", application.slug);
  data.set("application_name", application.name);
  data.set("has_roles", application.has_roles);
  data.set("accounts", accounts);
  const auto open = std::count_if(roles.begin(), roles.end(),
                                  [](const DescribedRole& role) { return role.level.empty(); });
  data.set("several", open > 1 || more_follow);
  data.set("needs_level", !application.level.empty());
  data.set("level", application.level);
  data.set("withheld", application.withheld);
  data.set("step_up", StepUpPath(application.level, path));
  return data;
}

PageData ReasonsData(const protocol::DescribedApplication& application) {
  PageData roles(PageData::type::list);
  for (const DescribedRole& role : application.roles) {
    PageData item("role_name", role.role_name);
    item.set("account_id", role.account_id);
    item.set("account_title", role.account_name.empty() ? role.account_id : role.account_name);
    item.set("has_account_name", !role.account_name.empty());
    item.set("source", role.source.empty() ? "a rule of the configuration" : role.source);
    item.set("is_withheld", !role.withheld.empty());
    item.set("withheld", role.withheld);
    roles.push_back(item);
  }
  PageData data("slug", application.slug);
  data.set("application_name", application.name);
  data.set("is_withheld", !application.withheld.empty());
  data.set("withheld", application.withheld);
  data.set("has_accounts", !application.roles.empty());
  data.set("roles", roles);
  return data;
}

void AddPerson(const Visit& visit, PageData& data, const DescribeReply& description) {
  visit.AddSession(data);
  data.set("display_name", description.display_name);
  data.set("has_display_name", true);
  data.set("expires_in", DurationText(description.expires_in));
}

void AddPaging(PageData& data, const std::string& path, uint32_t first_role,
               const std::optional<uint32_t>& next_role) {
  const std::string separator = path.find('?') == std::string::npos ? "?" : "&";
  data.set("paged", first_role > 0 || next_role.has_value());
  data.set("has_earlier", first_role > 0);
  data.set("first_page", path);
  data.set("has_more", next_role.has_value());
  data.set("next_page", path + separator + "first=" + std::to_string(next_role.value_or(0)));
}

uint32_t FirstRole(const Form& query) {
  const std::string_view text = query.Get("first");
  uint32_t first = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), first);
  return failed == std::errc() && end == text.data() + text.size() && first <= 100'000 ? first : 0;
}

std::string DurationText(uint32_t seconds) {
  const uint32_t minutes = std::max(seconds / 60, 1u);
  std::string text;
  if (minutes >= 60) text = Counted(minutes / 60, "hour");
  if (minutes % 60 != 0) text += (text.empty() ? "" : " ") + Counted(minutes % 60, "minute");
  return text;
}

HttpResponse ChoicePage(const Visit& visit, const protocol::ApplicationSettings& application,
                        const ChoiceOrigin& origin, const std::string& path, uint32_t first_role) {
  if (!visit.session()) return visit.ToLogin(path);
  protocol::DescribeRequest request{.context = visit.Context(),
                                    .session = SecretString(*visit.session()),
                                    .application = application.slug,
                                    .first_role = first_role};
  const auto answer = visit.site().issuer.Describe(request);
  if (!answer) return visit.IssuerFailed(answer.error());
  if (const auto* refusal = std::get_if<Refusal>(&*answer)) return visit.Refused(*refusal, path);
  const DescribeReply& description = std::get<DescribeReply>(*answer);
  const auto described =
      std::find_if(description.applications.begin(), description.applications.end(),
                   [&](const auto& one) { return one.slug == application.slug; });
  if (described == description.applications.end() ||
      (described->has_roles && described->roles.empty() && described->level.empty() &&
       first_role == 0)) {
    return visit.Show(ProblemOf(protocol::Reason::kNotEntitled));
  }
  PageData data = visit.CommonData(described->has_roles ? "Choose a role" : described->name);
  AddPerson(visit, data, description);
  data.set("application", ApplicationData(*described, path, description.next_role.has_value()));
  data.set("is_choice", described->has_roles);
  data.set("has_relay_state", !origin.relay_state.empty());
  data.set("relay_state", origin.relay_state);
  data.set("has_request", !origin.request.empty());
  data.set("request", origin.request);
  AddPaging(data, path, first_role, description.next_role);
  return visit.Render(Page::kChoice, data);
}

}  // namespace rolebridge::web
