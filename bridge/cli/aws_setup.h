#pragma once

#include <ostream>
#include <string>

#include "bridge/aws/setup.h"
#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/cli/named_roles.h"
#include "bridge/config/config.h"

namespace rolebridge::cli {

enum class SetupFormat { kCloudFormation, kTerraform, kCli };

struct AwsSetupOptions {
  std::string slug;
  SetupFormat format = SetupFormat::kCloudFormation;
  std::string config_path = "/etc/rolebridge/rolebridge.yaml";
  std::string out;      // a file, or a folder that gets one file an account; empty: standard output
  std::string account;  // alias or number; empty: all
  bool shows_progress = false;
};

// `rolebridge aws-setup`: the text that makes the AWS side of an application, account by account,
// with the roles that the directory names. False, and why on `err`, where it can't be made;
// warnings stand there too.
bool AwsSetup(const AwsSetupOptions& options, const Clock& clock, std::ostream& out,
              std::ostream& err);

struct SetupPlan {
  std::vector<aws::AccountSetup> accounts;
  std::vector<std::string> warnings;
};

// The plan without its metadata. `account` as in the options. Errors: kNotFound, nothing is named
// there.
Result<SetupPlan> PlanSetup(const config::Config& config, const config::Application& application,
                            const NamedRoles& named, const std::string& account);

}  // namespace rolebridge::cli
