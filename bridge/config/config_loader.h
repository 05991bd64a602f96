#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/position.h"
#include "bridge/base/result.h"
#include "bridge/config/config.h"

namespace rolebridge::config {

using mapping::Mistake;

struct LoadResult {
  std::optional<Config> config;   // only where `mistakes` is empty
  std::vector<Mistake> mistakes;  // in the order of the files, then of their lines
  std::vector<Mistake> warnings;  // allowed, and probably not meant
};

// Reads `path` and, where it is there, conf.d/*.yaml beside it (merged by name; the same name twice
// is a mistake). Files must be regular, owned by root or by us, and not writable by group or others
// (security.md Y5); `bind.password_file` and keys are not opened here.
LoadResult LoadConfig(const std::string& path);

// The same from text, for tests and fuzzing: `file` is the name shown in positions; relative paths
// are taken from `directory`.
LoadResult ParseConfig(std::string_view yaml, const std::string& file,
                       const std::string& directory);

// "rolebridge.yaml:41:24: applications.aws.aws_session_duration: '99999' is out of range; ..."
std::string ToString(const Mistake& mistake);

}  // namespace rolebridge::config
