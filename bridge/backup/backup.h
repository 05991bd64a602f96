#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/result.h"
#include "bridge/crypto/sealed_file.h"

namespace rolebridge::backup {

// Where what a backup holds lies on this host. `root` for a disk that is mounted somewhere.
struct Places {
  std::string root;  // "" is this host, else without a slash at its end
  std::string config_folder = "/etc/rolebridge";
  std::string state_directory = "/var/lib/rolebridge";
};

struct Backup {
  std::vector<std::string> names;  // what is in it
  std::string sha256;              // of the file, in hex
};

// All that makes another host this one: the folder of the configuration with its keys and secrets,
// rolebridge-pam.conf, the PAM services rolebridge and rolebridge-*, drop-ins of our units, the
// store, and the keys beside it; as a compressed tar archive that only `recipients` can read, in a
// new file at `path` with mode 0600. An issuer that runs goes on. What the configuration names
// elsewhere is not in it. Errors: kInvalidArgument, there is a file already, no configuration, a
// recipient that is none; kUnavailable. No file is left then.
Result<Backup> MakeBackup(const Places& places, const std::string& path,
                          const crypto::SealRecipients& recipients, SysSeconds now, Random& random);

struct Restored {
  std::string made;                // what the backup says of itself
  std::vector<std::string> files;  // what is in place now
  std::vector<std::string> aside;  // where what was there before is
  int64_t sessions = 0;            // that there were; all are over
};

// Puts the backup at `path` in place, all of it or nothing. What is there already is an error
// unless it is the same file or `replaces`; then it is moved aside and named. `sha256`: of the
// file, as MakeBackup gave it; empty: not known. Errors: kInvalidArgument, no such backup;
// kPermissionDenied, it opens for somebody else, is another file or was changed; kUnavailable, an
// issuer runs, or writing fails. All is as it was then.
Result<Restored> Restore(const Places& places, const std::string& path,
                         const crypto::SealOpener& opener, const std::string& sha256, bool replaces,
                         SysSeconds now, Random& random);

}  // namespace rolebridge::backup
