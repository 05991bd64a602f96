#pragma once

#include <memory>
#include <string>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/config/config.h"
#include "ldap/directory.h"

namespace rolebridge::cli {

// A configuration without mistakes, and its directory.
struct Configured {
  config::Config config;
  std::unique_ptr<ldap::Directory> directory;
};

// Errors: kInvalidArgument with every mistake of the configuration, one a line; what the directory
// says of its settings. Nothing is connected yet.
Result<config::Config> ReadConfigured(const std::string& path);
Result<Configured> OpenConfigured(const std::string& path, const Clock& clock);

}  // namespace rolebridge::cli
