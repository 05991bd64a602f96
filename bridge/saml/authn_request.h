#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"

namespace rolebridge::saml {

// What an AuthnRequest asks for (SAML Core 3.4.1), read out of a stranger's bytes.
struct AuthnRequest {
  std::string id;       // an NCName of at most 128 characters
  std::string issuer;   // entity ID of who asks; not believed, only looked up
  std::string acs_url;  // empty: none was named
  bool has_acs_index = false;
  uint16_t acs_index = 0;   // where has_acs_index; there is never an acs_url beside it
  std::string destination;  // empty: none
  SysSeconds issue_instant{};
  bool force_authn = false;
  bool is_passive = false;
  std::string name_id_format;  // of NameIDPolicy; empty: none
  // AuthnContextClassRefs of RequestedAuthnContext, of which one is to be met in the sense of
  // `context_comparison` ("exact", "minimum", "maximum", "better"); none: nothing was asked.
  std::vector<std::string> requested_contexts;
  std::string context_comparison;
};

// `parameter`: the SAMLRequest parameter, percent-decoded. Redirect: base64 of raw deflate; POST:
// base64. The order of checks and every limit are those of security.md I1 to I4: 48 KiB of base64,
// 32 KiB of XML, depth 12, 32 attributes per element, no DOCTYPE, UTF-8 only, no entity, no
// network. The request must ask for HTTP-POST, or for no binding; and may not name a subject, since
// who logs in is not the service provider's to say (I5, I6). Times, the ACS URL and who the issuer
// is are left to whoever has the configuration; XML signatures are not looked at. Errors:
// kInvalidArgument, with what is wrong in words without any of the sender's text;
// kResourceExhausted, a limit.
Result<AuthnRequest> ReadRedirectRequest(std::string_view parameter);
Result<AuthnRequest> ReadPostRequest(std::string_view parameter);

}  // namespace rolebridge::saml
