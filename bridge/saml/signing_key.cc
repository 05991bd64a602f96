#include "bridge/saml/signing_key.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <climits>
#include <ctime>

#include "bridge/base/base64.h"
#include "bridge/base/c_ptr.h"

namespace rolebridge::saml {
namespace {

using Bio = CPtr<BIO, BIO_free_all>;
using Key = CPtr<EVP_PKEY, EVP_PKEY_free>;
using Certificate = CPtr<X509, X509_free>;

constexpr int kMinBits = 2048;
constexpr int kMaxBits = 4096;
constexpr int kMaxYears = 100;

Error Invalid(std::string message) {
  ERR_clear_error();
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

// OpenSSL's own words say why; its queue is emptied, so that they do not turn up elsewhere.
Error FromOpenSsl(const std::string& what) {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return {ErrorCode::kInternal, what + " failed" + (reason ? std::string(": ") + reason : "")};
}

Bio OpenText(std::string_view text) {
  if (text.size() > INT_MAX) return nullptr;
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Without this OpenSSL asks the terminal for the passphrase of an encrypted key.
int HaveNoPassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Result<Certificate> ReadCertificate(std::string_view pem) {
  const Bio bio = OpenText(pem);
  Certificate certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!certificate) return Invalid("the certificate is not in PEM (-----BEGIN CERTIFICATE-----)");
  return certificate;
}

Result<Key> ReadKey(const SecretString& pem) {
  const Bio bio = OpenText(pem.Reveal());
  bool encrypted = false;
  Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, HaveNoPassphrase, &encrypted)
              : nullptr);
  if (encrypted) {
    return Invalid(
        "the key is encrypted; remove its passphrase (openssl pkey) and restrict its file's mode");
  }
  if (!key) return Invalid("the key is not in PEM (-----BEGIN PRIVATE KEY-----)");
  return key;
}

Result<void> CheckKey(const EVP_PKEY* key) {
  // RSA-PSS keys have a type of their own, and AWS has not said that it takes their signatures
  // (R14).
  if (EVP_PKEY_base_id(key) != EVP_PKEY_RSA) return Invalid("the key is not RSA");
  const int bits = EVP_PKEY_bits(key);
  if (bits < kMinBits || bits > kMaxBits) {
    return Invalid("the key has " + std::to_string(bits) + " bits; use 2048 to 4096");
  }
  return {};
}

Result<SysSeconds> InstantOf(const ASN1_TIME* time) {
  std::tm fields{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1) {
    return Invalid("the certificate's dates cannot be read");
  }
  return SysSeconds(std::chrono::seconds(timegm(&fields)));
}

Result<void> CheckDates(const X509* certificate, SysSeconds now) {
  const Result<SysSeconds> not_before = InstantOf(X509_get0_notBefore(certificate));
  if (!not_before) return not_before.error();
  const Result<SysSeconds> not_after = InstantOf(X509_get0_notAfter(certificate));
  if (!not_after) return not_after.error();
  if (now < *not_before) {
    return Invalid("the certificate is not valid before " + FormatUtc(*not_before) +
                   ", and it is " + FormatUtc(now));
  }
  if (now > *not_after) {
    return Invalid("the certificate expired at " + FormatUtc(*not_after) +
                   "; make a new one with 'rolebridge keys new'");
  }
  return {};
}

Result<std::string> DerOf(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int length = i2d_X509(certificate, &bytes);
  if (length <= 0) return FromOpenSsl("encoding the certificate");
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
  OPENSSL_free(bytes);
  return der;
}

Result<std::string> Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    return FromOpenSsl("SHA-256");
  }
  return ToHex(std::span(digest.data(), length));
}

}  // namespace

struct SigningKey::Parts {
  Certificate certificate;
  Key private_key, public_key;
  std::string certificate_base64, fingerprint;
  SysSeconds not_after;
};

