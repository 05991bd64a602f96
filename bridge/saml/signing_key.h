#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"

struct evp_pkey_st;

namespace rolebridge::saml {

// An RSA key and the certificate that belongs to it, loaded once and kept (security.md K1 to K3).
class SigningKey {
 public:
  // Both in PEM. Errors: kInvalidArgument, not PEM, not RSA, fewer than 2048 bits or more than
  // 4096, the key does not belong to the certificate, a KeyUsage without digitalSignature, or the
  // certificate is not valid at `now`; the message says which, and never holds key material.
  static Result<SigningKey> Load(std::string_view certificate_pem, const SecretString& key_pem,
                                 SysSeconds now);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  const std::string& certificate_base64() const;  // DER, on one line, as KeyInfo holds it
  const std::string& fingerprint() const;         // SHA-256 of the certificate, lower-case hex
  SysSeconds certificate_not_after() const;
  int bits() const;
  evp_pkey_st* private_key() const;  // borrowed
  evp_pkey_st* public_key() const;   // borrowed; out of the certificate

 private:
  struct Parts;
  explicit SigningKey(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// What a certificate says by itself, without its key.
struct CertificateFacts {
  std::string base64;       // DER, on one line
  std::string fingerprint;  // SHA-256, lower-case hex
  SysSeconds not_before{};
  SysSeconds not_after{};
};
// The first certificate in `pem`. Errors: kInvalidArgument, there is none.
Result<CertificateFacts> ReadCertificateFacts(std::string_view pem);

struct NewKeyPair {
  std::string certificate_pem;
  SecretString key_pem;  // PKCS#8, not encrypted
};

// A fresh RSA key of `bits` (2048 to 4096) and a self-signed certificate for it that says
// CN=`common_name`, valid from a day before `now` for `years`; no extension occurs twice (R15).
// `dns_names`: subjectAltName, for a TLS certificate; none for a signing one.
Result<NewKeyPair> MakeKeyPair(const std::string& common_name,
                               const std::vector<std::string>& dns_names, int bits, int years,
                               SysSeconds now, Random& random);

}  // namespace rolebridge::saml
