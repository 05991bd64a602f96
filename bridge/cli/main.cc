#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "bridge/base/version.h"
#include "bridge/cli/audit.h"
#include "bridge/cli/aws_lint.h"
#include "bridge/cli/aws_setup.h"
#include "bridge/cli/backup_command.h"
#include "bridge/cli/check.h"
#include "bridge/cli/explain.h"
#include "bridge/cli/init_command.h"
#include "bridge/cli/keys.h"
#include "bridge/cli/plan.h"
#include "bridge/cli/reload.h"
#include "bridge/cli/sessions.h"
#include "bridge/cli/simulate.h"
#include "bridge/config/schema.h"

using namespace rolebridge;  // NOLINT(google-build-using-namespace)

namespace {

void AddCheck(CLI::App& app, int& status) {
  CLI::App* const command = app.add_subcommand("check", "Says what is wrong before start does");
  const auto options = std::make_shared<cli::CheckOptions>();
  command->add_option("--config", options->config_path, "The configuration")->capture_default_str();
  command->add_option("--pam-folder", options->pam_folder, "PAM service files")
      ->capture_default_str();
  command->add_option("--pam-settings", options->pam_settings, "The settings of rolebridge-pam")
      ->capture_default_str();
  command->add_flag("--online", options->online, "Ask the directory, too");
  command->callback([options, &status] {
    setenv("LDAPNOINIT", "1", 1);
    const SystemClock clock;
    status = cli::Check(*options, clock, std::cout) ? 0 : 1;
  });
}

void AddExplain(CLI::App& app, int& status) {
  CLI::App* const command = app.add_subcommand("explain", "Says what a person may become, and why");
  const auto options = std::make_shared<cli::ExplainOptions>();
  command->add_option("USER", options->user, "Who")->required();
  command->add_option("--config", options->config_path, "The configuration")->capture_default_str();
  command->add_option("--app", options->application, "One application; all unless given");
  command->add_option("--role", options->role, "The ARN of a role: why (not) that one?");
  command->add_option("--client", options->client, "As if from this address");
  command->add_option("--assurance", options->assurance, "As if logged in at this level");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &status] {
    setenv("LDAPNOINIT", "1", 1);
    options->colour = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nullptr;
    const SystemClock clock;
    status = cli::Explain(*options, clock, std::cout, std::cerr);
  });
}

void AddPlan(CLI::App& app, int& status) {
  CLI::App* const command = app.add_subcommand(
      "plan", "Says who would gain and who would lose which role by another configuration");
  const auto options = std::make_shared<cli::PlanOptions>();
  command->add_option("NEW", options->new_path, "The configuration that would be in force")
      ->required();
  command->add_option("--config", options->config_path, "The one that is")->capture_default_str();
  command->add_option("--client", options->client, "As if all were at this address");
  command->add_option("--assurance", options->assurance,
                      "As if all were logged in at this level; the lowest unless given");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &status] {
    setenv("LDAPNOINIT", "1", 1);
    options->shows_progress = isatty(STDERR_FILENO) == 1;
    const SystemClock clock;
    status = cli::Plan(*options, clock, std::cout, std::cerr);
  });
}

void AddSchema(CLI::App& app) {
  app.add_subcommand("schema", "Prints the JSON Schema of the configuration, for editors")
      ->callback([] { std::cout << config::WriteJsonSchema(); });
}

struct NewKeyOptions {
  std::string config_path = cli::KeysOptions().config_path;
  cli::NewKeysOptions made = {.folder = "", .name = ""};
  cli::GivenPair given;
};