SigningKey::SigningKey(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::Load(std::string_view certificate_pem, const SecretString& key_pem,
                                    SysSeconds now) {
  Result<Certificate> certificate = ReadCertificate(certificate_pem);
  if (!certificate) return certificate.error();
  Result<Key> key = ReadKey(key_pem);
  if (!key) return key.error();
  const Result<void> strong = CheckKey(key->get());
  if (!strong) return strong.error();
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    return Invalid("the key does not belong to the certificate");
  }
  if ((X509_get_key_usage(certificate->get()) & KU_DIGITAL_SIGNATURE) == 0) {
    return Invalid("the certificate's KeyUsage does not allow digitalSignature");
  }
  const Result<void> current = CheckDates(certificate->get(), now);
  if (!current) return current.error();
  const Result<std::string> der = DerOf(certificate->get());
  if (!der) return der.error();
  const Result<std::string> fingerprint = Sha256Hex(*der);
  if (!fingerprint) return fingerprint.error();

  auto parts = std::make_unique<Parts>();
  parts->not_after = InstantOf(X509_get0_notAfter(certificate->get())).value();
  parts->public_key.reset(X509_get_pubkey(certificate->get()));
  parts->certificate = std::move(*certificate);
  parts->private_key = std::move(*key);
  parts->certificate_base64 = EncodeBase64(*der);
  parts->fingerprint = *fingerprint;
  return SigningKey(std::move(parts));
}

Result<CertificateFacts> ReadCertificateFacts(std::string_view pem) {
  const Result<Certificate> certificate = ReadCertificate(pem);
  if (!certificate) return certificate.error();
  const Result<SysSeconds> not_before = InstantOf(X509_get0_notBefore(certificate->get()));
  if (!not_before) return not_before.error();
  const Result<SysSeconds> not_after = InstantOf(X509_get0_notAfter(certificate->get()));
  if (!not_after) return not_after.error();
  const Result<std::string> der = DerOf(certificate->get());
  if (!der) return der.error();
  const Result<std::string> fingerprint = Sha256Hex(*der);
  if (!fingerprint) return fingerprint.error();
  return CertificateFacts{EncodeBase64(*der), *fingerprint, *not_before, *not_after};
}

const std::string& SigningKey::certificate_base64() const { return parts_->certificate_base64; }
const std::string& SigningKey::fingerprint() const { return parts_->fingerprint; }
SysSeconds SigningKey::certificate_not_after() const { return parts_->not_after; }
int SigningKey::bits() const { return EVP_PKEY_bits(parts_->private_key.get()); }
evp_pkey_st* SigningKey::private_key() const { return parts_->private_key.get(); }
evp_pkey_st* SigningKey::public_key() const { return parts_->public_key.get(); }

namespace {

bool SetSerial(X509* certificate, Random& random) {
  // RFC 5280 4.1.2.2: positive, at most 20 octets; the first bit of ours is zero, the next one.
  std::array<unsigned char, 16> bytes{};
  random.Fill(bytes);
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7F) | 0x40);
  const CPtr<BIGNUM, BN_free> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool SetDates(X509* certificate, SysSeconds now, int years) {
  std::time_t start = now.time_since_epoch().count();
  return X509_time_adj_ex(X509_getm_notBefore(certificate), -1, 0, &start) != nullptr &&
         X509_time_adj_ex(X509_getm_notAfter(certificate), years * 1461 / 4, 0, &start) != nullptr;
}

