#pragma once

#include <string>

#include "bridge/base/random.h"
#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::issuer {

// Our own symmetric keys, made on the first start and kept in the state directory; none is derived
// from another or from the SAML key (security.md K6).
struct StateKeys {
  SecretString name_id;   // persistent NameIDs: losing it gives everybody a new one
  SecretString sealing;   // what web seals and authenticates
  SecretString names;     // names that never logged in stand in records as HMACs under it
  SecretString devices;   // by which the tokens of devices are known as ours
  SecretString throttle;  // where counts of failed logins stand
};

// Errors: kPermissionDenied, the directory or a file is not ours alone; kUnavailable, it can't be
// read or written. The message names the path.
Result<StateKeys> LoadStateKeys(const std::string& directory, Random& random);

}  // namespace rolebridge::issuer
