#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/base/random.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::crypto {

// Digests, message authentication and sealing: OpenSSL's EVP behind one small interface. What
// signs assertions is in saml/.

// 32 bytes.
std::string Sha256(std::string_view bytes);

// 32 bytes, keyed (RFC 2104).
std::string HmacSha256(const SecretString& key, std::string_view bytes);

// `text` encrypted and authenticated with AES-256-GCM under a key of 32 bytes, as nonce, ciphertext
// and tag. `context` is authenticated beside it and must be the same when it is opened, so that a
// value sealed for one use opens for no other.
std::string Seal(const SecretString& key, std::string_view context, std::string_view text,
                 Random& random);

// What was sealed, or nothing where one bit, the key or the context differs.
std::optional<std::string> Open(const SecretString& key, std::string_view context,
                                std::string_view sealed);

}  // namespace rolebridge::crypto
