#include "bridge/issuer/open_directory.h"

#include <string_view>
#include <utility>

#include "bridge/base/private_file.h"

namespace rolebridge::issuer {

Result<std::unique_ptr<ldap::Directory>> OpenDirectory(const config::Config& config,
                                                       const Clock& clock) {
  SecretString password;
  if (!config.ldap.bind_password_file.empty()) {
    Result<SecretString> read = ReadSecretFile(config.ldap.bind_password_file);
    if (!read) return Error{read.error().code, "ldap.bind: " + read.error().message};
    std::string_view text = read->Reveal();
    // An editor's line end is not part of the password.
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.empty()) {
      return Error{ErrorCode::kInvalidArgument,
                   "ldap.bind.password_file: '" + config.ldap.bind_password_file + "' is empty"};
    }
    password = SecretString(text);
  }
  ldap::Settings settings = config.ldap;
  settings.groups_per_person = config.limits.groups_per_person;
  return ldap::Directory::Create(std::move(settings), std::move(password), clock);
}

}  // namespace rolebridge::issuer
