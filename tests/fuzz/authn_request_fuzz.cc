#include <cstdlib>
#include <string>
#include <string_view>

#include "bridge/base/base64.h"
#include "bridge/saml/authn_request.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// Whatever a stranger sends: no crash, and what is read keeps what the header promises.
void Judge(const rolebridge::Result<rolebridge::saml::AuthnRequest>& request) {
  if (!request) {
    Require(!request.error().message.empty());
    return;
  }
  Require(!request->id.empty() && request->id.size() <= 4 * 128);
  Require(request->id.find_first_of("<>&\"' \t\r\n:") == std::string::npos);
  Require(!request->issuer.empty() && request->issuer.size() <= 1024);
  Require(request->acs_url.size() <= 1024);
  Require(!request->has_acs_index || request->acs_url.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  if (input.empty()) return 0;
  const std::string_view rest = input.substr(1);
  switch (input.front() % 4) {
    case 0:
      Judge(rolebridge::saml::ReadPostRequest(rest));
      break;
    case 1:
      Judge(rolebridge::saml::ReadRedirectRequest(rest));
      break;
    // Past base64 at once, where the fuzzer would seldom come by itself.
    case 2:
      Judge(rolebridge::saml::ReadPostRequest(rolebridge::EncodeBase64(rest)));
      break;
    default:
      Judge(rolebridge::saml::ReadRedirectRequest(rolebridge::EncodeBase64(rest)));
      break;
  }
  return 0;
}
