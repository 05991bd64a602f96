#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "bridge/config/config.h"
#include "bridge/entitlement/entitlement.h"
#include "bridge/issuer/person_reader.h"
#include "bridge/saml/assertion.h"

namespace rolebridge::issuer {

// What a response holds beside the entitlement.
struct ResponseFrame {
  std::string response_id;   // "_" and 40 hexadecimal digits
  std::string assertion_id;  // the same
  std::string acs_url;
  saml::NameId name_id;
  SysSeconds now{};
  SysSeconds authn_instant{};
  std::string session_index;
  size_t assurance = 0;  // index into the configured levels
  std::optional<std::string> in_response_to;
};

// The response as values. Pure.
saml::Response ComposeResponse(const config::Config& config, const config::Application& application,
                               const entitlement::Entitlement& entitlement,
                               const ResponseFrame& frame);

// What AWS would refuse in `response`, with the line of the configuration to look at; nothing where
// it would not, or where the application is somebody else's.
std::optional<Refused> AwsObjectionTo(const config::Application& application,
                                      const saml::Response& response);

// Why this person would be issued nothing at all, by every check that needs no session: for those
// who ask before it happens (security.md M9).
std::optional<Refused> ObjectionBeforehand(const config::Config& config,
                                           const config::Application& application,
                                           const entitlement::Entitlement& entitlement,
                                           const PersonView& person);

}  // namespace rolebridge::issuer
