#include "bridge/web/csrf_token.h"

#include "bridge/base/random.h"
#include "bridge/crypto/crypto.h"

namespace rolebridge::web {
namespace {

std::string Token(const SecretString& key, FormKind kind, std::string_view cookie) {
  std::string text = kind == FormKind::kSession ? "session:" : "login:";
  text += cookie;
  return ToHex(crypto::HmacSha256(key, text));
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

CsrfTokens::CsrfTokens(const std::vector<SecretString>& sealing_keys) {
  // A key of its own for each purpose (security.md K6).
  for (const SecretString& key : sealing_keys) {
    std::string derived = crypto::HmacSha256(key, "rolebridge csrf token v1");
    keys_.emplace_back(derived);
    WipeString(derived);
  }
}

std::string CsrfTokens::Make(FormKind kind, std::string_view cookie) const {
  return Token(keys_.front(), kind, cookie);
}

bool CsrfTokens::IsValid(FormKind kind, std::string_view cookie, std::string_view token) const {
  // Which of the generations it was is no secret; the rest of the comparison takes its time.
  for (const SecretString& key : keys_) {
    if (ConstantTimeEquals(Token(key, kind, cookie), token)) return true;
  }
  return false;
}

bool IsOwnOrigin(std::string_view origin, std::string_view fetch_site,
                 std::string_view own_origin) {
  return origin.empty() ? fetch_site == "same-origin" : origin == own_origin;
}

std::string OriginOf(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view origin = url.substr(0, url.find_first_of("/?#", scheme + 3));
  const std::string_view default_port = url.substr(0, scheme) == "https" ? ":443" : ":80";
  if (EndsWith(origin, default_port)) origin.remove_suffix(default_port.size());
  return std::string(origin);
}

}  // namespace rolebridge::web
