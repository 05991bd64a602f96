#pragma once

#include "bridge/base/result.h"
#include "bridge/saml/assertion.h"
#include "bridge/saml/xml.h"

namespace rolebridge::saml {

// A response that is not signed yet: the document, and its one assertion, which the document owns.
struct WrittenResponse {
  XmlDoc doc;
  xmlNode* assertion = nullptr;
};

// Writes `response` in the one shape that this program knows (aws-saml.md 1.3): prefixes saml2p and
// saml2, each declared on the element that stands for itself, no white space between elements.
// Errors: as XmlWriter's, and kInvalidArgument for an attribute without a value.
Result<WrittenResponse> WriteResponse(const Response& response);

}  // namespace rolebridge::saml
