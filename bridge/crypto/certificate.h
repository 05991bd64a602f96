#pragma once

#include <string>
#include <string_view>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::crypto {

// What an administrator wants to know of a TLS certificate.
struct CertificateSummary {
  std::string subject;
  std::string sha256;  // of the certificate, lower-case hex
  SysSeconds not_after{};
};

// The first certificate in `certificate_pem`, if `key_pem` belongs to it, it is valid at `now` and
// it is for `host` (RFC 6125). Errors: kInvalidArgument, with what is wrong and no key material.
Result<CertificateSummary> CheckTlsPair(std::string_view certificate_pem,
                                        const SecretString& key_pem, const std::string& host,
                                        SysSeconds now);

}  // namespace rolebridge::crypto
