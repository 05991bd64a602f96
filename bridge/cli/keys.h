#pragma once

#include <string>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/result.h"

namespace rolebridge::cli {

struct NewKeysOptions {
  std::string folder = ".";
  std::string name = "saml";  // saml.key and saml.crt
  std::string common_name = "rolebridge";
  std::string tls_host;  // set: a certificate for a TLS server of that name
  int bits = 2048;
  int years = 10;
};

// `rolebridge keys new`: a key (mode 0600) and a self-signed certificate for it. Never overwrites a
// file. Returns what to tell the administrator.
Result<std::string> MakeKeys(const NewKeysOptions& options, SysSeconds now, Random& random);

}  // namespace rolebridge::cli
