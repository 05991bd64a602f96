#include "bridge/issuer/startup.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "bridge/base/channel.h"
#include "bridge/base/log.h"
#include "bridge/base/service_manager.h"
#include "bridge/base/user_id.h"
#include "bridge/base/version.h"
#include "bridge/config/config_loader.h"

namespace rolebridge::issuer {
namespace {

[[noreturn]] void Fail(const std::string& message) {
  Log(LogPriority::kError, "start_refused", {{"reason", message}});
  std::exit(1);
}

}  // namespace

void ExitFor(const Error& error) { Fail(error.message); }

Options ParseOptionsOrExit(int argc, char** argv) {
  CLI::App app("Decides who may become what, and signs it. Started by rolebridge-issuer.service.");
  app.set_version_flag("--version", std::string(kVersion));
  Options options;
  std::string web_user = "rolebridge-web";
  std::string pam_user = "root";
  app.add_option("--config", options.config_path, "The configuration")->capture_default_str();
  app.add_option("--socket", options.socket_path, "Where rolebridge-web asks")
      ->capture_default_str();
  app.add_option("--admin-socket", options.admin_socket_path, "Where the command rolebridge asks")
      ->capture_default_str();
  app.add_option("--pam-socket", options.pam_socket_path, "Where rolebridge-pam is reached")
      ->capture_default_str();
  app.add_option("--pam-change-socket", options.pam_change_socket_path,
                 "Where it changes expired passwords, if it does")
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

void KeepPromisesOrExit(const Service& service, const Clock& clock) {
  const std::vector<std::string> broken =
      service.BrokenPromises(Service::Whose::kMadeUp, clock, BootTime::max());
  for (const std::string& text : broken) {
    Log(LogPriority::kError, "config_mistake", {{"text", text}});
  }
  if (!broken.empty()) Fail("the configuration's tests do not hold; see rolebridge check");
}

std::unique_ptr<store::AuditLog> OpenRecordOrExit(store::Store& store, const std::string& directory,
                                                  const config::Config& config, SysSeconds now,
                                                  Random& random) {
  store::AuditKey key = OrExit(store::AuditKey::Open(directory + "/audit.key", now, random));
  return OrExit(store::AuditLog::Open(store, std::move(key), now, config.audit_retention));
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

Listeners ListenOrExit(const Options& options) {
  const std::vector<HandedOverSocket> handed_over = HandedOverSockets();
  if (handed_over.empty()) {
    return {OrExit(ListenSeqpacket(options.socket_path, std::nullopt)),
            OrExit(ListenSeqpacket(options.admin_socket_path, std::nullopt))};
  }
  Listeners listeners;
  for (const HandedOverSocket& socket : handed_over) {
    if (!IsListening(socket.fd, AF_UNIX, SOCK_SEQPACKET)) {
      Fail("a socket handed over is not a listening SOCK_SEQPACKET unix socket");
    }
    if (socket.name == "admin") {
      listeners.admin.emplace(socket.fd);
    } else {
      listeners.web.Reset(socket.fd);
    }
  }
  if (!listeners.web) Fail("the service manager handed over no socket for rolebridge-web");
  return listeners;
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

AuditEvent StartedEvent(const Service& service) {
  const std::vector<PublishedKey>& keys = service.published_keys();
  return {"issuer_started",
          LogPriority::kNotice,
          {{"config", service.config().hash},
           {"key", keys.front().fingerprint},
           {"published_keys", OtherFingerprints(keys)}}};
}

void RecordOrExit(Audit& audit, const AuditEvent& event) {
  if (Result<void> recorded = audit.Write(event); !recorded) Fail(recorded.error().message);
}

void KeepUp(store::Store& store, store::AuditLog& record, SysSeconds now) {
  for (const Result<void>& done : {store.CommitPosted(), record.CloseIfDue(now)}) {
    if (!done) Log(LogPriority::kError, "store_refused", {{"reason", done.error().message}});
  }
  NotifyServiceManager("WATCHDOG=1");
}

std::chrono::milliseconds KeepUpInterval() {
  constexpr std::chrono::milliseconds kInterval = std::chrono::seconds(30);
  const auto watchdog = WatchdogInterval();
  if (!watchdog) return kInterval;
  return std::min(kInterval, std::chrono::ceil<std::chrono::milliseconds>(*watchdog / 3));
}

void NotifyReady(const config::Config& config) {
  NotifyServiceManager("READY=1\nSTATUS=configuration " + config.hash.substr(0, 12));
}

}  // namespace rolebridge::issuer
