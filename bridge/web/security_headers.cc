#include "bridge/web/security_headers.h"

#include <algorithm>

#include "bridge/web/csrf_token.h"

namespace rolebridge::web {
namespace {

bool IsOrigin(std::string_view text) {
  if (!text.starts_with("https://") && !text.starts_with("http://")) return false;
  const std::string_view host = text.substr(text.find("://") + 3);
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '*' || c == '[' || c == ']';
  });
}

}  // namespace

std::vector<HttpField> SecurityHeaders(const PageSecurity& page) {
  return {
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
       "frame-ancestors 'none'; form-action " +
           page.form_action},
      {"X-Frame-Options", "DENY"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", page.has_own_forms ? "same-origin" : "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Strict-Transport-Security", "max-age=31536000"},
      {"Cache-Control", "no-store"},
  };
}

std::vector<std::string> RequiredHeaders() {
  std::vector<std::string> names;
  for (const HttpField& field : SecurityHeaders()) names.push_back(field.first);
  return names;
}

Result<std::string> HandOverFormAction(std::string_view acs_url,
                                       const std::vector<std::string>& form_origins) {
  std::vector<std::string> origins = {OriginOf(acs_url)};
  origins.insert(origins.end(), form_origins.begin(), form_origins.end());
  std::string action;
  for (const std::string& origin : origins) {
    if (!IsOrigin(origin)) {
      return Error{ErrorCode::kInvalidArgument, "'" + origin + "' is not an origin"};
    }
    if (!action.empty()) action += ' ';
    action += origin;
  }
  return action;
}

}  // namespace rolebridge::web
