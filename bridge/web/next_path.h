#pragma once

#include <string>
#include <string_view>

namespace rolebridge::web {

inline constexpr size_t kMaxNextPath = 6000;

// Where a login may lead: `next`, decoded once, where it is one of our own pages for people ("/",
// "/apps/{slug}", "/saml/{slug}/continue", with or without a query), else "/". Never another
// origin: "//", "/\" and control characters are refused with everything else that is not on the
// list (security.md B9).
std::string AllowedNext(std::string_view next);

// True for [a-z0-9-]{1,32}.
bool IsSlug(std::string_view text);

// "/login", with `next` where it is anything but "/".
std::string LoginPath(std::string_view next);

// Where a signed-in person proves the level of assurance `level`, and then goes on to `next`.
std::string StepUpPath(std::string_view level, std::string_view next);

}  // namespace rolebridge::web
