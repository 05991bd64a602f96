#include "bridge/issuer/startup.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "bridge/base/channel.h"
#include "bridge/base/log.h"
#include "bridge/base/private_file.h"
#include "bridge/base/service_manager.h"
#include "bridge/base/user_id.h"
#include "bridge/base/version.h"
#include "bridge/config/config_loader.h"
#include "bridge/issuer/applications.h"
#include "bridge/saml/metadata_writer.h"
#include "bridge/saml/names.h"

namespace rolebridge::issuer {
namespace {

constexpr size_t kMaxCertificate = 64 * 1024;

[[noreturn]] void Fail(const std::string& message) {
  Log(LogPriority::kError, "start_refused", {{"reason", message}});
  std::exit(1);
}

template <typename T>
T OrExit(Result<T> result) {
  if (!result) Fail(result.error().message);
  return *std::move(result);
}

Result<saml::SigningKey> LoadSigningKey(const config::KeyPair& pair, SysSeconds now) {
  const auto at = [&](const Error& error) {
    return Error{error.code, ToString(pair.position) + ": signing: " + error.message};
  };
  const Result<std::string> certificate = ReadConfigFile(pair.certificate, kMaxCertificate);
  if (!certificate) return at(certificate.error());
  const Result<SecretString> key = ReadSecretFile(pair.key);
  if (!key) return at(key.error());
  Result<saml::SigningKey> loaded = saml::SigningKey::Load(*certificate, *key, now);
  if (!loaded) {
    return at({loaded.error().code,
               "'" + pair.key + "' with '" + pair.certificate + "': " + loaded.error().message});
  }
  return loaded;
}

}  // namespace

Options ParseOptionsOrExit(int argc, char** argv) {
  CLI::App app("Decides who may become what, and signs it. Started by rolebridge-issuer.service.");
  app.set_version_flag("--version", std::string(kVersion));
  Options options;
  std::string web_user = "rolebridge-web";
  std::string pam_user = "root";
  app.add_option("--config", options.config_path, "The configuration")->capture_default_str();
  app.add_option("--socket", options.socket_path, "Where rolebridge-web asks")
      ->capture_default_str();
  app.add_option("--pam-socket", options.pam_socket_path, "Where rolebridge-pam is reached")
      ->capture_default_str();
  app.add_option("--state-dir", options.state_directory, "What outlives this process")
      ->capture_default_str();
  app.add_option("--web-user", web_user, "Name or uid of rolebridge-web")->capture_default_str();
  app.add_option("--pam-uid", pam_user, "Name or uid of who listens on the PAM socket")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  options.web_uid = OrExit(FindUserId(web_user));
  options.pam_uid = OrExit(FindUserId(pam_user));
  return options;
}

void HardenProcess() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  setenv("LDAPNOINIT", "1", 1);
}

config::Config LoadConfigOrExit(const std::string& path) {
  config::LoadResult loaded = config::LoadConfig(path);
  for (const config::Mistake& warning : loaded.warnings) {
    Log(LogPriority::kWarning, "config_warning", {{"text", config::ToString(warning)}});
  }
  for (const config::Mistake& mistake : loaded.mistakes) {
    Log(LogPriority::kError, "config_mistake", {{"text", config::ToString(mistake)}});
  }
  if (!loaded.config) Fail("'" + path + "' has mistakes; see rolebridge check");
  return *std::move(loaded.config);
}

Result<SigningKeys> LoadSigningKeys(const config::Config& config, SysSeconds now) {
  std::vector<std::string> certificates;
  std::optional<saml::SigningKey> first;
  for (const config::KeyPair& pair : config.signing) {
    Result<saml::SigningKey> key = LoadSigningKey(pair, now);
    if (!key) return key.error();
    certificates.push_back(key->certificate_base64());
    if (!first) first.emplace(*std::move(key));
  }
  if (!first) return Error{ErrorCode::kInvalidArgument, "signing: name a key"};
  Result<saml::Signer> signer = saml::Signer::Create(*std::move(first));
  if (!signer) return signer.error();
  return SigningKeys{*std::move(signer), std::move(certificates)};
}

SigningKeys LoadSigningKeysOrExit(const config::Config& config, SysSeconds now) {
  return OrExit(LoadSigningKeys(config, now));
}

Result<std::unique_ptr<ldap::Directory>> OpenDirectory(const config::Config& config,
                                                       const Clock& clock) {
  SecretString password;
  if (!config.ldap.bind_password_file.empty()) {
    Result<SecretString> read = ReadSecretFile(config.ldap.bind_password_file);
    if (!read) return Error{read.error().code, "ldap.bind: " + read.error().message};
    std::string_view text = read->Reveal();
    // An editor's line end is not part of the password.
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.empty()) {
      return Error{ErrorCode::kInvalidArgument,
                   "ldap.bind.password_file: '" + config.ldap.bind_password_file + "' is empty"};
    }
    password = SecretString(text);
  }
  ldap::Settings settings = config.ldap;
  settings.groups_per_person = config.limits.groups_per_person;
  return ldap::Directory::Create(std::move(settings), std::move(password), clock);
}

