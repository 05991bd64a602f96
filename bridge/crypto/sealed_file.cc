#include "bridge/crypto/sealed_file.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "bridge/base/c_ptr.h"

namespace rolebridge::crypto {
namespace {

constexpr off_t kMaxFile = off_t{1} << 30;
constexpr size_t kMaxContent =
    size_t{kMaxFile} - size_t{32} * 1024 * 1024;  // the rest is CMS's own
constexpr unsigned kFlags = CMS_BINARY | CMS_STREAM | CMS_PARTIAL;

using Bio = CPtr<BIO, BIO_free_all>;
using Cms = CPtr<CMS_ContentInfo, CMS_ContentInfo_free>;
using Certificate = CPtr<X509, X509_free>;
using PrivateKey = CPtr<EVP_PKEY, EVP_PKEY_free>;

// Whoever reads OpenSSL's own text finds file names of its source in it.
Error Failed(ErrorCode code, const std::string& what) {
  ERR_clear_error();
  return {code, what};
}

Bio Over(std::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Certificate ReadCertificate(std::string_view pem) {
  return Certificate(PEM_read_bio_X509(Over(pem).get(), nullptr, nullptr, nullptr));
}

// A key with a passphrase of its own is not asked for it.
int NoPassphrase(char*, int, int, void*) { return -1; }

PrivateKey ReadKey(const SecretString& pem) {
  return PrivateKey(
      PEM_read_bio_PrivateKey(Over(pem.Reveal()).get(), nullptr, NoPassphrase, nullptr));
}

// OpenSSL frees what it is given, without wiping it.
bool AddPassphrase(CMS_ContentInfo* cms, const SecretString& passphrase, int rounds) {
  const std::string_view bytes = passphrase.Reveal();
  auto* const copy = static_cast<unsigned char*>(OPENSSL_memdup(bytes.data(), bytes.size()));
  return CMS_add0_recipient_password(cms, rounds, NID_id_alg_PWRI_KEK, NID_id_pbkdf2, copy,
                                     static_cast<ossl_ssize_t>(bytes.size()),
                                     EVP_aes_256_cbc()) != nullptr;
}

}  // namespace

struct SealedWriter::State {
  Cms cms;
  Bio out;    // the descriptor
  Bio chain;  // what encrypts into it; ends in `out` while it lives
  size_t written = 0;
  ~State() { Unchain(); }
  void Unchain() {
    // BIO_new_CMS put its filters before `out`, which is not theirs.
    BIO* filter = chain.release();
    while (filter != nullptr && filter != out.get()) {
      BIO* const next = BIO_pop(filter);
      BIO_free(filter);
      filter = next;
    }
  }
};

SealedWriter::SealedWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
SealedWriter::~SealedWriter() = default;

Result<std::unique_ptr<SealedWriter>> SealedWriter::Create(int fd,
                                                           const SealRecipients& recipients) {
  auto state = std::make_unique<State>();
  state->cms.reset(CMS_encrypt(nullptr, nullptr, EVP_aes_256_gcm(), kFlags));
  state->out.reset(BIO_new_fd(fd, BIO_NOCLOSE));
  if (!state->cms || !state->out) return Failed(ErrorCode::kUnavailable, "can't encrypt");
  for (const std::string& pem : recipients.certificates_pem) {
    const Certificate certificate = ReadCertificate(pem);
    if (!certificate ||
        CMS_add1_recipient_cert(state->cms.get(), certificate.get(), 0) == nullptr) {
      return Failed(ErrorCode::kInvalidArgument, "a recipient's certificate can't be used");
    }
  }
  if (recipients.certificates_pem.empty() && recipients.passphrase.empty()) {
    return Failed(ErrorCode::kInvalidArgument, "for nobody; name a certificate or a passphrase");
  }
  if (!recipients.passphrase.empty() &&
      !AddPassphrase(state->cms.get(), recipients.passphrase, recipients.rounds)) {
    return Failed(ErrorCode::kInvalidArgument, "the passphrase can't be used");
  }
  state->chain.reset(BIO_new_CMS(state->out.get(), state->cms.get()));
  if (!state->chain) return Failed(ErrorCode::kUnavailable, "can't encrypt");
  return std::unique_ptr<SealedWriter>(new SealedWriter(std::move(state)));
}

Result<void> SealedWriter::Write(std::string_view bytes) {
  state_->written += bytes.size();
  if (state_->written > kMaxContent) {
    return Error{ErrorCode::kResourceExhausted,
                 "would be larger than 1 GiB; audit: retention bounds the record"};
  }
  while (!bytes.empty()) {
    const auto piece = static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX));
    const int written = BIO_write(state_->chain.get(), bytes.data(), piece);
    if (written <= 0) return Failed(ErrorCode::kUnavailable, "can't be written");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<void> SealedWriter::Finish() {
  const bool is_flushed = BIO_flush(state_->chain.get()) > 0;
  state_->Unchain();
  if (!is_flushed) return Failed(ErrorCode::kUnavailable, "can't be written");
  return {};
}

Result<std::string> Sha256OfFile(int fd) {
  const CPtr<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  if (EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1 || lseek(fd, 0, SEEK_SET) != 0) {
    return Failed(ErrorCode::kUnavailable, "can't be read");
  }
  std::vector<char> block(64 * 1024);
  while (true) {
    const ssize_t got = read(fd, block.data(), block.size());
    if (got < 0) return Failed(ErrorCode::kUnavailable, "can't be read");
    if (got == 0) break;
    EVP_DigestUpdate(context.get(), block.data(), static_cast<size_t>(got));
  }
  std::string digest(32, '\0');
  EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return digest;
}

Result<void> OpenSealedFile(int from, const SealOpener& opener, int to) {
  struct stat status {};
  if (fstat(from, &status) != 0 || status.st_size > kMaxFile) {
    return Error{ErrorCode::kResourceExhausted, "is larger than 1 GiB"};
  }
  const Bio in(BIO_new_fd(from, BIO_NOCLOSE));
  const Bio out(BIO_new_fd(to, BIO_NOCLOSE));
  const Cms cms(d2i_CMS_bio(in.get(), nullptr));
  if (!cms || OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_id_smime_ct_authEnvelopedData) {
    return Failed(ErrorCode::kInvalidArgument, "is no sealed file");
  }
  bool is_ours = false;
  if (!opener.passphrase.empty()) {
    const SecretString copy(opener.passphrase.Reveal());
    auto* const bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(copy.Reveal().data()));
    is_ours =
        CMS_decrypt_set1_password(cms.get(), bytes, static_cast<ossl_ssize_t>(copy.size())) == 1;
  } else {
    const PrivateKey key = ReadKey(opener.key_pem);
    const Certificate certificate = ReadCertificate(opener.certificate_pem);
    if (!key || !certificate) {
      return Failed(ErrorCode::kInvalidArgument, "the key or its certificate can't be read");
    }
    is_ours = CMS_decrypt_set1_pkey(cms.get(), key.get(), certificate.get()) == 1;
  }
  if (!is_ours) return Failed(ErrorCode::kPermissionDenied, "opens for somebody else");
  if (CMS_decrypt(cms.get(), nullptr, nullptr, nullptr, out.get(), CMS_BINARY) != 1) {
    return Failed(ErrorCode::kPermissionDenied, "was changed or cut, or can't be written out");
  }
  return {};
}

}  // namespace rolebridge::crypto
