#include "bridge/cli/aws_setup.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "bridge/aws/quote.h"
#include "bridge/base/ascii.h"
#include "bridge/cli/configured.h"
#include "bridge/issuer/applications.h"
#include "bridge/issuer/signing_keys.h"

namespace rolebridge::cli {
namespace {

using std::chrono::seconds;

// IAM's bounds of MaxSessionDuration (aws-saml.md 2.3).
constexpr seconds kMinDuration{3600};
constexpr seconds kMaxDuration{43'200};
constexpr size_t kMaxResources = 500;  // of a CloudFormation template

const config::Account* FindAccount(const config::Config& config, const std::string& name) {
  for (const config::Account& account : config.accounts) {
    if (account.alias == name || account.id == name) return &account;
  }
  return nullptr;
}

std::string LabelOf(const config::Config& config, const std::string& id) {
  const config::Account* const account = FindAccount(config, id);
  if (account == nullptr) return "not in accounts:";
  if (account->name.empty() || account->name == account->alias) return account->alias;
  return account->alias + ", " + account->name;
}

aws::SetupProvider& ProviderIn(aws::AccountSetup& setup, const config::Application& application,
                               const aws::SamlProviderArn& arn) {
  for (aws::SetupProvider& provider : setup.providers) {
    if (provider.provider == arn) return provider;
  }
  setup.providers.push_back({arn, SignInFor(application, arn), {}});
  return setup.providers.back();
}

// Puts the roles where they belong, and says which can't be made.
class Planner {
 public:
  Planner(const config::Config& config, const config::Application& application)
      : config_(config), application_(application) {}

  void Add(const NamedRole& named) {
    const aws::RoleArn& role = named.pair.role;
    const auto [place, is_new] =
        names_.try_emplace({role.account(), LowerAscii(role.name())}, role.text());
    const aws::SamlProviderArn& arn = named.pair.provider;
    if (!is_new && place->second == role.text()) {
      plan_.warnings.push_back("role '" + role.text() + "' is named with a second provider, '" +
                               arn.text() + "'; add that one to its trust policy by hand");
      return;
    }
    if (!is_new) {
      plan_.warnings.push_back("roles '" + place->second + "' and '" + role.text() +
                               "' have one name for AWS, which ignores case and path; the second "
                               "is left out: correct the directory");
      return;
    }
    ProviderIn(AccountOf(role.account()), application_, arn)
        .roles.push_back({role, std::clamp(named.duration, kMinDuration, kMaxDuration)});
  }

  SetupPlan Finish() && { return std::move(plan_); }

 private:
  aws::AccountSetup& AccountOf(const std::string& id) {
    for (aws::AccountSetup& setup : plan_.accounts) {
      if (setup.account == id) return setup;
    }
    plan_.accounts.push_back({.account = id,
                              .label = LabelOf(config_, id),
                              .application = application_.slug,
                              .metadata = {},
                              .providers = {}});
    return plan_.accounts.back();
  }

  const config::Config& config_;
  const config::Application& application_;
  std::map<std::pair<std::string, std::string>, std::string> names_;
  SetupPlan plan_;
};

std::string Listed(const std::vector<aws::AccountSetup>& accounts) {
  std::string text;
  for (const aws::AccountSetup& account : accounts) {
    text += (text.empty() ? "" : ", ") + account.account + " (" + aws::Quoted(account.label) + ")";
  }
  return text;
}

void WarnOfLimits(const aws::AccountSetup& account, SetupFormat format,
                  std::vector<std::string>& warnings) {
  size_t resources = 0;
  for (const aws::SetupProvider& provider : account.providers) {
    resources += 1 + provider.roles.size();
    const size_t size = aws::WriteTrustPolicy(provider.sign_in).size();
    if (size > aws::kMaxTrustPolicy) {
      warnings.push_back("account " + account.account + ": the trust policy has " +
                         std::to_string(size) +
                         " characters, and AWS takes 2048 without a "
                         "request for more; name fewer acs_urls");
    }
  }
  if (format == SetupFormat::kCloudFormation && resources > kMaxResources) {
    warnings.push_back("account " + account.account +
                       ": a template has at most 500 resources, and "
                       "this one has " +
                       std::to_string(resources) + "; use --format terraform or cli");
  }
}

std::string TextOf(const aws::AccountSetup& account, SetupFormat format) {
  switch (format) {
    case SetupFormat::kCloudFormation:
      return aws::WriteCloudFormation(account);
    case SetupFormat::kTerraform:
      return aws::WriteTerraform(account);
    case SetupFormat::kCli:
      return aws::WriteCliScript(account);
  }
  return {};
}

std::string FileName(const aws::AccountSetup& account, SetupFormat format) {
  const std::string name = "rolebridge-" + account.application + "-" + account.account;
  switch (format) {
    case SetupFormat::kCloudFormation:
      return name + ".json";
    case SetupFormat::kTerraform:
      return name + ".tf";
    case SetupFormat::kCli:
      return name + ".sh";
  }
  return name;
}

Result<void> WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  if (!file) return Error{ErrorCode::kUnavailable, "'" + path + "': it can't be written"};
  return {};
}

Result<void> Write(const SetupPlan& plan, const AwsSetupOptions& options, std::ostream& out,
                   std::ostream& err) {
  std::error_code ignored;
  const bool is_folder =
      !options.out.empty() && std::filesystem::is_directory(options.out, ignored);
  if (plan.accounts.size() > 1 && !is_folder) {
    return Error{
        ErrorCode::kInvalidArgument,
        "an account is a deployment of its own, and there are several: " + Listed(plan.accounts) +
            "; choose one with --account, or name a folder with --out"};
  }
  for (const aws::AccountSetup& account : plan.accounts) {
    const std::string text = TextOf(account, options.format);
    if (options.out.empty()) {
      out << text;
      continue;
    }
    const std::string path =
        is_folder ? options.out + "/" + FileName(account, options.format) : options.out;
    const Result<void> written = WriteFile(path, text);
    if (!written) return written;
    err << "wrote " << path << "\n";
  }
  return {};
}

Result<void> Make(const AwsSetupOptions& options, const Clock& clock, std::ostream& out,
                  std::ostream& err) {
  const Result<Configured> configured = OpenConfigured(options.config_path, clock);
  if (!configured) return configured.error();
  const config::Config& config = configured->config;
  const config::Application* const application = issuer::FindApplication(config, options.slug);
  if (application == nullptr) {
    return Error{ErrorCode::kNotFound, "'" + aws::Quoted(options.slug) + "': no such application"};
  }
  const auto keys = issuer::LoadSigningKeys(config, clock.Now());
  if (!keys) return keys.error();
  const auto metadata = issuer::MetadataFor(config, keys->certificates_base64, application->slug);
  if (!metadata) return metadata.error();
  const auto named = FindNamedRoles(config, *application, *configured->directory, clock.Now(),
                                    options.shows_progress ? &err : nullptr);
  if (!named) return named.error();
  Result<SetupPlan> plan = PlanSetup(config, *application, *named, options.account);
  if (!plan) return plan.error();
  for (aws::AccountSetup& account : plan->accounts) {
    account.metadata = *metadata;
    WarnOfLimits(account, options.format, plan->warnings);
  }
  for (const std::string& warning : plan->warnings) err << "warning  " << warning << "\n";
  return Write(*plan, options, out, err);
}

}  // namespace

Result<SetupPlan> PlanSetup(const config::Config& config, const config::Application& application,
                            const NamedRoles& named, const std::string& account) {
  const config::Account* const wanted = FindAccount(config, account);
  const std::string id = wanted == nullptr ? account : wanted->id;
  Planner planner(config, application);
  for (const NamedRole& role : named.roles) {
    if (id.empty() || role.pair.role.account() == id) planner.Add(role);
  }
  SetupPlan plan = std::move(planner).Finish();
  if (plan.accounts.empty()) {
    return Error{ErrorCode::kNotFound,
                 "none of the " + std::to_string(named.groups) + " groups gives a role" +
                     (account.empty() ? "" : " in account '" + aws::Quoted(account) + "'") +
                     " to application '" + application.slug + "', and none of the " +
                     std::to_string(named.people) + " people has one"};
  }
  plan.warnings.insert(plan.warnings.begin(), named.warnings.begin(), named.warnings.end());
  return plan;
}

bool AwsSetup(const AwsSetupOptions& options, const Clock& clock, std::ostream& out,
              std::ostream& err) {
  const Result<void> made = Make(options, clock, out, err);
  if (!made) err << "rolebridge: aws-setup: " << made.error().message << "\n";
  return made.has_value();
}

}  // namespace rolebridge::cli
