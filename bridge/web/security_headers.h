#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/web/http.h"

namespace rolebridge::web {

// The headers of security.md B5 to B8, on every answer whatever it is.
//
// `form_action`: where forms of this page may lead, as it stands in the policy.
// A page with forms of our own says `same-origin` as its Referrer-Policy instead of `no-referrer`:
// under the latter browsers send "Origin: null" with those forms, which B4 refuses.
struct PageSecurity {
  std::string form_action = "'self'";
  bool has_own_forms = false;
};

std::vector<HttpField> SecurityHeaders(const PageSecurity& page = {});

// Their names, which the dispatcher asserts on the way out (H12).
std::vector<std::string> RequiredHeaders();

// The form-action of a hand-over page: the origin of `acs_url` and the origins that it redirects to
// (B5). Errors: kInvalidArgument, one of them holds anything but an origin: the policy is one
// field, and a blank or semicolon would change its meaning.
Result<std::string> HandOverFormAction(std::string_view acs_url,
                                       const std::vector<std::string>& form_origins);

}  // namespace rolebridge::web
