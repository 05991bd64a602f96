#pragma once

#include "bridge/base/result.h"
#include "bridge/cli/init.h"
#include "bridge/cli/init_config.h"

namespace rolebridge::cli {

// All answers, each one checked: out of the options, or of a person, with defaults that the host's
// files, the DNS (where somebody sees what it says) and the directory itself give.
//
// Errors: kInvalidArgument, what is wrong or missing, unattended all of it at once; those of the
// directory, unattended, where it can't be read and `is_offline` does not say to go on without it.
Result<Answers> Interview(const InitOptions& options, const InitWorld& world);

// The host in https://host:port.
std::string HostOfUrl(const std::string& url);

}  // namespace rolebridge::cli
