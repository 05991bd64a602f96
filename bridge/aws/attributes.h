#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/aws/arn.h"
#include "bridge/base/result.h"
#include "bridge/base/traced_text.h"

namespace rolebridge::aws {

// Names of the SAML attributes (aws-saml.md 2.1); case-sensitive.
inline constexpr std::string_view kAttributePrefix = "https://aws.amazon.com/SAML/Attributes/";
inline constexpr std::string_view kRole = "https://aws.amazon.com/SAML/Attributes/Role";
inline constexpr std::string_view kRoleSessionName =
    "https://aws.amazon.com/SAML/Attributes/RoleSessionName";
inline constexpr std::string_view kSessionDuration =
    "https://aws.amazon.com/SAML/Attributes/SessionDuration";
inline constexpr std::string_view kSourceIdentity =
    "https://aws.amazon.com/SAML/Attributes/SourceIdentity";
inline constexpr std::string_view kTransitiveTagKeys =
    "https://aws.amazon.com/SAML/Attributes/TransitiveTagKeys";
inline constexpr std::string_view kPrincipalTagPrefix =
    "https://aws.amazon.com/SAML/Attributes/PrincipalTag:";

// What an application allows its roles to be.
struct RoleRules {
  std::vector<std::string> allowed_accounts;  // 12 digits each; none: no role at all
  std::vector<std::string> allowed_roles;     // patterns over the role's name
};

// The pair that `text` says, or why it must not be sent. A piece that came from the directory may
// fill the place it stands in and nothing more: [A-Za-z0-9_+=.@-]{1,64} inside a name, 12 digits as
// an account; never a comma, colon, slash, space, * or ? (security.md M3). With `trust_arn` a text
// that is one piece from the directory is taken whole, and still must pass the rules.
// Errors: kInvalidArgument, naming the value, its source and the rule it breaks.
Result<RolePair> CheckRole(const TracedText& text, const RoleRules& rules, bool trust_arn);

// The text itself where AWS takes it as the value of the attribute `saml_name`: RoleSessionName and
// SourceIdentity 2 to 64 of [A-Za-z0-9_+=,.@-], SessionDuration 900 to 43200 without sign or
// leading zero, tags by key and value. For names that are not AWS's: well-formed UTF-8 of XML
// characters without CR, LF, TAB (security.md O3), at most 4096 bytes, no white space around it.
// Errors: kInvalidArgument, naming the value and the rule.
Result<std::string> CheckValue(std::string_view saml_name, const TracedText& text);

// Whether the attribute may have one value only (RoleSessionName, SessionDuration, SourceIdentity,
// each PrincipalTag).
bool IsSingleValued(std::string_view saml_name);

}  // namespace rolebridge::aws
