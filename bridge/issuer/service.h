#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "bridge/config/config.h"
#include "bridge/issuer/issue_service.h"
#include "bridge/issuer/login_service.h"
#include "bridge/issuer/person_reader.h"
#include "bridge/issuer/portal_service.h"
#include "bridge/issuer/request_table.h"
#include "bridge/issuer/signing_keys.h"
#include "bridge/issuer/state.h"
#include "ldap/directory.h"

namespace rolebridge::issuer {

// All that one reading of the configuration makes: keys, directory, and what answers web by them.
// A reload replaces it whole, while a request in progress ends with the one that it began with.
class Service {
 public:
  // Errors: a key, the certificate or the directory's password can't be used; with file and reason.
  static Result<std::shared_ptr<const Service>> Create(config::Config config, const State& state);

  // As RequestTable.
  std::optional<SecretString> Answer(std::string_view message) const {
    return table_.Answer(message);
  }

  const config::Config& config() const { return config_; }
  // The one that signs first.
  const std::vector<PublishedKey>& published_keys() const { return signing_.published; }

  // What of `tests:` does not hold, a line each with its place. With kAll, somebody of the
  // directory is looked up there, until `deadline`; what was not asked by then does not hold.
  enum class Whose { kMadeUp, kAll };
  std::vector<std::string> BrokenPromises(Whose whose, const Clock& clock, BootTime deadline) const;

 private:
  Service(config::Config config, SigningKeys signing, std::unique_ptr<ldap::Directory> directory,
          const State& state);

  const config::Config config_;
  const SigningKeys signing_;
  const std::unique_ptr<ldap::Directory> directory_;
  const PersonReader people_;
  AuditUnder audit_;
  LoginService login_;
  PortalService portal_;
  IssueService issue_;
  const RequestTable table_;
};

}  // namespace rolebridge::issuer
