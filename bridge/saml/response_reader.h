#pragma once

#include "bridge/base/result.h"
#include "bridge/saml/assertion.h"
#include "bridge/saml/xml.h"

namespace rolebridge::saml {

// A response as it was read: the values, and the two elements that a signature check needs.
struct ReadBack {
  Response response;
  xmlNode* assertion = nullptr;
  xmlNode* signature = nullptr;
};

// Reads a document of response_writer's shape back into values, to be compared with what was meant
// (security.md O6). Not for documents of others: anything that this program would not have written
// itself is an error, one element more, another order or a comment included.
// Errors: kInternal, naming the element where the shape ends.
Result<ReadBack> ReadResponse(const xmlDoc& doc);

}  // namespace rolebridge::saml
