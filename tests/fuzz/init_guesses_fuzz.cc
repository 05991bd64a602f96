#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bridge/cli/init_guesses.h"
#include "bridge/config/checks.h"
#include "ldap/services.h"

// What a host's files and an answer of the DNS hold becomes an address or a name as the
// configuration takes it, or nothing.
namespace {

namespace cli = rolebridge::cli;
namespace config = rolebridge::config;
namespace ldap = rolebridge::ldap;

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireSound(const cli::DirectoryGuess& guess) {
  for (const std::string& uri : guess.uris) Require(config::CheckLdapUri(uri).empty());
  Require(guess.base.empty() || config::CheckDn(guess.base).empty());
  Require(guess.bind_dn.empty() || config::CheckDn(guess.bind_dn).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  RequireSound(cli::ReadLdapConf(text));
  RequireSound(cli::ReadSssdConf(text));
  for (const std::string& address : cli::ReadResolvConf(text).addresses) {
    Require(config::CheckAddress(address).empty());
  }
  const std::string domain = "example.org";
  for (const std::string& uri :
       cli::UrisOf(ldap::ParseServices({bytes, size}).services, "ldap", domain)) {
    Require(config::CheckLdapUri(uri).empty());
    Require(uri.find("example.org") != std::string::npos);
  }
  const auto role = cli::RoleNameIn(text);
  Require(!role || (config::CheckRolePattern(*role).empty() &&
                    role->find_first_of("*?,:/ ") == std::string::npos));
  return 0;
}
