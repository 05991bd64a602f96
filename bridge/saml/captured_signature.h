#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/saml/xml.h"

namespace rolebridge::saml {

// A signature of somebody's, as far as it can be read without believing it.
struct CapturedSignature {
  std::string method;       // SignatureMethod's algorithm, a URI
  std::string digest;       // DigestMethod's
  std::string certificate;  // base64 in KeyInfo; empty: none
};

CapturedSignature ReadCapturedSignature(const xmlNode& signature);

struct VerifiedBy {
  size_t certificate = 0;  // place in the list that was given
  int key_bits = 0;
};

// Whether `signature`, a child of `signed_element`, is over exactly that element and made with the
// key of one of `certificates` (PEM, or base64 of DER). What KeyInfo holds is not believed. RSA
// with SHA-1 or SHA-2, both canonicalisations, enveloped: what is seen in the field (aws-saml.md
// R14).
// Errors: kInvalidArgument, the signature is not good or a certificate can't be read; kInternal,
// xmlsec1.
Result<VerifiedBy> VerifyCaptured(xmlNode& signed_element, xmlNode& signature,
                                  const std::vector<std::string>& certificates);

// The certificates of a PEM file, one text each.
std::vector<std::string> SplitCertificates(std::string_view pem);

}  // namespace rolebridge::saml
