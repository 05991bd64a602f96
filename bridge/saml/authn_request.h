#pragma once

#include <string>
#include <string_view>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"

namespace rolebridge::saml {

// What an AuthnRequest asks for (SAML Core 3.4.1), read out of a stranger's bytes.
struct AuthnRequest {
  std::string id;      // an NCName of at most 128 characters
  std::string issuer;  // entity ID of who asks; not believed, only looked up
  std::string acs_url;  // empty: none was named
  bool has_acs_index = false;
  std::string destination;  // empty: none
  SysSeconds issue_instant{};
  bool force_authn = false;
  bool is_passive = false;
  std::string name_id_format;  // of NameIDPolicy; empty: none
};

// `parameter`: the SAMLRequest parameter, percent-decoded. Redirect: base64 of raw deflate; POST:
// base64. The order of checks and every limit are those of security.md I1 to I4: 48 KiB of base64,
// 32 KiB of XML, depth 12, 32 attributes per element, no DOCTYPE, UTF-8 only, no entity, no network.
// Errors: kInvalidArgument, with what is wrong in words without any of the sender's text;
// kResourceExhausted, a limit.
Result<AuthnRequest> ReadRedirectRequest(std::string_view parameter);
Result<AuthnRequest> ReadPostRequest(std::string_view parameter);

}  // namespace rolebridge::saml