// In the folder that is named or, of signing keys, that the configuration names; else in this one.
Result<std::string> NewKey(NewKeyOptions options, SysSeconds now, Random& random) {
  const bool is_given = !options.given.certificate.empty();
  if (options.made.folder.empty() && options.made.tls_host.empty()) {
    const Result<std::string> folder = cli::FindSigningFolder(options.config_path);
    if (!folder) {
      return Error{folder.error().code,
                   folder.error().message + "\nto make a key all the same, say where: --out"};
    }
    if (!folder->empty()) {
      return cli::MakeNextKey(*folder, options.made, is_given ? &options.given : nullptr, now,
                              random);
    }
  }
  if (is_given) {
    return Error{ErrorCode::kInvalidArgument,
                 "--certificate and --key are for a configuration with signing_folder"};
  }
  if (options.made.folder.empty()) options.made.folder = ".";
  if (options.made.name.empty()) options.made.name = "saml";
  return cli::MakeKeys(options.made, now, random);
}

void AddNewKey(CLI::App& keys, int& status) {
  CLI::App* const command =
      keys.add_subcommand("new", "Makes a key and a self-signed certificate for it");
  const auto options = std::make_shared<NewKeyOptions>();
  cli::NewKeysOptions& made = options->made;
  command->add_option("--config", options->config_path, "The configuration")->capture_default_str();
  command->add_option("--out", made.folder,
                      "Folder to write to; unless given, signing_folder of the configuration, or "
                      "else this one");
  command->add_option("--name", made.name,
                      "File name without its ending; unless given, saml, with the month in "
                      "signing_folder");
  command->add_option("--cn", made.common_name, "Name in the certificate")->capture_default_str();
  command->add_option("--tls", made.tls_host, "Make one for a TLS server of this host name");
  command->add_option("--bits", made.bits, "Size of the RSA key")
      ->check(CLI::Range(2048, 4096))
      ->capture_default_str();
  command->add_option("--years", made.years, "How long the certificate is valid")
      ->check(CLI::Range(1, 30))
      ->capture_default_str();
  CLI::Option* const certificate = command->add_option(
      "--certificate", options->given.certificate, "Take this one into signing_folder, make none");
  CLI::Option* const key =
      command->add_option("--key", options->given.key, "Its key")->needs(certificate);
  certificate->needs(key);
  command->callback([options, &status] {
    const SystemClock clock;
    SystemRandom random;
    const Result<std::string> made_key = NewKey(*options, clock.Now(), random);
    if (made_key) {
      std::cout << *made_key;
    } else {
      std::cerr << "rolebridge: " << made_key.error().message << "\n";
      status = 1;
    }
  });
}

void AddKeys(CLI::App& app, int& status) {
  CLI::App* const keys = app.add_subcommand("keys", "Keys and certificates");
  keys->require_subcommand(1);
  AddNewKey(*keys, status);
  const auto options = std::make_shared<cli::KeysOptions>();
  const auto add = [&](const char* name, const char* help, auto run) {
    CLI::App* const command = keys->add_subcommand(name, help);
    command->add_option("--config", options->config_path, "The configuration")
        ->capture_default_str();
    command->callback([options, &status, run] {
      status = run(*options, SystemClock().Now(), std::cout, std::cerr);
    });
    return command;
  };
  const auto add_change = [&](const char* name, const char* help, auto run) {
    CLI::App* const command = add(name, help, run);
    command->add_option("NAME", options->name, "The key, as list names it")->required();
    command
        ->add_option("--socket", options->admin_socket, "Where rolebridge-issuer listens for this")
        ->capture_default_str();
    command->add_flag("--no-reload", options->no_reload,
                      "Only prepare it: it takes effect when the issuer reloads or starts");
    return command;
  };
  add("list", "The signing keys and how far each has come", cli::ListKeys)
      ->add_flag("--json", options->json, "Print JSON");
  add_change("publish", "Puts the next key into the metadata", cli::PublishKey);
  add_change("activate", "Has a published key sign from now on", cli::ActivateKey)
      ->add_flag("--aws-has-it", options->aws_has_it,
                 "Every SAML provider at AWS has been given the metadata with this key");
  add_change("retire", "Takes a key out of the metadata for good", cli::RetireKey)
      ->add_flag("--delete-key", options->delete_key, "Delete its private key, too");
}

