#pragma once

#include <string>

#include "bridge/base/result.h"
#include "bridge/saml/assertion.h"
#include "bridge/saml/signing_key.h"

namespace rolebridge::saml {

// Writes responses and signs the assertion in them: the shape of aws-saml.md 1.3, RSA-SHA256,
// exclusive C14N, one Reference to the assertion's ID, KeyInfo with our certificate and nothing
// else. xmlsec1 does the signing; the loaded key is duplicated, never parsed again.
// Safe to call from several threads.
class Signer {
 public:
  // Initialises libxml2 and xmlsec1 on the first call in the process.
  static Result<Signer> Create(SigningKey key);
  Signer(Signer&&) noexcept;
  Signer& operator=(Signer&&) noexcept;
  ~Signer();

  // The whole document in UTF-8, with no XML declaration, no CR and no white space between
  // elements. The fresh signature has been verified with the public key (security.md O6), and on
  // `reparse` the text has in addition been read again and compared with `response`.
  // Errors: kInvalidArgument, a value may not stand in XML (security.md O3); kInternal, xmlsec1
  // failed or the signature did not verify: issue nothing.
  Result<std::string> Sign(const Response& response, bool reparse) const;

  const SigningKey& key() const;

 private:
  struct Parts;
  explicit Signer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace rolebridge::saml
