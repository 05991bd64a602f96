#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/limits.h"
#include "bridge/base/random.h"
#include "bridge/base/result.h"
#include "bridge/base/unique_fd.h"
#include "bridge/web/client_address.h"
#include "bridge/web/dispatcher.h"
#include "bridge/web/limits.h"
#include "bridge/web/transport.h"

namespace rolebridge::web {

struct FrontListener {
  UniqueFd socket;              // see listener.h
  std::optional<TlsFiles> tls;  // absent only for a loopback or unix socket
  std::string expected_host;    // host[:port] of our URL, in lower case; empty: any (H10)
  const Dispatcher* dispatcher = nullptr;
};

struct FrontSettings {
  Limits limits;
  Deadlines deadlines;
  std::vector<IpNetwork> trusted_proxies;
  // Runs on the I/O thread at that interval (for the service manager's watchdog); may be absent.
  std::function<void()> heartbeat;
  std::chrono::milliseconds heartbeat_interval{5'000};
  std::chrono::milliseconds certificate_interval{5'000};  // looked at for a renewed one
  // Told on the I/O thread, when serving begins and at that interval, until when the certificate is
  // valid that browsers see; may be absent.
  std::function<void(SysSeconds not_after)> on_certificate;
};

// Accepts, speaks TLS, reads and writes, all on one thread by Asio coroutines, under deadlines and
// connection limits (security.md H1, H8, H11). Only a complete request occupies one of the workers;
// no worker ever waits for a client.
class Front {
 public:
  // `random` makes request ids, and must outlive the Front, as must the dispatchers.
  // Errors: kInvalidArgument, certificate or key unusable or no pair, or plain HTTP to the world.
  static Result<std::unique_ptr<Front>> Create(FrontSettings settings,
                                               std::vector<FrontListener> listeners,
                                               Random& random);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // Serves until SIGTERM, SIGINT or Stop(); then stops accepting, finishes the requests in progress
  // (for at most deadlines.stop) and returns. To be called once. Ignores SIGPIPE from here on.
  // `on_listening` runs when connections are being accepted.
  // Errors: kUnavailable, a listening socket failed for good.
  Result<void> ServeUntilSignalled(const std::function<void()>& on_listening);

  // Ends ServeUntilSignalled as a signal does. Safe to call from any thread.
  void Stop();

 private:
  class Impl;
  explicit Front(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rolebridge::web
