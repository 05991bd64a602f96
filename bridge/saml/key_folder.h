#pragma once

#include <string>
#include <string_view>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "bridge/base/unique_fd.h"
#include "bridge/saml/key_states.h"

namespace rolebridge::saml {

// The folder of `signing_folder:`: NAME.key and NAME.crt for each key, and the file `states`, which
// says how far each has come. The issuer reads it; the command `rolebridge keys` also writes.
class KeyFolder {
 public:
  // Without the file `states` there are no keys yet. Errors: kNotFound or kPermissionDenied, it is
  // no folder, belongs to somebody else or can be written by others (security.md K1); what is wrong
  // in `states`, with its line.
  static Result<KeyFolder> Open(const std::string& path);
  // In addition nobody else changes it until this goes. Errors: also kUnavailable, somebody does.
  static Result<KeyFolder> OpenToChange(const std::string& path);

  const KeyStates& states() const { return states_; }
  std::string CertificatePath(std::string_view name) const;
  std::string KeyPath(std::string_view name) const;

  // The rest is for who opened it to change it. Errors: kUnavailable, with file and reason; then
  // nothing has changed.

  // The new states, whole and on the disk, or the old ones.
  Result<void> Write(const KeyStates& states);
  // Files of a new key, which the folder's group may read. Overwrites nothing.
  Result<void> AddFiles(const std::string& name, std::string_view certificate_pem,
                        const SecretString& key_pem);
  void RemoveFiles(const std::string& name);
  // False where it is gone already.
  Result<bool> DeleteKey(const std::string& name);

 private:
  KeyFolder(std::string path, UniqueFd folder) : path_(std::move(path)), fd_(std::move(folder)) {}
  Result<void> Read();
  Result<void> AddFile(const std::string& name, std::string_view bytes, mode_t mode, gid_t group);

  std::string path_;
  UniqueFd fd_;
  KeyStates states_;
};

}  // namespace rolebridge::saml