void AddSimulate(CLI::App& app, int& status) {
  CLI::App* const command =
      app.add_subcommand("simulate", "Judges a captured SAML response by AWS's rules");
  const auto options = std::make_shared<cli::SimulateOptions>();
  command->add_option("FILE", options->file, "XML, base64 or a form; - is standard input")
      ->required();
  command->add_option("--now", options->now, "Judge it as of then, like 2026-01-31T10:05:00Z");
  command->add_option("--certificate", options->certificate, "PEM of who must have signed it");
  command->add_option("--acs", options->acs_url, "The URL that it is posted to");
  command->add_flag("--json", options->as_json, "Print JSON");
  command->callback([options, &status] {
    const SystemClock clock;
    status = cli::Simulate(*options, clock, std::cin, std::cout, std::cerr);
  });
}

void AddAwsSetup(CLI::App& app, int& status) {
  CLI::App* const command =
      app.add_subcommand("aws-setup", "Writes what makes the AWS side of an application");
  const auto options = std::make_shared<cli::AwsSetupOptions>();
  const std::map<std::string, cli::SetupFormat> formats = {
      {"cloudformation", cli::SetupFormat::kCloudFormation},
      {"terraform", cli::SetupFormat::kTerraform},
      {"cli", cli::SetupFormat::kCli}};
  command->add_option("SLUG", options->slug, "The application")->required();
  command->add_option("--format", options->format, "cloudformation, terraform or cli")
      ->required()
      ->transform(CLI::CheckedTransformer(formats));
  command->add_option("--config", options->config_path, "The configuration")->capture_default_str();
  command->add_option("--account", options->account, "Alias or number of one account");
  command->add_option("--out", options->out, "A file, or a folder that gets one for each account");
  command->callback([options, &status] {
    setenv("LDAPNOINIT", "1", 1);
    options->shows_progress = isatty(STDERR_FILENO) == 1;
    const SystemClock clock;
    status = cli::AwsSetup(*options, clock, std::cout, std::cerr) ? 0 : 1;
  });
}

void AddAwsLint(CLI::App& app, int& status) {
  CLI::App* const command =
      app.add_subcommand("aws-lint", "Judges an export of AWS's roles by the configuration");
  const auto options = std::make_shared<cli::AwsLintOptions>();
  command
      ->add_option("EXPORT", options->exports,
                   "What aws iam get-account-authorization-details, list-roles or "
                   "list-saml-providers said")
      ->required();
  command->add_option("--config", options->config_path, "The configuration")->capture_default_str();
  command->add_option("--app", options->slug, "One application; else all that send roles");
  command->callback([options, &status] {
    setenv("LDAPNOINIT", "1", 1);
    options->shows_progress = isatty(STDERR_FILENO) == 1;
    const SystemClock clock;
    status = cli::AwsLint(*options, clock, std::cout, std::cerr);
  });
}

void AddAuditFilter(CLI::App* command, const std::shared_ptr<cli::AuditOptions>& options) {
  cli::AuditFilter& filter = options->filter;
  command->add_option("--user", filter.user, "Of this person");
  command->add_option("--event", filter.event, "Of this kind, like response_issued");
  command->add_option("--role", filter.role, "With this in a role's ARN");
  command->add_option("--since", filter.since,
                      "From then on: 2026-01-31, 2026-01-31T10:05:00Z, or ago: 30m, 24h, 7d");
  command->add_option("--until", filter.until, "Before then");
}

