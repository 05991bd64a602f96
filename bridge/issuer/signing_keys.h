#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/certificate_notice.h"
#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/config/config.h"
#include "bridge/saml/key_states.h"
#include "bridge/saml/signer.h"

namespace rolebridge::issuer {

// A key whose certificate the metadata has.
struct PublishedKey {
  std::string name;  // of its files
  saml::KeyState state = saml::KeyState::kPublished;
  std::string fingerprint;  // SHA-256 of the certificate
  SysSeconds not_after{};
};

// The keys of `signing:` or of `signing_folder:`. One signs; metadata publishes the certificates of
// all.
struct SigningKeys {
  saml::Signer signer;
  std::vector<std::string> certificates_base64;
  std::vector<PublishedKey> published;  // the one that signs first; also those that have expired
};
// What has expired and does not sign is left out of the metadata: a key that nobody retired must
// not keep the others from signing.
// Errors: one can't be read, does not belong to its certificate, is too weak, or the one that signs
// expired; with the place in the configuration and both files.
Result<SigningKeys> LoadSigningKeys(const config::Config& config, SysSeconds now);

// "/etc/rolebridge/saml.crt" -> "saml": what a key of `signing:` is called.
std::string KeyNameOf(const std::string& certificate_path);

// Whose certificates end when, for a CertificateNotice.
std::vector<EndingCertificate> EndsOf(const std::vector<PublishedKey>& keys);
// All fingerprints but that of the key that signs, a space between them, for the record.
std::string OtherFingerprints(const std::vector<PublishedKey>& keys);

// The metadata document of the application `slug`. Errors: kNotFound.
Result<std::string> MetadataFor(const config::Config& config,
                                const std::vector<std::string>& certificates_base64,
                                std::string_view slug);

}  // namespace rolebridge::issuer
