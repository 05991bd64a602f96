#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "bridge/base/version.h"
#include "bridge/cli/check.h"
#include "bridge/cli/keys.h"

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

void AddKeys(CLI::App& app, int& status) {
  CLI::App* const keys = app.add_subcommand("keys", "Keys and certificates");
  keys->require_subcommand(1);
  CLI::App* const command =
      keys->add_subcommand("new", "Makes a key and a self-signed certificate for it");
  const auto options = std::make_shared<cli::NewKeysOptions>();
  command->add_option("--out", options->folder, "Folder to write to")->capture_default_str();
  command->add_option("--name", options->name, "File name without its ending")
      ->capture_default_str();
  command->add_option("--cn", options->common_name, "Name in the certificate")
      ->capture_default_str();
  command->add_option("--tls", options->tls_host, "Make one for a TLS server of this host name");
  command->add_option("--bits", options->bits, "Size of the RSA key")
      ->check(CLI::Range(2048, 4096))
      ->capture_default_str();
  command->add_option("--years", options->years, "How long the certificate is valid")
      ->check(CLI::Range(1, 30))
      ->capture_default_str();
  command->callback([options, &status] {
    const SystemClock clock;
    SystemRandom random;
    const Result<std::string> made = cli::MakeKeys(*options, clock.Now(), random);
    if (made) {
      std::cout << *made;
    } else {
      std::cerr << "rolebridge: " << made.error().message << "\n";
      status = 1;
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  umask(022);
  CLI::App app("The command line of rolebridge, the bridge from Linux logins to AWS roles.");
  app.set_version_flag("--version", std::string(kVersion));
  app.require_subcommand(1);
  int status = 0;
  AddCheck(app, status);
  AddKeys(app, status);
  CLI11_PARSE(app, argc, argv);
  return status;
}
