#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/result.h"
#include "bridge/base/unique_fd.h"
#include "bridge/config/config.h"
#include "bridge/issuer/audit.h"
#include "bridge/issuer/service.h"
#include "bridge/store/audit_log.h"
#include "bridge/store/store.h"

namespace rolebridge::issuer {

// The stages of main(). Each prints the exact reason and ends the process where it can't succeed:
// half a start is no start.

[[noreturn]] void ExitFor(const Error& error);

template <typename T>
T OrExit(Result<T> result) {
  if (!result) ExitFor(result.error());
  return *std::move(result);
}

struct Options {
  std::string config_path = "/etc/rolebridge/rolebridge.yaml";
  std::string socket_path = "/run/rolebridge/issuer.sock";
  std::string admin_socket_path = "/run/rolebridge-admin.sock";
  std::string pam_socket_path = "/run/rolebridge/pam.sock";
  std::string pam_change_socket_path = "/run/rolebridge/pam-change.sock";
  std::string state_directory = "/var/lib/rolebridge";
  uid_t web_uid = 0;
  uid_t pam_uid = 0;
};

Options ParseOptionsOrExit(int argc, char** argv);

// No core file, not traceable, no LDAP settings from the environment or a file of somebody's
// (security.md K3, L2).
void HardenProcess();

// Logs every warning and every mistake.
config::Config LoadConfigOrExit(const std::string& path);

// A configuration by which a promise about made-up people does not hold is none to start with; one
// about the directory's is not asked, since that may be down.
void KeepPromisesOrExit(const Service& service, const Clock& clock);

// The chained record, and the key of its end, in the state directory.
std::unique_ptr<store::AuditLog> OpenRecordOrExit(store::Store& store, const std::string& directory,
                                                  const config::Config& config, SysSeconds now,
                                                  Random& random);

// This host and this boot of it.
Origin ThisOrigin();

// The sockets that the service manager handed over, "web" and, where it has one, "admin"; where it
// handed over none, sockets of our own.
struct Listeners {
  UniqueFd web;
  std::optional<UniqueFd> admin;
};
Listeners ListenOrExit(const Options& options);

// Readable from the moment on that SIGTERM or SIGINT came; both are blocked in every thread.
// SIGPIPE and SIGXFSZ are ignored from here on.
UniqueFd StopSignalFd();

// With the keys that it starts with, as a reload's record has them.
AuditEvent StartedEvent(const Service& service);

// What can't be put on record must not begin.
void RecordOrExit(Audit& audit, const AuditEvent& event);

// What is due though nobody asks: what waits to be stored, and the hourly end of the audit key.
// Where that fails, the log says so. Done, whatever came of it, the service manager hears that we
// are alive: a store or a lock that hangs has us started anew.
void KeepUp(store::Store& store, store::AuditLog& record, SysSeconds now);
// How often; as often as the service manager wants to hear of it, where it does.
std::chrono::milliseconds KeepUpInterval();

// Tells the service manager, where there is one.
void NotifyReady(const config::Config& config);

}  // namespace rolebridge::issuer
