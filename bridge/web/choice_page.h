#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/web/form.h"
#include "bridge/web/visit.h"

namespace rolebridge::web {

// What the form of a role choice carries besides the role: where the sign-on came from.
struct ChoiceOrigin {
  std::string relay_state;  // a deep link; visible ASCII
  std::string request;      // a sealed AuthnRequest
};

// What an application's roles look like in a template: accounts by name, roles in each. `path`: of
// the page, to come back to it after a step-up.
PageData ApplicationData(const protocol::DescribedApplication& application, const std::string& path,
                         bool more_follow);

// The same with the reason of each role, for the page that tells them.
PageData ReasonsData(const protocol::DescribedApplication& application);

// What pages for somebody who is signed in show besides: name, and how long the session lasts.
void AddPerson(const Visit& visit, PageData& data, const protocol::DescribeReply& description);

// The links to the pages before and after this one, where there are more roles than fit on one.
// `path`: with a query or without.
void AddPaging(PageData& data, const std::string& path, uint32_t first_role,
               const std::optional<uint32_t>& next_role);

// `first` of a query: how many roles to leave out; 0 where it is no such number.
uint32_t FirstRole(const Form& query);

// "7 hours 42 minutes"; minutes are rounded down, but never to nothing.
std::string DurationText(uint32_t seconds);

// The roles of one application, as a form that leads to /apps/{slug}. `path`: of this page, for its
// own links and for coming back after a login.
HttpResponse ChoicePage(const Visit& visit, const protocol::ApplicationSettings& application,
                        const ChoiceOrigin& origin, const std::string& path, uint32_t first_role);

}  // namespace rolebridge::web