void AddAudit(CLI::App& app, int& status) {
  CLI::App* const audit = app.add_subcommand("audit", "The record of what this bridge did");
  audit->require_subcommand(1);
  const auto options = std::make_shared<cli::AuditOptions>();
  const auto add = [&](const char* name, const char* help, auto run) {
    CLI::App* const command = audit->add_subcommand(name, help);
    command->add_option("--state-dir", options->state_directory, "Where the store is")
        ->capture_default_str();
    command->callback([options, &status, run] { status = run(*options, SystemClock()); });
    return command;
  };
  CLI::App* const list =
      add("list", "A line for each record", [](const cli::AuditOptions& o, const Clock& clock) {
        return cli::ListAudit(o, clock, std::cout, std::cerr);
      });
  AddAuditFilter(list, options);
  list->add_option("--limit", options->limit, "The last so many; 0 is all")->capture_default_str();
  add("show", "One record with all that it holds",
      [](const cli::AuditOptions& o, const Clock&) {
        return cli::ShowAudit(o, std::cout, std::cerr);
      })
      ->add_option("RECORD", options->wanted, "Its number, or the ID of an assertion")
      ->required();
  add("verify", "Whether a record was changed or taken away",
      [](const cli::AuditOptions& o, const Clock&) {
        return cli::VerifyAudit(o, std::cin, std::cout, std::cerr);
      })
      ->add_option("--key", options->key_file,
                   "A file with what audit begin showed; - is standard input");
  AddAuditFilter(add("export", "JSON lines",
                     [](const cli::AuditOptions& o, const Clock& clock) {
                       return cli::ExportAudit(o, clock, std::cout, std::cerr);
                     }),
                 options);
  add("begin", "Makes the key of the record and shows it once",
      [](const cli::AuditOptions& o, const Clock& clock) {
        SystemRandom random;
        return cli::BeginAudit(o, clock.Now(), random, std::cout, std::cerr);
      });
}

void AddReload(CLI::App& app, int& status) {
  CLI::App* const command =
      app.add_subcommand("reload", "Takes a changed configuration, keys and passwords into force");
  const auto socket = std::make_shared<std::string>("/run/rolebridge-admin.sock");
  command->add_option("--socket", *socket, "Where rolebridge-issuer listens for this")
      ->capture_default_str();
  command->callback([socket, &status] { status = cli::Reload(*socket, std::cout, std::cerr); });
}

void AddSessions(CLI::App& app, int& status) {
  CLI::App* const sessions = app.add_subcommand("sessions", "Who is logged in here");
  sessions->require_subcommand(1);
  const auto options = std::make_shared<cli::SessionsOptions>();
  sessions
      ->add_option("--socket", options->admin_socket, "Where rolebridge-issuer listens for this")
      ->capture_default_str();
  CLI::App* const list = sessions->add_subcommand("list", "Shows them");
  list->add_option("USER", options->user, "One person's; everybody's unless given");
  list->add_flag("--json", options->json, "Print JSON");
  list->callback(
      [options, &status] { status = cli::ListSessions(*options, std::cout, std::cerr); });
  CLI::App* const end = sessions->add_subcommand("end", "Logs a person out everywhere");
  CLI::Option* const user = end->add_option("USER", options->user, "Who");
  end->add_option("--session", options->session, "That one alone, as list shows it")
      ->excludes(user);
  end->callback([options, &status] {
    if (options->user.empty() == options->session.empty()) throw CLI::CallForHelp();
    status = cli::EndSessions(*options, std::cout, std::cerr);
  });
}

}  // namespace

int main(int argc, char** argv) {
  umask(022);
  CLI::App app("The command line of rolebridge, the bridge from Linux logins to AWS roles.");
  app.set_version_flag("--version", std::string(kVersion));
  app.require_subcommand(1);
  int status = 0;
  AddAudit(app, status);
  AddCheck(app, status);
  AddExplain(app, status);
  cli::AddInit(app, status);
  AddKeys(app, status);
  AddPlan(app, status);
  AddReload(app, status);
  AddSchema(app);
  AddSessions(app, status);
  cli::AddBackup(app, status);
  AddSimulate(app, status);
  AddAwsSetup(app, status);
  AddAwsLint(app, status);
  CLI11_PARSE(app, argc, argv);
  return status;
}
