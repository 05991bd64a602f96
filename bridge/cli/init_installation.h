#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/cli/init.h"
#include "bridge/cli/init_config.h"
#include "bridge/cli/init_files.h"

namespace rolebridge::cli {

// The groups by which the two daemons read their files.
struct ReaderGroups {
  gid_t issuer = 0;
  gid_t web = 0;
};

// Everything that a bridge is to have on its host.
struct Installation {
  std::string config;  // the text of rolebridge.yaml
  std::vector<FolderWish> folders;
  std::vector<FileWish> files;
  bool has_drop_in = false;  // of the issuer's unit
};

// Makes the answers into files: the configuration, which the real loader has taken, the secret, the
// directory's authority, PAM files, the drop-in, and fresh keys where there are none (not in a dry
// run). Writes nothing.
//
// Errors, naming the file: kInvalidArgument, the answers make no configuration, or a key pair that
// is there can't be used with them; kPermissionDenied, one half of a pair is missing; kUnavailable,
// the directory's addresses are not known; those of what is read.
Result<Installation> Compose(const InitOptions& options, const InitWorld& world,
                             const Answers& answers, const ReaderGroups& groups);

// True where there is anything at `path`, a dead symbolic link included.
bool IsThere(const std::string& path);

}  // namespace rolebridge::cli
