#include "bridge/cli/aws_lint.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "bridge/aws/arn.h"
#include "bridge/aws/bounded_json.h"
#include "bridge/aws/characters.h"
#include "bridge/aws/quote.h"
#include "bridge/aws/trust_policy.h"
#include "bridge/base/percent.h"
#include "bridge/cli/configured.h"
#include "bridge/cli/exit_status.h"
#include "bridge/issuer/applications.h"

namespace rolebridge::cli {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr size_t kMaxExport = 64 * 1024 * 1024;
constexpr int kMaxNesting = 3;  // list, account, answer

std::string InQuotes(std::string_view text) { return "'" + aws::Quoted(text) + "'"; }

// ---- the export ----

Error Unreadable(const std::string& why) { return {ErrorCode::kInvalidArgument, why}; }

// Field 4 of an ARN; empty: it has none.
std::string AccountOf(std::string_view arn) {
  for (int i = 0; i < 4; ++i) {
    const size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    arn.remove_prefix(colon + 1);
  }
  const std::string_view account = arn.substr(0, arn.find(':'));
  return aws::IsAccountId(account) ? std::string(account) : "";
}

// The CLI prints a policy as JSON, the API as encoded text, other tools as text.
std::string PolicyText(const json& policy) {
  if (!policy.is_string()) return policy.dump(-1, ' ', true, json::error_handler_t::replace);
  const std::string& text = policy.get_ref<const std::string&>();
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '%' ? PercentDecoded(text) : text;
}

const json* Member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// Null: it is not there, or no text.
const std::string* Text(const json& object, const char* name) {
  const json* const member = Member(object, name);
  return member == nullptr ? nullptr : member->get_ptr<const std::string*>();
}

Result<void> ReadRole(const json& role, AwsExport& exported) {
  const std::string* const arn = role.is_object() ? Text(role, "Arn") : nullptr;
  if (arn == nullptr) return Unreadable("a role in it has no Arn");
  ExportedRole& entry = exported.roles[*arn];
  if (const json* policy = Member(role, "AssumeRolePolicyDocument")) {
    entry.trust_policy = PolicyText(*policy);
  }
  if (const json* duration = Member(role, "MaxSessionDuration")) {
    if (!duration->is_number_integer()) {
      return Unreadable("MaxSessionDuration of role " + InQuotes(*arn) + " is no number");
    }
    entry.max_duration = duration->get<long>();
  }
  return {};
}

Result<void> ReadRoles(const json& answer, const char* name, AwsExport& exported) {
  const json* const roles = Member(answer, name);
  if (roles == nullptr) return {};
  if (!roles->is_array()) return Unreadable(std::string(name) + " is no list");
  for (const json& role : *roles) {
    const Result<void> read = ReadRole(role, exported);
    if (!read) return read;
    const std::string account = AccountOf(*Text(role, "Arn"));
    if (!account.empty()) exported.accounts.insert(account);
  }
  return {};
}

Result<void> ReadProviders(const json& answer, AwsExport& exported) {
  const json* const providers = Member(answer, "SAMLProviderList");
  if (providers == nullptr) return {};
  if (!providers->is_array()) return Unreadable("SAMLProviderList is no list");
  for (const json& provider : *providers) {
    const std::string* const arn = provider.is_object() ? Text(provider, "Arn") : nullptr;
    if (arn == nullptr) return Unreadable("a SAML provider in it has no Arn");
    exported.providers.insert(*arn);
    exported.provider_accounts.insert(AccountOf(*arn));
  }
  return {};
}

Result<void> ReadAnswer(const json& answer, const std::string& account, AwsExport& exported) {
  const bool tells_roles = answer.contains("RoleDetailList") || answer.contains("Roles");
  const bool tells_providers = answer.contains("SAMLProviderList");
  for (const char* name : {"RoleDetailList", "Roles"}) {
    const Result<void> read = ReadRoles(answer, name, exported);
    if (!read) return read;
  }
  // One role says nothing about which others there are.
  if (const json* role = Member(answer, "Role")) {
    const Result<void> read = ReadRole(*role, exported);
    if (!read) return read;
  }
  const Result<void> read = ReadProviders(answer, exported);
  if (!read) return read;
  if (aws::IsAccountId(account)) {
    if (tells_roles) exported.accounts.insert(account);
    if (tells_providers) exported.provider_accounts.insert(account);
  }
  const json* const truncated = Member(answer, "IsTruncated");
  const bool goes_on = Member(answer, "NextToken") != nullptr;
  if (goes_on || (truncated != nullptr && *truncated == true)) exported.is_truncated = true;
  return {};
}

bool IsAnswer(const json& object) {
  for (const char* name : {"RoleDetailList", "Roles", "Role", "SAMLProviderList"}) {
    if (object.contains(name)) return true;
  }
  return false;
}

Result<void> ReadAny(const json& value, const std::string& account, int depth,
                     AwsExport& exported) {
  if (depth <= kMaxNesting && value.is_array() && !value.empty()) {
    for (const json& element : value) {
      const Result<void> read = ReadAny(element, account, depth + 1, exported);
      if (!read) return read;
    }
    return {};
  }
  if (value.is_object() && IsAnswer(value)) {
    const std::string* const own = Text(value, "AccountId");
    return ReadAnswer(value, own == nullptr ? account : *own, exported);
  }
  if (depth <= kMaxNesting && value.is_object() && !value.empty()) {
    bool has_accounts_only = true;
    for (const auto& [key, ignored] : value.items()) {
      has_accounts_only = has_accounts_only && aws::IsAccountId(key);
    }
    if (has_accounts_only) {
      for (const auto& [key, element] : value.items()) {
        const Result<void> read = ReadAny(element, key, depth + 1, exported);
        if (!read) return read;
      }
      return {};
    }
  }
  return Unreadable(
      "it has neither RoleDetailList, Roles, Role nor SAMLProviderList; export it with 'aws iam "
      "get-account-authorization-details --filter Role'");
}

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, "it can't be opened"};
  std::string text;
  std::string block(1024 * 1024, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    text.append(block, 0, static_cast<size_t>(file.gcount()));
    if (text.size() > kMaxExport) {
      return Error{ErrorCode::kResourceExhausted, "it is larger than 64 MiB"};
    }
  }
  return text;
}