std::unique_ptr<ldap::Directory> OpenDirectoryOrExit(const config::Config& config,
                                                     const Clock& clock) {
  return OrExit(OpenDirectory(config, clock));
}

std::unique_ptr<store::Store> OpenStoreOrExit(const std::string& directory) {
  return OrExit(store::Store::Open(directory));
}

std::unique_ptr<store::AuditLog> LoadAuditLogOrExit(store::Store& store,
                                                    const std::string& directory,
                                                    const config::Config& config, SysSeconds now,
                                                    Random& random) {
  store::AuditKey key = OrExit(store::AuditKey::Open(directory + "/audit.key", now, random));
  return OrExit(store::AuditLog::Open(store, std::move(key), now, config.audit_retention));
}

std::unique_ptr<store::SessionStore> LoadSessionsOrExit(store::Store& store,
                                                        const config::Config& config,
                                                        std::string boot_id, const Clock& clock,
                                                        Random& random) {
  const store::SessionBounds bounds{.lifetime = config.session_lifetime,
                                    .idle = config.session_idle,
                                    .sessions = config.limits.sessions,
                                    .sessions_per_user = config.limits.sessions_per_user};
  store::Node node{.boot_id = std::move(boot_id), .levels = {}};
  for (const config::AssuranceLevel& level : config.assurance) node.levels.push_back(level.name);
  return OrExit(store::SessionStore::Open(store, bounds, std::move(node), clock, random));
}

std::unique_ptr<store::SeenRequests> LoadSeenRequestsOrExit(store::Store& store,
                                                            const Clock& clock) {
  return OrExit(store::SeenRequests::Open(store, clock));
}

std::unique_ptr<store::KnownNames> LoadKnownNamesOrExit(store::Store& store) {
  return OrExit(store::KnownNames::Open(store));
}

std::unique_ptr<Throttle> LoadThrottleOrExit(store::Store& store, const config::Config& config,
                                             const StateKeys& keys, const Clock& clock) {
  return OrExit(Throttle::Open(store::ThrottleTable(store), config.limits, keys.throttle, clock));
}

Origin ThisOrigin() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  Origin origin{.node = name.data(), .boot_id = {}};
  // The unit says it, since its sandbox hides the file (security.md S2).
  if (const char* const told = std::getenv("ROLEBRIDGE_BOOT_ID")) {
    origin.boot_id = told;
  } else {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::getline(file, origin.boot_id);
    // As the unit's %b writes it.
    std::erase(origin.boot_id, '-');
  }
  return origin;
}

StateKeys LoadStateKeysOrExit(const std::string& directory, Random& random) {
  return OrExit(LoadStateKeys(directory, random));
}

Result<std::string> MetadataFor(const config::Config& config,
                                const std::vector<std::string>& certificates_base64,
                                std::string_view slug) {
  const config::Application* const application = FindApplication(config, slug);
  if (application == nullptr) return Error{ErrorCode::kNotFound, "no such application"};
  const std::string& site = config.branding.site_name;
  return saml::WriteMetadata({.entity_id = application->entity_id,
                              .certificates_base64 = certificates_base64,
                              .sso_url = config.url + "/saml/" + application->slug + "/sso",
                              .name_id_formats = {application->name_id_format},
                              .organization_name = site.empty() ? "rolebridge" : site,
                              .organization_url = config.url + "/"});
}

UniqueFd ListenOrExit(const std::string& path) {
  const std::vector<HandedOverSocket> handed_over = HandedOverSockets();
  if (handed_over.size() > 1) Fail("the service manager handed over more than one socket");
  if (!handed_over.empty()) {
    if (!IsListening(handed_over.front().fd, AF_UNIX, SOCK_SEQPACKET)) {
      Fail("the socket handed over is not a listening SOCK_SEQPACKET unix socket");
    }
    return UniqueFd(handed_over.front().fd);
  }
  return OrExit(ListenSeqpacket(path, std::nullopt));
}

UniqueFd StopSignalFd() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A peer that goes away is an error of the write and nothing else; so is a file that may not
  // grow.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  return UniqueFd(signalfd(-1, &signals, SFD_CLOEXEC));
}

void RecordOrExit(Audit& audit, const AuditEvent& event) {
  if (Result<void> recorded = audit.Write(event); !recorded) Fail(recorded.error().message);
}

void KeepUp(store::Store& store, store::AuditLog& record, SysSeconds now) {
  for (const Result<void>& done : {store.CommitPosted(), record.CloseIfDue(now)}) {
    if (!done) Log(LogPriority::kError, "store_refused", {{"reason", done.error().message}});
  }
}

void NotifyReady() { NotifyServiceManager("READY=1"); }

}  // namespace rolebridge::issuer
