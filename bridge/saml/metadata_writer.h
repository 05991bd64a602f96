#pragma once

#include <string>
#include <vector>

#include "bridge/base/result.h"

namespace rolebridge::saml {

// What the metadata document of an identity provider says (SAML Metadata 2.4.3).
struct IdpMetadata {
  std::string entity_id;
  std::vector<std::string> certificates_base64;  // DER; the one that signs first
  std::string sso_url;                           // for HTTP-Redirect and HTTP-POST
  std::vector<std::string> name_id_formats;
  std::string organization_name;  // with organization_url: keeps the text above AWS's 1,000
  std::string organization_url;   // characters (aws-saml.md 4.1)
};

// The document in UTF-8 without a byte order mark, schema-valid, the same bytes for the same input,
// 1,000 characters or more, no validUntil. Errors: kInvalidArgument, a value may not stand in XML.
Result<std::string> WriteMetadata(const IdpMetadata& metadata);

}  // namespace rolebridge::saml
