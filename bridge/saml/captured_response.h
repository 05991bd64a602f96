#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/saml/assertion.h"
#include "bridge/saml/xml.h"

namespace rolebridge::saml {

// A response that somebody else may have written, as it came over the wire.
struct CapturedText {
  std::string xml;
  size_t base64_characters = 0;  // what it has, or would have, as SAMLResponse (aws-saml.md R16)
};

// Takes XML, base64 with or without white space, or the body of a form with SAMLResponse in it,
// percent-encoded or not.
// Errors: kInvalidArgument, it is none of these.
Result<CapturedText> DecodeCaptured(std::string_view text);

// What stands in it: values as far as they are there, and how often there is what should be there
// once. Judging it is somebody else's business.
struct CapturedResponse {
  XmlDoc doc;
  Response response;  // what is absent has its default; several of one kind: the first

  std::string status;                 // StatusCode; empty: none
  std::optional<std::string> issuer;  // of the Response; the assertion's is in `response`
  size_t assertions = 0;              // anywhere in the document
  size_t encrypted_assertions = 0;    // likewise
  size_t confirmations = 0;           // SubjectConfirmation
  size_t attribute_statements = 0;
  size_t authn_statements = 0;
  std::string confirmation_method;
  bool confirmation_has_not_before = false;
  bool has_confirmation_end = false;  // SubjectConfirmationData/@NotOnOrAfter
  std::optional<SysSeconds> conditions_end;
  std::vector<std::string> audiences;
  // Attributes that should be an xs:dateTime and are not: where, and what stands there.
  std::vector<std::pair<std::string, std::string>> bad_instants;
  std::vector<std::string> repeated_ids;

  // Elements of `doc`; null: not there, or, for a signature, not a direct child of what it signs.
  xmlNode* assertion = nullptr;
  xmlNode* response_signature = nullptr;
  xmlNode* assertion_signature = nullptr;
};

// Strict about what may be XML at all (security.md I1 to I4): no DOCTYPE, comment, processing
// instruction, CDATA or entity, UTF-8, at most 32 levels deep; nothing is loaded.
// Errors: kInvalidArgument, naming what is wrong.
Result<CapturedResponse> ReadCaptured(std::string_view xml);

}  // namespace rolebridge::saml
