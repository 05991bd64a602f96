#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/secret_string.h"

namespace rolebridge::web {

// What a token vouches for: a form of somebody who is signed in, or of somebody who is about to.
enum class FormKind { kSession, kLogin };

// Tokens for our own forms (security.md B4): an HMAC over the cookie that the form belongs to, so
// that there is nothing to store, and a token of one session is worth nothing in another. The key
// is derived from the issuer's sealing keys; the newest makes tokens, all are accepted, and a
// restart breaks no form that is open somewhere.
class CsrfTokens {
 public:
  // `sealing_keys`: 32 bytes each; at least one.
  explicit CsrfTokens(const std::vector<SecretString>& sealing_keys);

  // `cookie`: the value of the session's or the login's cookie.
  std::string Make(FormKind kind, std::string_view cookie) const;
  bool IsValid(FormKind kind, std::string_view cookie, std::string_view token) const;

 private:
  std::vector<SecretString> keys_;
};

// True where a browser says that the request comes from a page of ours: `origin` is ours, or absent
// with `fetch_site` (Sec-Fetch-Site) "same-origin". "null" is what sandboxed frames and foreign
// redirects send: never ours (B4).
//
// `own_origin`: "https://sso.example.org".
bool IsOwnOrigin(std::string_view origin, std::string_view fetch_site, std::string_view own_origin);

// Scheme, host and port of `url`, without a default port: what a browser sends as Origin.
std::string OriginOf(std::string_view url);

}  // namespace rolebridge::web
