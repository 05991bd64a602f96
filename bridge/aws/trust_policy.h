#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rolebridge::aws {

// What a role must let in: people who come with a response of one application's.
struct SignIn {
  std::string provider_arn;
  std::vector<std::string> acs_urls;  // each becomes SAML:aud, never the Audience (R5)
  std::string entity_id;              // SAML:iss
  std::string name_id_format;         // SAML:sub_type comes of it
  bool sends_tags = false;            // PrincipalTag:* or TransitiveTagKeys
  bool sends_source_identity = false;
};

// What every role of the provider has to allow (aws-saml.md 5.5).
std::vector<std::string> ActionsFor(const SignIn& sign_in);

// The trust policy that lets in `sign_in` and nothing else, as JSON on one line.
std::string WriteTrustPolicy(const SignIn& sign_in);

// The number of characters that AWS takes of a trust policy without a request for more.
inline constexpr size_t kMaxTrustPolicy = 2048;

struct TrustObjection {
  bool is_certain = false;  // false: it depends on what can't be known here
  std::string message;      // what in the policy it is, the value in single quotes
};

// Why the trust policy `text`, JSON, would refuse `sign_in`; none: it lets it in. Conditions with
// an operator or a key that is not known here are told as uncertain, never taken for granted.
std::vector<TrustObjection> WhyNotTrusted(std::string_view text, const SignIn& sign_in);

}  // namespace rolebridge::aws
