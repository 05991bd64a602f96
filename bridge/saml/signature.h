#pragma once

#include <memory>
#include <string>

#include "bridge/base/result.h"
#include "bridge/saml/signing_key.h"
#include "bridge/saml/xml.h"

namespace rolebridge::saml {

// Makes and verifies the one kind of signature that this program writes; sole user of xmlsec1.
// RSA-SHA256 over exclusive C14N, one Reference "#" + the assertion's ID with the two usual
// transforms (security.md O5), no Id on ds:Signature (saml-interop.md 2).
// Safe to call from several threads, on documents of their own.
class Signature {
 public:
  // Initialises xmlsec1 on the first call in the process. `key` is used on, and kept by the caller.
  static Result<Signature> Create(const SigningKey& key);
  Signature(Signature&&) noexcept;
  Signature& operator=(Signature&&) noexcept;
  ~Signature();

  // Signs `assertion` in place: ds:Signature right after its first child, the Issuer, with KeyInfo.
  // The signature over SignedInfo has been verified with the public key then (security.md O6).
  // Errors: kInternal; throw the document away.
  Result<void> Sign(xmlNode& assertion) const;

  // Whether `signature` is ours over `assertion`, by the public key out of the certificate;
  // whatever KeyInfo says is not looked at. `assertion` must be registered by RegisterId. Errors:
  // kInternal, it is not.
  Result<void> Verify(xmlNode& assertion, xmlNode& signature) const;

  // Prepares xmlsec1, once in the process; false where that failed.
  static bool Initialise();

  // Tells libxml2 that `assertion`'s ID attribute identifies it, in a document without a DTD.
  static Result<void> RegisterId(xmlNode& assertion);

 private:
  struct Parts;
  explicit Signature(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace rolebridge::saml
