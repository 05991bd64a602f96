#include "bridge/issuer/open_directory.h"

#include <string>
#include <string_view>
#include <utility>

#include "bridge/base/private_file.h"

namespace rolebridge::issuer {
namespace {

Result<SecretString> ReadPassword(const std::string& path) {
  Result<SecretString> read = ReadSecretFile(path);
  if (!read) return Error{read.error().code, "ldap.bind: " + read.error().message};
  std::string_view text = read->Reveal();
  // An editor's line end is not part of the password.
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty()) {
    return Error{ErrorCode::kInvalidArgument, "ldap.bind.password_file: '" + path + "' is empty"};
  }
  return SecretString(text);
}

// What the TLS and Kerberos libraries read by themselves: they do not look at who else may.
Result<void> CheckIsPrivate(const char* key, const std::string& path) {
  if (path.empty()) return {};
  const Result<SecretString> read = ReadSecretFile(path);
  if (read) return {};
  return Error{read.error().code, std::string(key) + ": " + read.error().message};
}

}  // namespace

Result<std::unique_ptr<ldap::Directory>> OpenDirectory(const config::Config& config,
                                                       const Clock& clock,
                                                       ldap::ServerNotice notice) {
  ldap::Settings settings = config.ldap;
  SecretString password;
  if (!settings.bind.password_file.empty()) {
    Result<SecretString> read = ReadPassword(settings.bind.password_file);
    if (!read) return read.error();
    password = *std::move(read);
  }
  const std::pair<const char*, const std::string&> others[] = {
      {"ldap.bind.keytab_file", settings.bind.keytab_file}, {"ldap.key_file", settings.key_file}};
  for (const auto& [key, path] : others) {
    if (const auto checked = CheckIsPrivate(key, path); !checked) return checked.error();
  }
  return ldap::Directory::Create(std::move(settings), std::move(password), clock,
                                 std::move(notice));
}

}  // namespace rolebridge::issuer
