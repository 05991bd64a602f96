#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "bridge/config/config.h"
#include "bridge/issuer/issue_service.h"
#include "bridge/issuer/login_service.h"
#include "bridge/issuer/portal_service.h"
#include "bridge/issuer/signing_keys.h"
#include "bridge/issuer/state.h"
#include "bridge/protocol/protocol.h"
#include "ldap/directory.h"

namespace rolebridge::issuer {

// What the requests of protocol.h are answered by.
struct Services {
  const config::Config& config;
  LoginService& login;
  PortalService& portal;
  IssueService& issue;
  ldap::Directory& directory;
  const State& state;
  const std::vector<PublishedKey>& published_keys;  // the one that signs first
  std::function<Result<std::string>(std::string_view slug)> metadata;
};

// The switch: bytes of one request to the bytes of its reply. Knows lengths and types, and nothing
// of what the requests mean.
class RequestTable {
 public:
  explicit RequestTable(Services services) : services_(std::move(services)) {}

  // Nothing where the message is unknown, too long, malformed or from another version: the
  // connection is to be ended (security.md C4).
  std::optional<SecretString> Answer(std::string_view message) const;

 private:
  Services services_;
};

}  // namespace rolebridge::issuer