// ---- the comparison ----

class Linter {
 public:
  Linter(const config::Application& application, const AwsExport& exported)
      : application_(application), exported_(exported) {}

  void Judge(const NamedRole& named) {
    const std::string& account = named.pair.role.account();
    JudgeProvider(named.pair.provider);
    const auto found = exported_.roles.find(named.pair.role.text());
    if (found == exported_.roles.end()) {
      if (exported_.accounts.count(account) == 0) {
        if (untold_.insert(account).second) {
          Say(LintLevel::kUnsure, "account " + account + ": the exports have none of its roles");
        }
        return;
      }
      return SayMissing(named.pair.role);
    }
    const size_t before = Objections();
    JudgeTrust(named.pair, found->second);
    JudgeDuration(named, found->second);
    if (Objections() == before) {
      Say(LintLevel::kOk, "role '" + named.pair.role.text() + "'");
    }
  }

  // Roles that let us in and that nobody is given.
  void JudgeUnnamed(const NamedRoles& named) {
    std::set<std::string> arns;
    std::set<std::string> providers;
    for (const NamedRole& role : named.roles) {
      arns.insert(role.pair.role.text());
      providers.insert(role.pair.provider.text());
    }
    for (const auto& [arn, role] : exported_.roles) {
      if (arns.count(arn) > 0) continue;
      for (const std::string& provider : providers) {
        // Most roles of an account have nothing to do with us: look before parsing.
        if (role.trust_policy.find(provider) == std::string::npos) continue;
        Say(LintLevel::kNote, "role " + InQuotes(arn) +
                                  " names our provider in its trust policy, "
                                  "and no group gives it and nobody has it");
      }
    }
  }

