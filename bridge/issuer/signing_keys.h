#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/config/config.h"
#include "bridge/saml/signer.h"

namespace rolebridge::issuer {

// The keys of `signing:`. The first signs; metadata publishes the certificates of all.
struct SigningKeys {
  saml::Signer signer;
  std::vector<std::string> certificates_base64;
};
// Errors: one can't be read, does not belong to its certificate, is too weak or expired; with the
// place in the configuration and both files.
Result<SigningKeys> LoadSigningKeys(const config::Config& config, SysSeconds now);

// The metadata document of the application `slug`. Errors: kNotFound.
Result<std::string> MetadataFor(const config::Config& config,
                                const std::vector<std::string>& certificates_base64,
                                std::string_view slug);

}  // namespace rolebridge::issuer