bool SetNames(X509* certificate, const std::string& common_name) {
  X509_NAME* name = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

// `value` is ours alone: OpenSSL reads a little language in it.
bool AddExtension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const CPtr<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// A host name, or an address where `name` is one.
CPtr<GENERAL_NAME, GENERAL_NAME_free> AlternativeName(const std::string& name) {
  CPtr<GENERAL_NAME, GENERAL_NAME_free> entry(GENERAL_NAME_new());
  std::array<unsigned char, 16> address{};
  int length = 0;
  if (inet_pton(AF_INET, name.c_str(), address.data()) == 1) length = 4;
  if (inet_pton(AF_INET6, name.c_str(), address.data()) == 1) length = 16;
  const bool is_name = length == 0;
  CPtr<ASN1_STRING, ASN1_STRING_free> text(
      ASN1_STRING_type_new(is_name ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING));
  const void* bytes = is_name ? static_cast<const void*>(name.data()) : address.data();
  if (is_name) length = static_cast<int>(name.size());
  if (!entry || !text || ASN1_STRING_set(text.get(), bytes, length) != 1) return nullptr;
  GENERAL_NAME_set0_value(entry.get(), is_name ? GEN_DNS : GEN_IPADD, text.release());
  return entry;
}

bool AddAlternativeNames(X509* certificate, const std::vector<std::string>& names) {
  const CPtr<GENERAL_NAMES, GENERAL_NAMES_free> list(GENERAL_NAMES_new());
  if (!list) return false;
  for (const std::string& name : names) {
    auto entry = AlternativeName(name);
    if (!entry || sk_GENERAL_NAME_push(list.get(), entry.get()) == 0) return false;
    [[maybe_unused]] const GENERAL_NAME* const held_by_list = entry.release();
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), 0, 0) == 1;
}

bool AddExtensions(X509* certificate, const std::vector<std::string>& dns_names) {
  const bool for_tls = !dns_names.empty();
  return AddExtension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         AddExtension(
             certificate, NID_key_usage,
             for_tls ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature") &&
         AddExtension(certificate, NID_subject_key_identifier, "hash") &&
         (!for_tls || (AddExtension(certificate, NID_ext_key_usage, "serverAuth") &&
                       AddAlternativeNames(certificate, dns_names)));
}

Result<SecretString> KeyToPem(EVP_PKEY* key) {
  // Secure memory where OpenSSL has some, and wiped in any case.
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return FromOpenSsl("writing the key");
  }
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &bytes);
  return SecretString(std::string_view(bytes, static_cast<size_t>(length)));
}

Result<std::string> CertificateToPem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) {
    return FromOpenSsl("writing the certificate");
  }
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &bytes);
  return std::string(bytes, static_cast<size_t>(length));
}

}  // namespace

Result<NewKeyPair> MakeKeyPair(const std::string& common_name,
                               const std::vector<std::string>& dns_names, int bits, int years,
                               SysSeconds now, Random& random) {
  if (bits < kMinBits || bits > kMaxBits) {
    return Invalid("'" + std::to_string(bits) + "' bits are out of range; use 2048 to 4096");
  }
  if (years < 1 || years > kMaxYears) {
    return Invalid("'" + std::to_string(years) + "' years are out of range; use 1 to 100");
  }
  if (common_name.empty() || common_name.size() > 64) {
    return Invalid("a certificate's common name has 1 to 64 characters");
  }
  const Key key(EVP_RSA_gen(static_cast<unsigned>(bits)));
  const Certificate certificate(X509_new());
  X509* x509 = certificate.get();
  const bool made = key && x509 != nullptr && X509_set_version(x509, X509_VERSION_3) == 1 &&
                    SetSerial(x509, random) && SetDates(x509, now, years) &&
                    SetNames(x509, common_name) && X509_set_pubkey(x509, key.get()) == 1 &&
                    AddExtensions(x509, dns_names) && X509_sign(x509, key.get(), EVP_sha256()) != 0;
  if (!made) return FromOpenSsl("making a key and its certificate");

  Result<std::string> certificate_pem = CertificateToPem(x509);
  if (!certificate_pem) return certificate_pem.error();
  Result<SecretString> key_pem = KeyToPem(key.get());
  if (!key_pem) return key_pem.error();
  return NewKeyPair{.certificate_pem = std::move(*certificate_pem), .key_pem = std::move(*key_pem)};
}

}  // namespace rolebridge::saml
