// The engine as it ships, with trivial handlers, for attack_suite_test.py.
//
// attack_target [--tls CERTIFICATE KEY] [--files N]: listens on a free loopback port, prints its
// address as one line, serves until SIGTERM. --files lowers the limit of open descriptors.

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "bridge/web/front.h"
#include "bridge/web/listener.h"

namespace {

using namespace rolebridge;
using namespace rolebridge::web;

HttpResponse Text(std::string body) {
  HttpResponse response;
  response.headers = {{"Cache-Control", "no-store"}, {"Content-Type", "text/plain"}};
  response.body = std::move(body);
  return response;
}

// What a handler sees of a request, for the tests that compare.
HttpResponse Echo(const HttpRequest& request) {
  return Text(request.client_address + "|" + request.query + "|" +
              std::string(request.Field("cookie").value_or("none")) + "|" +
              std::to_string(request.body.size()));
}

DispatcherSettings MakeDispatcherSettings() {
  return {.routes = {{"GET", "/", Echo},
                     {"POST", "/form", Echo},
                     {"GET", "/apps/{slug}", Echo},
                     {"GET", "/throw",
                      [](const HttpRequest&) -> HttpResponse {
                        throw std::runtime_error("what the attacker would like to know");
                      }}},
          .required_headers = {"Cache-Control"},
          .fixed_headers = {{"Cache-Control", "no-store"}}};
}

[[noreturn]] void Fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  std::optional<TlsFiles> tls;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--tls" && i + 2 < argc) {
      tls = TlsFiles{argv[i + 1], argv[i + 2]};
      i += 2;
    } else if (option == "--files" && i + 1 < argc) {
      const rlim_t files = std::strtoul(argv[++i], nullptr, 10);
      const rlimit limit{files, files};
      setrlimit(RLIMIT_NOFILE, &limit);
    }
  }
  Result<UniqueFd> socket = Listen("127.0.0.1:0");
  if (!socket) Fail(socket.error());
  const std::string address = ListeningAddress(socket->get());
  const auto dispatcher = Dispatcher::Create(MakeDispatcherSettings());
  if (!dispatcher) Fail(dispatcher.error());
  std::vector<FrontListener> listeners;
  listeners.push_back({.socket = *std::move(socket), .tls = tls, .dispatcher = dispatcher->get()});
  SystemRandom random;
  const auto front = Front::Create({}, std::move(listeners), random);
  if (!front) Fail(front.error());
  const Result<void> served = (*front)->ServeUntilSignalled([&] {
    std::printf("%s\n", address.c_str());
    std::fflush(stdout);
  });
  if (!served) Fail(served.error());
  return 0;
}