  std::vector<LintFinding> Finish() && { return std::move(findings_); }

 private:
  void Say(LintLevel level, std::string message) {
    findings_.push_back({level, std::move(message)});
  }

  size_t Objections() const {
    return static_cast<size_t>(
        std::count_if(findings_.begin(), findings_.end(), [](const LintFinding& finding) {
          return finding.level == LintLevel::kWrong || finding.level == LintLevel::kUnsure;
        }));
  }

  void JudgeProvider(const aws::SamlProviderArn& provider) {
    if (!judged_providers_.insert(provider.text()).second) return;
    if (exported_.provider_accounts.count(provider.account()) == 0) {
      if (exported_.accounts.count(provider.account()) == 0) return;
      return Say(LintLevel::kNote, "provider '" + provider.text() +
                                       "': the exports do not tell; add the answer of 'aws iam "
                                       "list-saml-providers'");
    }
    if (exported_.providers.count(provider.text()) > 0) {
      return Say(LintLevel::kOk, "provider '" + provider.text() + "'");
    }
    Say(LintLevel::kWrong, "provider '" + provider.text() +
                               "' is not there: AWS says 'Specified provider doesn't exist'; see "
                               "rolebridge aws-setup");
  }

  void SayMissing(const aws::RoleArn& role) {
    const std::string missing = "role '" + role.text() + "' is not there";
    for (const auto& [arn, ignored] : exported_.roles) {
      const Result<aws::RoleArn> other = aws::RoleArn::Parse(arn);
      if (!other || other->account() != role.account() ||
          !aws::EqualIgnoringCase(other->name(), role.name())) {
        continue;
      }
      return Say(LintLevel::kWrong, missing + ", and " + InQuotes(arn) +
                                        " is; case and path count, so correct the directory or "
                                        "the mapping");
    }
    Say(LintLevel::kWrong, missing + "; see rolebridge aws-setup");
  }

  void JudgeTrust(const aws::RolePair& pair, const ExportedRole& role) {
    const std::string start = "role '" + pair.role.text() + "': ";
    if (role.trust_policy.empty()) {
      return Say(LintLevel::kUnsure, start + "the export does not tell its trust policy");
    }
    for (const aws::TrustObjection& objection :
         aws::WhyNotTrusted(role.trust_policy, SignInFor(application_, pair.provider))) {
      Say(objection.is_certain ? LintLevel::kWrong : LintLevel::kUnsure,
          start + "its trust policy " + (objection.is_certain ? "refuses" : "may refuse") +
              " us: " + objection.message);
    }
  }

  void JudgeDuration(const NamedRole& named, const ExportedRole& role) {
    // IAM's least and default, which every role has.
    if (named.duration <= seconds(3600)) return;
    const std::string start = "role '" + named.pair.role.text() + "': ";
    if (!role.max_duration) {
      return Say(LintLevel::kNote, start +
                                       "the exports do not tell its MaxSessionDuration, which "
                                       "must be " +
                                       std::to_string(named.duration.count()) +
                                       " or more; add the answer of 'aws iam list-roles'");
    }
    if (*role.max_duration >= named.duration.count()) return;
    Say(LintLevel::kWrong,
        start + "its MaxSessionDuration is " + std::to_string(*role.max_duration) +
            ", and we send SessionDuration " + std::to_string(named.duration.count()) +
            ": whoever asks STS for that is refused; raise it or lower "
            "aws_session_duration");
  }

  const config::Application& application_;
  const AwsExport& exported_;
  std::vector<LintFinding> findings_;
  std::set<std::string> untold_;
  std::set<std::string> judged_providers_;
};

