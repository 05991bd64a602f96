#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/unique_fd.h"
#include "bridge/config/config.h"
#include "bridge/issuer/audit.h"
#include "bridge/issuer/state_keys.h"
#include "bridge/issuer/throttle.h"
#include "bridge/saml/signer.h"
#include "bridge/store/known_names.h"
#include "bridge/store/seen_requests.h"
#include "bridge/store/session_store.h"
#include "ldap/directory.h"

namespace rolebridge::issuer {

// The stages of main(). Each prints the exact reason and ends the process where it can't succeed:
// half a start is no start.

struct Options {
  std::string config_path = "/etc/rolebridge/rolebridge.yaml";
  std::string socket_path = "/run/rolebridge/issuer.sock";
  std::string pam_socket_path = "/run/rolebridge/pam.sock";
  std::string state_directory = "/var/lib/rolebridge";
  uid_t web_uid = 0;
  uid_t pam_uid = 0;
};

Options ParseOptionsOrExit(int argc, char** argv);

// No core file, not traceable, no LDAP settings from the environment or a file of somebody's
// (security.md K3, L2).
void HardenProcess();

config::Config LoadConfigOrExit(const std::string& path);

// The keys of `signing:`. The first signs; metadata publishes the certificates of all.
struct SigningKeys {
  saml::Signer signer;
  std::vector<std::string> certificates_base64;
};
Result<SigningKeys> LoadSigningKeys(const config::Config& config, SysSeconds now);
SigningKeys LoadSigningKeysOrExit(const config::Config& config, SysSeconds now);

Result<std::unique_ptr<ldap::Directory>> OpenDirectory(const config::Config& config,
                                                       const Clock& clock);
std::unique_ptr<ldap::Directory> OpenDirectoryOrExit(const config::Config& config,
                                                     const Clock& clock);

// What outlives this process: the state directory must be this user's alone.
std::unique_ptr<store::Store> OpenStoreOrExit(const std::string& directory);
std::unique_ptr<store::AuditLog> LoadAuditLogOrExit(store::Store& store,
                                                    const std::string& directory,
                                                    const config::Config& config, SysSeconds now,
                                                    Random& random);
std::unique_ptr<store::SessionStore> LoadSessionsOrExit(store::Store& store,
                                                        const config::Config& config,
                                                        std::string boot_id, const Clock& clock,
                                                        Random& random);
std::unique_ptr<store::SeenRequests> LoadSeenRequestsOrExit(store::Store& store,
                                                            const Clock& clock);
std::unique_ptr<store::KnownNames> LoadKnownNamesOrExit(store::Store& store);

std::unique_ptr<Throttle> LoadThrottleOrExit(store::Store& store, const config::Config& config,
                                             const StateKeys& keys, const Clock& clock);

// This host and this boot of it.
Origin ThisOrigin();

StateKeys LoadStateKeysOrExit(const std::string& directory, Random& random);

// The metadata document of the application `slug`.
Result<std::string> MetadataFor(const config::Config& config,
                                const std::vector<std::string>& certificates_base64,
                                std::string_view slug);

// The socket that the service manager handed over, or one of our own at `path`.
UniqueFd ListenOrExit(const std::string& path);

// Readable from the moment on that SIGTERM or SIGINT came; both are blocked in every thread.
// SIGPIPE and SIGXFSZ are ignored from here on.
UniqueFd StopSignalFd();

// What can't be put on record must not begin.
void RecordOrExit(Audit& audit, const AuditEvent& event);

// What is due though nobody asks: what waits to be stored, and the hourly end of the audit key.
// Where that fails, the log says so.
void KeepUp(store::Store& store, store::AuditLog& record, SysSeconds now);

// Tells the service manager, where there is one.
void NotifyReady();

}  // namespace rolebridge::issuer
