// rolebridge-pam: one login by PAM, as root, for the one connection on standard input.

#include <getopt.h>
#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bridge/base/channel.h"
#include "bridge/base/log.h"
#include "pam/account.h"
#include "pam/confinement.h"
#include "pam/monitor.h"
#include "pam/settings.h"

namespace {

using namespace rolebridge;  // NOLINT: the program's own namespace
using namespace std::chrono_literals;

constexpr char kUsage[] =
    "usage: rolebridge-pam --peer USER|UID [--config FILE] [--confdir FOLDER]\n"
    "\n"
    "Serves one login on the SOCK_SEQPACKET unix socket at standard input; started by\n"
    "rolebridge-pam.socket, not by hand.\n"
    "  --peer USER|UID   the issuer's user, the only one who may ask\n"
    "  --config FILE     who may pass (default /etc/rolebridge-pam.conf)\n"
    "  --confdir FOLDER  the PAM service files (default /etc/pam.d)\n"
    "  --change-expired-passwords\n"
    "                    lets a password that has expired be changed, where the config allows it\n";

constexpr int kExitUsage = 64;
constexpr int kExitProtocol = 3;

struct Options {
  std::string peer;
  std::string config = "/etc/rolebridge-pam.conf";
  std::string confdir = "/etc/pam.d";
  bool changes_expired_passwords = false;
};

[[noreturn]] void Die(int status, std::string_view event, const std::string& reason) {
  Log(LogPriority::kError, event, {{"reason", reason}});
  std::exit(status);
}

std::string AbsoluteOrExit(const std::string& path) {
  if (path.starts_with('/')) return path;
  char folder[PATH_MAX];
  if (getcwd(folder, sizeof(folder)) == nullptr) Die(1, "pam_no_folder", std::strerror(errno));
  return std::string(folder) + "/" + path;
}

Options ParseOptionsOrExit(int argc, char** argv) {
  static constexpr option kOptions[] = {{"peer", required_argument, nullptr, 'p'},
                                        {"config", required_argument, nullptr, 'c'},
                                        {"confdir", required_argument, nullptr, 'd'},
                                        {"change-expired-passwords", no_argument, nullptr, 'e'},
                                        {"help", no_argument, nullptr, 'h'},
                                        {nullptr, 0, nullptr, 0}};
  Options options;
  int name = 0;
  while ((name = getopt_long(argc, argv, "", kOptions, nullptr)) != -1) {
    if (name == 'p') {
      options.peer = optarg;
    } else if (name == 'c') {
      options.config = optarg;
    } else if (name == 'd') {
      options.confdir = optarg;
    } else if (name == 'e') {
      options.changes_expired_passwords = true;
    } else {
      std::fputs(kUsage, name == 'h' ? stdout : stderr);
      std::exit(name == 'h' ? 0 : kExitUsage);
    }
  }
  if (optind != argc || options.peer.empty()) {
    std::fputs(kUsage, stderr);
    std::exit(kExitUsage);
  }
  // A started process moves to `/`; on the command line these may be relative.
  options.config = AbsoluteOrExit(options.config);
  options.confdir = AbsoluteOrExit(options.confdir);
  return options;
}

uid_t UidOrExit(const std::string& peer) {
  uid_t uid = 0;
  const auto [end, error] = std::from_chars(peer.data(), peer.data() + peer.size(), uid);
  if (error == std::errc() && end == peer.data() + peer.size()) return uid;
  const Result<std::optional<uint32_t>> found = pam::FindLocalUid(peer);
  if (!found || !*found) Die(1, "pam_peer_unknown", "no user '" + peer + "' for --peer");
  return **found;
}

// C1: the socket's mode lets the issuer's group in; its uid alone may ask.
Channel TakeConnectionOrExit(uid_t expected) {
  Result<UniqueFd> connection = pam::TakeConnection();
  if (!connection) Die(kExitUsage, "pam_no_connection", connection.error().message);
  const Result<uid_t> uid = PeerUid(connection->get());
  if (!uid) Die(1, "pam_no_connection", uid.error().message);
  if (*uid != expected) {
    Die(1, "pam_peer_refused",
        "uid " + std::to_string(*uid) + " asks; only uid " + std::to_string(expected) + " may");
  }
  return Channel(std::move(*connection));
}

pam::Settings LoadSettingsOrExit(const std::string& path) {
  Result<pam::Settings> settings = pam::LoadSettings(path);
  if (!settings) Die(1, "pam_settings_refused", settings.error().message);
  return std::move(*settings);
}

// The name that was typed stays out: people type passwords there (G2). The issuer's audit has it.
void LogOutcome(const pam::ServedLogin& login) {
  const pam::Outcome& outcome = login.outcome;
  LogFields fields = {{"service", login.request.service},
                      {"rhost", login.request.rhost},
                      {"verdict", std::string(NameOf(outcome.verdict))},
                      {"detail", outcome.detail}};
  if (outcome.verdict == pam::Verdict::kAccepted) fields.emplace_back("user", outcome.pam_user);
  if (!login.remark.empty()) fields.emplace_back("reason", login.remark);
  const bool is_broken = outcome.verdict == pam::Verdict::kUnavailable;
  Log(is_broken ? LogPriority::kWarning : LogPriority::kInfo, "pam_outcome", fields);
}

int Serve(Channel& channel, const pam::MonitorRules& rules) {
  const Result<pam::ServedLogin> login = pam::ServeLogin(channel, rules);
  if (login) {
    LogOutcome(*login);
    return 0;
  }
  Log(LogPriority::kWarning, "pam_login_ended", {{"reason", login.error().message}});
  return login.error().code == ErrorCode::kInvalidArgument ? kExitProtocol : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = ParseOptionsOrExit(argc, argv);
  const pam::Deadlines deadlines =
      options.changes_expired_passwords ? pam::kDeadlinesOfChange : pam::Deadlines();
  Channel channel = TakeConnectionOrExit(UidOrExit(options.peer));
  pam::ConfineThisProcess();
  // Later than the deadlines that end in an answer; RuntimeMaxSec= of the unit is later still.
  pam::DieAfter(deadlines.login + 5s);

  const pam::MonitorRules rules{.settings = LoadSettingsOrExit(options.config),
                                .service_folder = options.confdir,
                                .deadlines = deadlines,
                                .changes_expired_passwords = options.changes_expired_passwords,
                                .process_ends_with_peer = true};
  return Serve(channel, rules);
}