const char* NameOf(LintLevel level) {
  switch (level) {
    case LintLevel::kOk:
      return "ok         ";
    case LintLevel::kNote:
      return "note       ";
    case LintLevel::kUnsure:
      return "can't tell ";
    case LintLevel::kWrong:
      return "wrong      ";
  }
  return "";
}

bool Counts(const LintFinding& finding) {
  return finding.level == LintLevel::kWrong || finding.level == LintLevel::kUnsure;
}

Result<AwsExport> ReadExports(const std::vector<std::string>& paths) {
  AwsExport exported;
  for (const std::string& path : paths) {
    const auto at = [&](const Error& error) {
      return Error{error.code, InQuotes(path) + ": " + error.message};
    };
    const Result<std::string> text = ReadFile(path);
    if (!text) return at(text.error());
    const Result<void> read = ReadExport(*text, exported);
    if (!read) return at(read.error());
  }
  return exported;
}

std::vector<const config::Application*> Chosen(const config::Config& config,
                                               const std::string& slug) {
  std::vector<const config::Application*> chosen;
  for (const config::Application& application : config.applications) {
    if (slug.empty() ? issuer::SendsRoles(application) : application.slug == slug) {
      chosen.push_back(&application);
    }
  }
  return chosen;
}

// Whether nothing is wrong.
Result<bool> LintAll(const AwsLintOptions& options, const AwsExport& exported, const Clock& clock,
                     std::ostream& out, std::ostream& err) {
  const Result<Configured> configured = OpenConfigured(options.config_path, clock);
  if (!configured) return configured.error();
  const config::Config& config = configured->config;
  const auto chosen = Chosen(config, options.slug);
  if (chosen.empty()) {
    return Error{ErrorCode::kNotFound, options.slug.empty()
                                           ? "no application sends AWS roles"
                                           : InQuotes(options.slug) + ": no such application"};
  }
  bool is_clean = true;
  for (const config::Application* application : chosen) {
    const auto named = FindNamedRoles(config, *application, *configured->directory, clock.Now(),
                                      options.shows_progress ? &err : nullptr);
    if (!named) return named.error();
    for (const LintFinding& finding : Lint(*application, *named, exported)) {
      out << NameOf(finding.level) << finding.message << "\n";
      is_clean = is_clean && !Counts(finding);
    }
  }
  return is_clean;
}

}  // namespace

Result<void> ReadExport(std::string_view text, AwsExport& exported) {
  const json value = aws::ParseBoundedJson(text);
  if (value.is_discarded()) return Unreadable("it is not JSON, or nested deeper than 64");
  return ReadAny(value, "", 0, exported);
}

std::vector<LintFinding> Lint(const config::Application& application, const NamedRoles& named,
                              const AwsExport& exported) {
  Linter linter(application, exported);
  std::vector<LintFinding> findings;
  if (exported.is_truncated) {
    findings.push_back(
        {LintLevel::kUnsure, "an export is cut off (IsTruncated or NextToken); export all of it"});
  }
  for (const std::string& warning : named.warnings) {
    findings.push_back({LintLevel::kNote, warning});
  }
  for (const NamedRole& role : named.roles) linter.Judge(role);
  linter.JudgeUnnamed(named);
  for (LintFinding& finding : std::move(linter).Finish()) findings.push_back(std::move(finding));
  return findings;
}

int AwsLint(const AwsLintOptions& options, const Clock& clock, std::ostream& out,
            std::ostream& err) {
  const auto refuse = [&](const Error& error) {
    err << "rolebridge: aws-lint: " << error.message << "\n";
    return kCannotTell;
  };
  const Result<AwsExport> exported = ReadExports(options.exports);
  if (!exported) return refuse(exported.error());
  const Result<bool> is_clean = LintAll(options, *exported, clock, out, err);
  if (!is_clean) return refuse(is_clean.error());
  return *is_clean ? kYes : kNo;
}

}  // namespace rolebridge::cli
