#include "bridge/crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <cstdlib>

#include "bridge/base/c_ptr.h"

namespace rolebridge::crypto {
namespace {

using CipherContext = CPtr<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using MacContext = CPtr<EVP_MAC_CTX, EVP_MAC_CTX_free>;

constexpr int kNonceSize = 12;
constexpr int kTagSize = 16;
constexpr size_t kKeySize = 32;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// These calls fail only out of memory or by a bug of ours; going on would mean an unkeyed digest.
void Require(bool succeeded) {
  if (!succeeded) std::abort();
}

// Looked up once: with EVP_sha256() OpenSSL 3 searches its providers again for each digest.
const EVP_MD* Sha256Method() {
  static const CPtr<EVP_MD, EVP_MD_free> method(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  Require(method != nullptr);
  return method.get();
}

const EVP_MAC_CTX& HmacSha256WithoutKey() {
  static const MacContext context = [] {
    const CPtr<EVP_MAC, EVP_MAC_free> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    MacContext fresh(hmac ? EVP_MAC_CTX_new(hmac.get()) : nullptr);
    std::string digest = "SHA256";
    const std::array parameters = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    Require(fresh && EVP_MAC_CTX_set_params(fresh.get(), parameters.data()) == 1);
    return fresh;
  }();
  return *context;
}

}  // namespace

std::string Sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  unsigned int size = 0;
  Require(EVP_Digest(bytes.data(), bytes.size(), Bytes(digest), &size, Sha256Method(), nullptr) ==
          1);
  return digest;
}

std::string HmacSha256(const SecretString& key, std::string_view bytes) {
  std::string digest(32, '\0');
  size_t size = 0;
  const MacContext mac(EVP_MAC_CTX_dup(&HmacSha256WithoutKey()));
  // A null key would mean "the one from before".
  const auto* const key_bytes = key.size() == 0 ? Bytes("") : Bytes(key.Reveal());
  Require(mac && EVP_MAC_init(mac.get(), key_bytes, key.size(), nullptr) == 1);
  Require(EVP_MAC_update(mac.get(), Bytes(bytes), bytes.size()) == 1);
  Require(EVP_MAC_final(mac.get(), Bytes(digest), &size, digest.size()) == 1);
  return digest;
}

std::string Seal(const SecretString& key, std::string_view context, std::string_view text,
                 Random& random) {
  Require(key.size() == kKeySize);
  std::string sealed(kNonceSize + text.size() + kTagSize, '\0');
  unsigned char* const out = Bytes(sealed);
  random.Fill({out, kNonceSize});
  const CipherContext cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  Require(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(key.Reveal()), out) ==
          1);
  Require(EVP_EncryptUpdate(cipher.get(), nullptr, &size, Bytes(context),
                            static_cast<int>(context.size())) == 1);
  Require(EVP_EncryptUpdate(cipher.get(), out + kNonceSize, &size, Bytes(text),
                            static_cast<int>(text.size())) == 1);
  Require(EVP_EncryptFinal_ex(cipher.get(), out + kNonceSize + size, &size) == 1);
  Require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagSize,
                              out + kNonceSize + text.size()) == 1);
  return sealed;
}

std::optional<std::string> Open(const SecretString& key, std::string_view context,
                                std::string_view sealed) {
  if (key.size() != kKeySize || sealed.size() < kNonceSize + kTagSize) return std::nullopt;
  std::string tag(sealed.substr(sealed.size() - kTagSize));
  const std::string_view ciphertext =
      sealed.substr(kNonceSize, sealed.size() - kNonceSize - kTagSize);
  std::string text(ciphertext.size(), '\0');
  const CipherContext cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  Require(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(key.Reveal()),
                             Bytes(sealed)) == 1);
  if (EVP_DecryptUpdate(cipher.get(), nullptr, &size, Bytes(context),
                        static_cast<int>(context.size())) != 1 ||
      EVP_DecryptUpdate(cipher.get(), Bytes(text), &size, Bytes(ciphertext),
                        static_cast<int>(ciphertext.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, tag.data()) != 1) {
    return std::nullopt;
  }
  std::array<unsigned char, 16> rest{};
  if (EVP_DecryptFinal_ex(cipher.get(), rest.data(), &size) != 1) return std::nullopt;
  return text;
}

}  // namespace rolebridge::crypto
