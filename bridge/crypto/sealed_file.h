#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::crypto {

// A file that only some can read, in a form that others' programs open, too: CMS
// AuthEnvelopedData (RFC 5083) in BER, AES-256-GCM, for certificates and a passphrase
// (PBKDF2-HMAC-SHA1, which is the one that OpenSSL writes here, 1,400,000 rounds). `openssl cms
// -decrypt -inform DER` reads it. A passphrase also proves who made it; a certificate is known to
// all, so that there the digest of the file has to be known.

// Who shall be able to: any one of these suffices. At least one.
inline constexpr int kPassphraseRounds = 1'400'000;
struct SealRecipients {
  std::vector<std::string> certificates_pem;  // of RSA or EC keys
  SecretString passphrase;                    // empty: none
  int rounds = kPassphraseRounds;             // of PBKDF2; fewer for tests alone
};

// Writes one to a descriptor, which stays the caller's. Nothing that was written is worth anything
// before Finish succeeded. Errors of all: kInvalidArgument, a certificate is none; kUnavailable,
// writing fails.
class SealedWriter {
 public:
  static Result<std::unique_ptr<SealedWriter>> Create(int fd, const SealRecipients& recipients);
  ~SealedWriter();
  SealedWriter(const SealedWriter&) = delete;
  SealedWriter& operator=(const SealedWriter&) = delete;

  // Errors: also kResourceExhausted, it would be larger than OpenSealedFile takes.
  Result<void> Write(std::string_view bytes);
  Result<void> Finish();

 private:
  struct State;
  explicit SealedWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// By what one of the recipients shows that they are one: a passphrase, or key and certificate.
struct SealOpener {
  SecretString passphrase;
  SecretString key_pem;
  std::string certificate_pem;
};

// Writes what is in the sealed file `from` to `to`. Once it succeeded, no bit of it was changed;
// where it did not, what `to` has is worth nothing. The file is read whole: at most 1 GiB.
// Errors: kInvalidArgument, no such file; kPermissionDenied, it opens for somebody else or was
// changed; kResourceExhausted; kUnavailable.
Result<void> OpenSealedFile(int from, const SealOpener& opener, int to);

// 32 bytes, of all that can be read from `fd`, from its beginning. Errors: kUnavailable.
Result<std::string> Sha256OfFile(int fd);

}  // namespace rolebridge::crypto
