#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bridge/base/clock.h"

namespace rolebridge::saml {

// What a response says, as values: the writer makes XML of it, aws/response_rules judges it, the
// audit record tells of it. Nothing here is text that was glued (security.md O1).

struct Attribute {
  std::string name;                        // SAML Core 2.7.3.1
  std::optional<std::string> name_format;  // absent: no NameFormat is written
  std::vector<std::string> values;         // at least one
  bool operator==(const Attribute&) const = default;
};

struct NameId {
  std::string format;  // a URN of names.h
  std::string value;
  bool operator==(const NameId&) const = default;
};

// SAML Core 2.3.3, in the shape of aws-saml.md 1.3.
struct Assertion {
  std::string id;  // "_" and 40 hexadecimal digits
  SysSeconds issue_instant{};
  std::string entity_id;  // who we are to this relying party: <Issuer>
  NameId name_id;
  std::string recipient;  // the ACS URL, octet for octet
  std::optional<std::string> in_response_to;
  SysSeconds not_before{};
  SysSeconds not_on_or_after{};  // half open; of Conditions and of SubjectConfirmationData
  std::string audience;          // entity ID of the relying party
  SysSeconds authn_instant{};    // when PAM said yes
  std::string session_index;
  std::optional<SysSeconds> session_not_on_or_after;
  std::string authn_context_class;
  std::vector<Attribute> attributes;
  bool operator==(const Assertion&) const = default;
};

// SAML Core 3.3.3; always status Success: a refusal is a page of ours (aws-saml.md R21).
struct Response {
  std::string id;
  SysSeconds issue_instant{};
  std::string destination;  // equal to assertion.recipient
  Assertion assertion;
  bool operator==(const Response&) const = default;
};

}  // namespace rolebridge::saml
