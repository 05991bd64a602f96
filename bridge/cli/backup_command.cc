#include "bridge/cli/backup_command.h"

#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "bridge/backup/backup.h"
#include "bridge/base/private_file.h"
#include "bridge/cli/configured.h"
#include "bridge/cli/exit_status.h"
#include "bridge/cli/init_questions.h"
#include "bridge/cli/signals_held.h"

namespace rolebridge::cli {
namespace {

constexpr size_t kMaxCertificate = 64 * 1024;
constexpr size_t kShortest = 12;  // of a passphrase

struct BackupOptions {
  backup::Places places;
  std::string file;
  std::vector<std::string> recipients;  // files of certificates
  std::string passphrase_file;
  std::string key_file;
  std::string certificate_file;
  std::string sha256;
  bool replace = false;
  bool without_outside = false;
};

int Fail(const Error& error) {
  std::cerr << "rolebridge: " << error.message << "\n";
  return kCannotTell;
}

SecretString WithoutNewline(const SecretString& line) {
  std::string_view text = line.Reveal();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return SecretString(text);
}

// Typed twice, where nobody can look it up afterwards.
Result<SecretString> AskPassphrase(bool is_new) {
  if (isatty(STDIN_FILENO) != 1) {
    return Error{ErrorCode::kInvalidArgument,
                 "nobody can be asked; give --passphrase-file or a certificate"};
  }
  Questions questions(STDIN_FILENO, std::cerr, false);
  Result<SecretString> passphrase = questions.AskSecret("Passphrase of the backup");
  if (!passphrase || !is_new) return passphrase;
  const Result<SecretString> again = questions.AskSecret("The same again");
  if (!again) return again.error();
  if (again->Reveal() != passphrase->Reveal()) {
    return Error{ErrorCode::kInvalidArgument, "these were two different passphrases"};
  }
  return passphrase;
}

Result<SecretString> PassphraseIn(const std::string& file) {
  const Result<SecretString> line = ReadSecretFile(file);
  if (!line) return line.error();
  return WithoutNewline(*line);
}

// For a new one: whoever gets the file may try for as long as they like.
Result<SecretString> LongEnough(Result<SecretString> passphrase) {
  if (passphrase && passphrase->size() < kShortest) {
    return Error{ErrorCode::kInvalidArgument, "the passphrase has fewer than " +
                                                  std::to_string(kShortest) +
                                                  " characters; take a longer one"};
  }
  return passphrase;
}

Result<crypto::SealRecipients> RecipientsOf(const BackupOptions& options) {
  crypto::SealRecipients recipients;
  for (const std::string& file : options.recipients) {
    Result<std::string> pem = ReadConfigFile(file, kMaxCertificate);
    if (!pem) return pem.error();
    recipients.certificates_pem.push_back(*std::move(pem));
  }
  if (options.passphrase_file.empty() && !options.recipients.empty()) return recipients;
  Result<SecretString> passphrase =
      LongEnough(options.passphrase_file.empty() ? AskPassphrase(/*is_new=*/true)
                                                 : PassphraseIn(options.passphrase_file));
  if (!passphrase) return passphrase.error();
  recipients.passphrase = *std::move(passphrase);
  return recipients;
}

Result<crypto::SealOpener> OpenerOf(const BackupOptions& options) {
  crypto::SealOpener opener;
  if (options.key_file.empty()) {
    Result<SecretString> passphrase = options.passphrase_file.empty()
                                          ? AskPassphrase(/*is_new=*/false)
                                          : PassphraseIn(options.passphrase_file);
    if (!passphrase) return passphrase.error();
    opener.passphrase = *std::move(passphrase);
    return opener;
  }
  Result<SecretString> key = ReadSecretFile(options.key_file);
  if (!key) return key.error();
  Result<std::string> certificate = ReadConfigFile(options.certificate_file, kMaxCertificate);
  if (!certificate) return certificate.error();
  opener.key_pem = *std::move(key);
  opener.certificate_pem = *std::move(certificate);
  return opener;
}

// What a configuration can't do without and a backup of its folder has not.
Result<std::string> NamedOutside(const BackupOptions& options) {
  const std::string folder = options.places.root + options.places.config_folder;
  const auto config = ReadConfigured(folder + "/rolebridge.yaml");
  if (!config) return config.error();
  std::vector<std::string> paths = {config->ldap.bind.password_file, config->ldap.bind.keytab_file,
                                    config->ldap.certificate_file, config->ldap.key_file,
                                    config->signing_folder};
  for (const config::KeyPair& pair : config->signing) {
    paths.push_back(pair.key);
    paths.push_back(pair.certificate);
  }
  std::string outside;
  for (const std::string& path : paths) {
    if (path.empty() || path.starts_with(folder + "/")) continue;
    outside += (outside.empty() ? "'" : ", '") + path + "'";
  }
  return outside;
}

// A backup without the keys is found out on the day that it is needed.
Result<void> CheckIsWhole(const BackupOptions& options) {
  if (options.without_outside) return {};
  const Result<std::string> outside = NamedOutside(options);
  if (!outside) {
    return Error{outside.error().code,
                 outside.error().message + "\n--without-outside backs it up as it is"};
  }
  if (outside->empty()) return {};
  return Error{ErrorCode::kInvalidArgument,
               "the configuration names " + *outside + " outside of '" +
                   options.places.config_folder +
                   "'; keep a copy of that by itself (a credential opens on this host alone), then "
                   "--without-outside goes on without it"};
}

int RunBackup(const BackupOptions& options) {
  if (const auto whole = CheckIsWhole(options); !whole) return Fail(whole.error());
  const auto recipients = RecipientsOf(options);
  if (!recipients) return Fail(recipients.error());
  const SystemClock clock;
  SystemRandom random;
  const SignalsHeld held;
  const auto made =
      backup::MakeBackup(options.places, options.file, *recipients, clock.Now(), random);
  if (!made) return Fail(made.error());
  for (const std::string& name : made->names) std::cout << "  /" << name << "\n";
  std::cout << "wrote " << options.file << "\nSHA-256 " << made->sha256
            << "\nKeep this digest elsewhere: restore takes it (--sha256)"
            << (recipients->certificates_pem.empty()
                    ? ".\n"
                    : ", and anybody can encrypt to a certificate.\n");
  return kYes;
}

int RunRestore(const BackupOptions& options) {
  const auto opener = OpenerOf(options);
  if (!opener) return Fail(opener.error());
  if (!options.key_file.empty() && options.sha256.empty()) {
    return Fail({ErrorCode::kInvalidArgument,
                 "anybody can encrypt to a certificate, and what is restored runs as root; give "
                 "--sha256 as 'backup' said it, or --sha256 unknown where you know whose file this "
                 "is"});
  }
  const std::string sha256 = options.sha256 == "unknown" ? "" : options.sha256;
  const SystemClock clock;
  SystemRandom random;
  const SignalsHeld held;
  const auto restored = backup::Restore(options.places, options.file, *opener, sha256,
                                        options.replace, clock.Now(), random);
  if (!restored) return Fail(restored.error());
  for (const std::string& path : restored->aside) std::cout << "moved aside: " << path << "\n";
  for (const std::string& path : restored->files) std::cout << "restored: " << path << "\n";
  std::cout << "backup " << restored->made << "\n"
            << restored->sessions << " sessions are over; everybody logs in again\n"
            << "next: systemctl daemon-reload && rolebridge check --online && systemctl start "
               "rolebridge.target\n";
  return kYes;
}

void AddPlaces(CLI::App* command, const std::shared_ptr<BackupOptions>& options) {
  command->add_option("FILE", options->file, "The backup")->required();
  command->add_option("--passphrase-file", options->passphrase_file,
                      "A file with the passphrase; it is asked for unless given");
  command->add_option("--root", options->places.root,
                      "A disk that is mounted there, not this host");
  command->add_option("--config-folder", options->places.config_folder)->capture_default_str();
  command->add_option("--state-dir", options->places.state_directory)->capture_default_str();
}

}  // namespace

void AddBackup(CLI::App& app, int& status) {
  const auto options = std::make_shared<BackupOptions>();
  CLI::App* const backup =
      app.add_subcommand("backup", "Writes keys, configuration and record to one encrypted file");
  AddPlaces(backup, options);
  backup->add_option("--recipient", options->recipients,
                     "A certificate whose key opens it; keep that key off this host");
  backup->add_flag("--without-outside", options->without_outside,
                   "Go on where the configuration names keys outside of its folder");
  backup->callback([options, &status] { status = RunBackup(*options); });

  const auto wanted = std::make_shared<BackupOptions>();
  CLI::App* const restore = app.add_subcommand("restore", "Puts a backup in place");
  AddPlaces(restore, wanted);
  CLI::Option* const key =
      restore->add_option("--key", wanted->key_file, "The private key of a recipient");
  CLI::Option* const certificate =
      restore->add_option("--certificate", wanted->certificate_file, "Its certificate");
  key->needs(certificate);
  certificate->needs(key);
  restore->add_option("--sha256", wanted->sha256,
                      "The digest that backup showed; needed with --key, unknown where it is lost");
  restore->add_flag("--replace", wanted->replace, "Move aside what is there");
  restore->callback([wanted, &status] { status = RunRestore(*wanted); });
}

}  // namespace rolebridge::cli
