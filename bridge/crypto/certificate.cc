#include "bridge/crypto/certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

#include "bridge/base/c_ptr.h"
#include "bridge/base/random.h"

namespace rolebridge::crypto {
namespace {

using Bio = CPtr<BIO, BIO_free_all>;
using Certificate = CPtr<X509, X509_free>;
using Key = CPtr<EVP_PKEY, EVP_PKEY_free>;

Error Invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

Bio Reader(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

SysSeconds InstantOf(const ASN1_TIME* time) {
  tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return SysSeconds(std::chrono::seconds(timegm(&parts)));
}

std::string SubjectOf(X509* certificate) {
  std::array<char, 256> text{};
  X509_NAME_oneline(X509_get_subject_name(certificate), text.data(), text.size());
  return text.data();
}

std::string FingerprintOf(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  return ToHex({digest.data(), size});
}

// An encrypted key would make OpenSSL ask on the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

}  // namespace

Result<CertificateSummary> CheckTlsPair(std::string_view certificate_pem,
                                        const SecretString& key_pem, const std::string& host,
                                        SysSeconds now) {
  const Certificate certificate(
      PEM_read_bio_X509(Reader(certificate_pem).get(), nullptr, NoPassphrase, nullptr));
  if (!certificate) return Invalid("the certificate is not PEM");
  const Key key(
      PEM_read_bio_PrivateKey(Reader(key_pem.Reveal()).get(), nullptr, NoPassphrase, nullptr));
  if (!key) return Invalid("the key is not PEM, or it has a passphrase; use one without");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Invalid("the key does not belong to the certificate");
  }
  const SysSeconds not_before = InstantOf(X509_get0_notBefore(certificate.get()));
  const SysSeconds not_after = InstantOf(X509_get0_notAfter(certificate.get()));
  if (now < not_before)
    return Invalid("the certificate is valid only from " + FormatUtc(not_before));
  if (now >= not_after) return Invalid("the certificate expired on " + FormatUtc(not_after));
  if (X509_check_host(certificate.get(), host.data(), host.size(), 0, nullptr) != 1) {
    return Invalid("the certificate is not for '" + host + "', the host in url");
  }
  return CertificateSummary{SubjectOf(certificate.get()), FingerprintOf(certificate.get()),
                            not_after};
}

}  // namespace rolebridge::crypto
