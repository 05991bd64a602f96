#include "bridge/cli/init_command.h"

#include <limits.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>

#include "bridge/cli/init.h"

namespace rolebridge::cli {
namespace {

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

void AddAnswers(CLI::App& command, InitOptions& options) {
  command.add_option("--url,--public-name", options.url, "What browsers will know this bridge by")
      ->group("Answers");
  command.add_option("--ldap-uri", options.ldap_uris, "A server of the directory; may be repeated")
      ->group("Answers");
  command.add_option("--ldap-base", options.ldap_base, "Where the directory's entries begin")
      ->group("Answers");
  command
      .add_option("--ldap-ca-file", options.ldap_ca_file,
                  "Who signs its certificates (PEM); the system's authorities unless given")
      ->group("Answers");
  command.add_option("--bind-dn", options.bind_dn, "The account that reads the directory")
      ->group("Answers");
  command
      .add_option("--bind-password-file", options.bind_password_file, "A file with its password")
      ->group("Answers");
  command.add_option("--users-base", options.users_base, "Below which people stand")
      ->group("Answers");
  command.add_option("--groups-base", options.groups_base, "Below which groups stand")
      ->group("Answers");
  command
      .add_option("--membership", options.membership,
                  "How groups name their members: rfc2307, rfc2307bis, memberof, "
                  "active-directory")
      ->group("Answers");
  command.add_option("--account", options.accounts, "An AWS account, NAME=ID; may be repeated")
      ->group("Answers");
  command
      .add_option("--role", options.roles,
                  "A role that may be given, by name or pattern; may be repeated")
      ->group("Answers");
  command
      .add_option("--roles-by", options.roles_by,
                  "Where roles come from: attribute (awsRole of groups), account-attribute (with "
                  "awsAccount) or group-name (AWS-ACCOUNT-ROLE)")
      ->check(CLI::IsMember({"attribute", "account-attribute", "group-name"}))
      ->group("Answers");
  command.add_option("--tls-certificate", options.tls_certificate, "A certificate that is there")
      ->group("Answers");
  command.add_option("--tls-key", options.tls_key, "Its key")->group("Answers");
}

void AddModes(CLI::App& command, InitOptions& options) {
  command.add_flag("--unattended", options.is_unattended, "Ask nothing: flags and defaults alone");
  command.add_flag("--offline", options.is_offline, "Do not ask the directory");
  command.add_flag("--dry-run", options.is_dry_run, "Write nothing; show what would be");
  command.add_flag("--replace", options.may_replace,
                   "Replace files that hold something else; never a key");
  command.add_flag("--unsynchronised-clock", options.has_unsynchronised_clock,
                   "For a host that can't tell whether its clock is right, as in a container");
}

void AddPlaces(CLI::App& command, InitOptions& options) {
  const std::pair<const char*, std::string*> places[] = {
      {"--config-folder", &options.config_folder}, {"--pam-folder", &options.pam_folder},
      {"--pam-settings", &options.pam_settings},   {"--state-dir", &options.state_folder},
      {"--unit-folder", &options.unit_folder},     {"--host-folder", &options.host_folder},
      {"--issuer-group", &options.issuer_group},   {"--web-group", &options.web_group}};
  for (const auto& [name, place] : places) {
    command.add_option(name, *place)->capture_default_str()->group("Places");
  }
}

}  // namespace

void AddInit(CLI::App& app, int& status) {
  CLI::App* const command =
      app.add_subcommand("init", "Sets a bridge up: asks, writes all that it needs, checks it");
  const auto options = std::make_shared<InitOptions>();
  AddModes(*command, *options);
  AddAnswers(*command, *options);
  AddPlaces(*command, *options);
  command->callback([options, &status] {
    setenv("LDAPNOINIT", "1", 1);
    const SystemClock clock;
    SystemRandom random;
    const SystemNetwork network;
    status = Init(*options, {.clock = clock,
                             .random = random,
                             .network = network,
                             .input = STDIN_FILENO,
                             .out = std::cout,
                             .errors = std::cerr,
                             .host_name = HostName(),
                             .is_root = geteuid() == 0});
  });
}

}  // namespace rolebridge::cli
