#include "bridge/cli/check.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "bridge/base/certificate_notice.h"
#include "bridge/base/private_file.h"
#include "bridge/base/visible_text.h"
#include "bridge/config/config_loader.h"
#include "bridge/crypto/certificate.h"
#include "bridge/entitlement/entitlement.h"
#include "bridge/issuer/open_directory.h"
#include "bridge/issuer/person_reader.h"
#include "bridge/issuer/promise.h"
#include "bridge/issuer/signing_keys.h"
#include "pam/service_file.h"
#include "pam/settings.h"

namespace rolebridge::cli {
namespace {

constexpr size_t kMaxCertificate = 64 * 1024;
// A made-up person for asking what a group would give: AWS takes the name, and nobody has it here.
constexpr char kNobody[] = "some+body";

class Report {
 public:
  explicit Report(std::ostream& out) : out_(out) {}
  void Good(const std::string& text) { Line("ok       ", text); }
  void Warn(const std::string& text) { Line("warning  ", text); }
  void Wrong(const std::string& text) {
    Line("wrong    ", text);
    ++wrong_;
  }
  bool IsClean() const { return wrong_ == 0; }

 private:
  // What a directory holds must not steer a terminal.
  void Line(std::string_view mark, const std::string& text) {
    out_ << mark << VisibleText(text, LineBreaks::kKeep) << "\n";
  }

