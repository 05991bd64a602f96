#pragma once

#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/cli/named_roles.h"
#include "bridge/config/config.h"

namespace rolebridge::cli {

struct AwsLintOptions {
  std::vector<std::string> exports;  // files
  std::string config_path = "/etc/rolebridge/rolebridge.yaml";
  std::string slug;  // empty: every application that sends roles
  bool shows_progress = false;
};

// `rolebridge aws-lint`: what AWS has, as its administrator exported it, against what the directory
// and the configuration need: roles that are missing, trust policies that would refuse us, sessions
// that would be cut. A line a finding on `out`; what can't be told is said and counts as a finding.
// 0: nothing is wrong; 1: something is; 2: an export can't be read (why is on `err`).
int AwsLint(const AwsLintOptions& options, const Clock& clock, std::ostream& out,
            std::ostream& err);

struct ExportedRole {
  std::string trust_policy;          // JSON; empty: the export does not say
  std::optional<long> max_duration;  // seconds; get-account-authorization-details leaves it out
};

// What the exports say of AWS, all of them together.
struct AwsExport {
  std::map<std::string, ExportedRole> roles;  // by ARN
  std::set<std::string> accounts;             // whose roles are told
  std::set<std::string> providers;            // ARNs
  std::set<std::string> provider_accounts;    // whose providers are told
  bool is_truncated = false;
};

// Adds what `json` says: the answer of `aws iam get-account-authorization-details`, `list-roles`,
// `get-role` or `list-saml-providers`, or a list of such, each with "AccountId" where it has one,
// or an object with account ids as its keys. Errors: kInvalidArgument, it is none of these.
Result<void> ReadExport(std::string_view json, AwsExport& exported);

enum class LintLevel { kOk, kNote, kUnsure, kWrong };

struct LintFinding {
  LintLevel level;
  std::string message;
  bool operator==(const LintFinding&) const = default;
};

std::vector<LintFinding> Lint(const config::Application& application, const NamedRoles& named,
                              const AwsExport& exported);

}  // namespace rolebridge::cli
