#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/log.h"
#include "bridge/base/random.h"
#include "bridge/base/result.h"
#include "bridge/base/service_manager.h"
#include "bridge/base/user_id.h"
#include "bridge/protocol/issuer_client.h"
#include "bridge/web/client_address.h"
#include "bridge/web/csrf_token.h"
#include "bridge/web/dispatcher.h"
#include "bridge/web/front.h"
#include "bridge/web/listener.h"
#include "bridge/web/pages.h"
#include "bridge/web/routes.h"
#include "bridge/web/settings_watch.h"
#include "bridge/web/site.h"
#include "bridge/web/static_files.h"
#include "bridge/web/tls_end.h"

// rolebridge-web: speaks HTTP with browsers, and asks the issuer for everything else. It reads no
// configuration file: the issuer tells it its settings.
namespace rolebridge::web {
namespace {

constexpr std::chrono::minutes kIssuerPatience{1};
constexpr std::chrono::seconds kSettingsInterval{5};

struct Options {
  std::string issuer_socket = "/run/rolebridge/issuer.sock";
  std::string issuer_user = "rolebridge";
  std::string pages = "/usr/share/rolebridge/pages";
  std::string static_files = "/usr/share/rolebridge/static";
};

Options ParseOptionsOrExit(int argc, char** argv) {
  Options options;
  CLI::App app("The web server of rolebridge. Its settings come from rolebridge-issuer.");
  app.name("rolebridge-web");
  app.add_option("--issuer-socket", options.issuer_socket, "Where rolebridge-issuer listens")
      ->capture_default_str();
  app.add_option("--issuer-user", options.issuer_user, "As whom it runs: a name or a number")
      ->capture_default_str();
  app.add_option("--pages", options.pages, "The folder with the pages' templates")
      ->capture_default_str();
  app.add_option("--static", options.static_files, "The folder with style sheet, script, pictures")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

[[noreturn]] void Exit(const Error& error) {
  Log(LogPriority::kError, "start_refused", {{"reason", error.message}});
  std::exit(EXIT_FAILURE);
}

template <typename T>
T OrExit(Result<T> result) {
  if (!result) Exit(result.error());
  return std::move(*result);
}

// The socket that systemd handed over under `name`, or else one of our own at `address`.
Result<UniqueFd> TakeOrListen(std::string_view name, const std::string& address) {
  Result<std::optional<UniqueFd>> handed_over = TakeSystemdSocket(name);
  if (!handed_over) return handed_over.error();
  if (*handed_over) return std::move(**handed_over);
  return Listen(address);
}

// "https://SSO.example.org:8443" -> "sso.example.org:8443" (H10).
std::string HostOf(const std::string& url) {
  const std::string origin = OriginOf(url);
  std::string host = origin.substr(origin.find("://") + 3);
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return host;
}

std::vector<FrontListener> ListenOrExit(const protocol::SettingsReply& settings,
                                        const Dispatcher& pages, const Dispatcher& status) {
  std::vector<FrontListener> listeners;
  FrontListener& front = listeners.emplace_back();
  front.socket = OrExit(TakeOrListen("https", settings.listen));
  if (!settings.tls_certificate.empty()) {
    front.tls = TlsFiles{settings.tls_certificate, settings.tls_key};
  }
  front.expected_host = HostOf(settings.url);
  front.dispatcher = &pages;
  Log(LogPriority::kNotice, "listening", {{"at", ListeningAddress(front.socket.get())}});
  if (!settings.status_listen.empty()) {
    FrontListener& loopback = listeners.emplace_back();
    loopback.socket = OrExit(TakeOrListen("status", settings.status_listen));
    loopback.dispatcher = &status;
    Log(LogPriority::kNotice, "status_listening",
        {{"at", ListeningAddress(loopback.socket.get())}});
  }
  return listeners;
}

FrontSettings FrontSettingsOrExit(const protocol::SettingsReply& settings, TlsEnd& tls_end) {
  FrontSettings front;
  front.on_certificate = [&tls_end](SysSeconds not_after) { tls_end.Tell(not_after); };
  front.limits = settings.limits;
  for (const std::string& network : settings.trusted_proxies) {
    front.trusted_proxies.push_back(OrExit(IpNetwork::Parse(network)));
  }
  if (const auto interval = WatchdogInterval()) {
    front.heartbeat = [] { NotifyServiceManager("WATCHDOG=1"); };
    front.heartbeat_interval = std::chrono::ceil<std::chrono::milliseconds>(*interval / 3);
  }
  return front;
}

}  // namespace
}  // namespace rolebridge::web

int main(int argc, char** argv) {
  using namespace rolebridge;
  using namespace rolebridge::web;
  const Options options = ParseOptionsOrExit(argc, argv);
  prctl(PR_SET_DUMPABLE, 0);  // passwords and sessions pass through here (security.md K3)

  const SystemClock clock;
  SystemRandom random;
  const std::vector<StaticFile> static_files = OrExit(LoadStaticFiles(options.static_files));
  const Pages pages = OrExit(Pages::Load(options.pages, static_files));

  const std::unique_ptr<protocol::IssuerApi> issuer =
      protocol::ConnectToIssuer(options.issuer_socket, OrExit(FindUserId(options.issuer_user)));
  CurrentSettings settings(OrExit(AwaitSettings(*issuer, random, kIssuerPatience)));
  TlsEnd tls_end(clock);
  const Site site{*issuer, settings, pages, static_files, clock, random, tls_end};

  const auto page_routes = OrExit(Dispatcher::Create(PublicRoutes(site)));
  const auto status_routes = OrExit(Dispatcher::Create(StatusRoutes(site)));
  const std::shared_ptr<const WebSettings> at_start = settings.Get();
  const auto front =
      OrExit(Front::Create(FrontSettingsOrExit(at_start->reply, tls_end),
                           ListenOrExit(at_start->reply, *page_routes, *status_routes), random));

  const SettingsWatch watch(*issuer, settings, random, kSettingsInterval);
  const Result<void> served = front->ServeUntilSignalled([] { NotifyServiceManager("READY=1"); });
  if (!served) Exit(served.error());
  return EXIT_SUCCESS;
}