  std::ostream& out_;
  size_t wrong_ = 0;
};

void NoteExpiry(Report& report, const std::string& what, SysSeconds not_after, SysSeconds now) {
  if (not_after < now) {
    report.Warn(what + ": expired on " + FormatUtc(not_after));
  } else if (not_after - now < kCertificateNotice) {
    report.Warn(what + ": expires on " + FormatUtc(not_after) +
                " (days left: " + std::to_string(DaysLeft(not_after, now)) + "); renew it");
  }
}

std::string HostOf(const std::string& url) {
  const std::string rest = url.substr(url.find("://") + 3);
  return rest.substr(0, rest.find_first_of(":/"));
}

void CheckTls(const config::Config& config, SysSeconds now, Report& report) {
  const config::Tls& tls = config.listen.tls;
  if (tls.certificate.empty()) return;
  const std::string what = "listen.tls";
  const Result<std::string> certificate = ReadConfigFile(tls.certificate, kMaxCertificate);
  if (!certificate) return report.Wrong(what + ": " + certificate.error().message);
  const Result<SecretString> key = ReadSecretFile(tls.key);
  if (!key) return report.Wrong(what + ": " + key.error().message);
  const auto summary = crypto::CheckTlsPair(*certificate, *key, HostOf(config.url), now);
  if (!summary) return report.Wrong(what + ": " + summary.error().message);
  report.Good(what + ": " + summary->subject + ", until " + FormatUtc(summary->not_after));
  NoteExpiry(report, what, summary->not_after, now);
}

void CheckSigning(const config::Config& config, SysSeconds now, Report& report) {
  const Result<issuer::SigningKeys> keys = issuer::LoadSigningKeys(config, now);
  if (!keys) return report.Wrong(keys.error().message);
  const saml::SigningKey& key = keys->signer.key();
  report.Good("signing: RSA " + std::to_string(key.bits()) + ", SHA-256 " + key.fingerprint() +
              ", until " + FormatUtc(key.certificate_not_after()));
  for (const issuer::PublishedKey& each : keys->published) {
    NoteExpiry(report,
               "signing: '" + each.name + "' (" + std::string(saml::ToString(each.state)) + ")",
               each.not_after, now);
  }
}

bool Has(const pam::StackLine& line, std::string_view argument) {
  return std::find(line.arguments.begin(), line.arguments.end(), argument) != line.arguments.end();
}

// What would log people in without a secret of theirs (security.md P3, P4).
std::string ObjectionTo(const pam::StackLine& line) {
  if (Has(line, "nullok")) return "nullok lets accounts without a password in; remove it";
  if (line.type != "auth") return {};
  const std::string name = line.module.substr(line.module.rfind('/') + 1);
  const bool may_grant =
      line.control == "sufficient" || line.control.find("done") != std::string::npos;
  if (name == "pam_rootok.so") return "pam_rootok lets everybody in here; remove it";
  if (may_grant && (name == "pam_permit.so" || name == "pam_succeed_if.so")) {
    return name + " must not be what lets somebody in";
  }
  return {};
}

void CheckPasswordLines(const config::Config& config, const CheckOptions& options, Report& report) {
  const std::string& service = config.assurance.front().pam_service;
  const auto stack = pam::ReadServiceFile(options.pam_folder, service);
  const bool has_password_line =
      stack && std::any_of(stack->begin(), stack->end(),
                           [](const pam::StackLine& line) { return line.type == "password"; });
  if (stack && !has_password_line) {
    report.Wrong(options.pam_settings + ": expired_passwords = change takes password lines in '" +
                 options.pam_folder + "/" + service + "', which has none");
  }
}

void CheckPam(const config::Config& config, const CheckOptions& options, Report& report) {
  for (const config::AssuranceLevel& level : config.assurance) {
    const std::string what = "pam service '" + level.pam_service + "'";
    const auto stack = pam::ReadServiceFile(options.pam_folder, level.pam_service);
    if (!stack) {
      report.Wrong(what + ": " + stack.error().message);
      continue;
    }
    bool is_sound = true;
    for (const pam::StackLine& line : *stack) {
      const std::string objection = ObjectionTo(line);
      if (objection.empty()) continue;
      is_sound = false;
      report.Wrong(line.file + ":" + std::to_string(line.line) + ": " + objection);
    }
    if (is_sound) report.Good(what + ": " + std::to_string(stack->size()) + " lines");
  }
  const auto settings = pam::LoadSettings(options.pam_settings);
  if (!settings) return report.Wrong(settings.error().message);
  report.Good(options.pam_settings + ": people from uid " + std::to_string(settings->min_uid));
  if (settings->allow_change_of_expired_passwords) CheckPasswordLines(config, options, report);
}

// What one group gives, and what in it no response may hold.
void CheckGroup(const config::Config& config, const ldap::Group& group, SysSeconds now,
                Report& report, std::set<std::string>& reported) {
  mapping::Facts facts;
  facts.instant = now;
  facts.user.username = kNobody;
  facts.groups.push_back({group.name, group.dn, group.attributes});
  for (const config::Application& application : config.applications) {
    const auto entitlement = entitlement::Evaluate(config, application, facts);
    for (const entitlement::Dropped& dropped : entitlement.dropped) {
      if (!dropped.breaks_rule) continue;
      const std::string text = "group '" + group.name + "' (" + group.dn + "): mappings." +
                               dropped.mapping + ": " + dropped.reason;
      if (reported.insert(text).second) report.Wrong(text);
    }
  }
}

// Whether the directory is what ldap.groups.membership takes it for.
void CheckLayout(const config::Config& config, ldap::Directory& directory, Report& report) {
  const Result<bool> is_active_directory = directory.IsActiveDirectory();
  if (!is_active_directory) return report.Wrong(is_active_directory.error().message);
  const bool is_taken_for_one = config.ldap.groups.membership == ldap::Membership::kActiveDirectory;
  if (*is_active_directory == is_taken_for_one) return;
  if (is_taken_for_one) {
    return report.Wrong("ldap.groups.membership: the directory is no Active Directory");
  }
  report.Warn(
      "ldap.groups.membership: the directory is an Active Directory; only "
      "'active-directory' sees its primary groups and account control");
}

// What can be said of the directory's settings alone, and with `online` of what is in it.
void CheckDirectory(const config::Config& config, const Clock& clock, bool online, Report& report) {
  auto directory = issuer::OpenDirectory(config, clock);
  if (!directory) return report.Wrong(directory.error().message);
  if (!online) return;
  const Result<void> probed = (*directory)->Probe();
  if (!probed) return report.Wrong(probed.error().message);
  CheckLayout(config, **directory, report);
  size_t groups = 0;
  std::set<std::string> reported;
  std::vector<ldap::DroppedValue> dropped;
  const Result<void> visited = (*directory)
                                   ->ForEachGroup(
                                       [&](const ldap::Group& group) {
                                         ++groups;
                                         CheckGroup(config, group, clock.Now(), report, reported);
                                         return true;
                                       },
                                       dropped);
  for (const ldap::DroppedValue& value : dropped) {
    report.Wrong("group '" + value.entry + "': " + value.attribute + ": " + value.reason);
  }
  if (!visited) return report.Wrong(visited.error().message);
  report.Good("directory: " + std::to_string(groups) + " groups below " + config.ldap.groups.base);
}

void CheckPromises(const config::Config& config, const Clock& clock, bool online, Report& report) {
  if (config.tests.empty()) return;
  std::unique_ptr<ldap::Directory> directory;
  if (online) {
    auto opened = issuer::OpenDirectory(config, clock);
    if (!opened) return report.Wrong(opened.error().message);
    directory = *std::move(opened);
  }
  size_t kept = 0, left_out = 0;
  for (const config::Test& test : config.tests) {
    const Result<void> result = issuer::CheckPromise(config, test, directory.get(), clock);
    if (result) {
      ++kept;
    } else if (result.error().code == ErrorCode::kUnavailable && !online) {
      ++left_out;
    } else {
      report.Wrong(ToString(test.position) + ": test '" + test.name +
                   "': " + result.error().message);
    }
  }
  report.Good("tests: " + std::to_string(kept) + " of " + std::to_string(config.tests.size()) +
              " hold");
  if (left_out > 0) {
    report.Warn("tests: " + std::to_string(left_out) +
                " ask the directory and were left out; run it with --online");
  }
}

}  // namespace

bool Check(const CheckOptions& options, const Clock& clock, std::ostream& out) {
  Report report(out);
  const config::LoadResult loaded = config::LoadConfig(options.config_path);
  for (const config::Mistake& mistake : loaded.mistakes) report.Wrong(config::ToString(mistake));
  for (const config::Mistake& warning : loaded.warnings) report.Warn(config::ToString(warning));
  if (!loaded.config) return false;
  const config::Config& config = *loaded.config;
  report.Good(options.config_path + ": " + std::to_string(config.applications.size()) +
              " applications, SHA-256 " + config.hash);
  const SysSeconds now = clock.Now();
  CheckSigning(config, now, report);
  CheckTls(config, now, report);
  CheckPam(config, options, report);
  if (config.require_synchronised_clock && !clock.IsSynchronised()) {
    report.Wrong(
        "clock: the kernel says that it follows no time source; nothing would be issued. Start a "
        "time service (chrony, systemd-timesyncd)");
  }
  CheckDirectory(config, clock, options.online, report);
  CheckPromises(config, clock, options.online, report);
  return report.IsClean();
}

}  // namespace rolebridge::cli
