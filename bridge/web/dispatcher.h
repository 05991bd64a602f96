#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/web/http.h"

namespace rolebridge::web {

struct DispatcherSettings {
  std::vector<Route> routes;
  // Names of the headers that every answer carries (security.md B5 to B8); one that lacks any of
  // them, or where httplib dropped its value, is replaced by a 500 (H12).
  std::vector<std::string> required_headers;
  // The headers of the front's own short answers; must satisfy `required_headers`.
  std::vector<HttpField> fixed_headers;
  ErrorPage error_page;  // may be absent: then the short answer
};

// An answer as it goes to the client.
struct Answer {
  std::string bytes;  // status line, header, body
  std::chrono::milliseconds hold{0};
  bool close = false;  // the connection ends after it
};

// Complete requests in, bytes out: finds the route, runs its handler inside of httplib's
// process_request, and asserts the headers on the way out. The sole user of cpp-httplib, which sees
// a request that we wrote ourselves, of method and path alone (H1, H2), and never a socket.
class Dispatcher {
 public:
  // Errors: kInvalidArgument, a route is malformed or there twice, or the fixed headers do not
  // survive (a bad character from the configuration, H12).
  static Result<std::unique_ptr<Dispatcher>> Create(DispatcherSettings settings);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Answers `request` (and fills its `slugs`). Safe to call from several threads; never throws.
  Answer Dispatch(HttpRequest& request, bool close_connection) const;

  // The short answer for an error that leaves no complete request; the connection is closed.
  // `status`: one that RequestReader refuses with, 421 or 503; for any other, that of 500.
  const std::string& FixedAnswer(int status) const;

 private:
  class Engine;
  explicit Dispatcher(std::unique_ptr<Engine> engine);
  std::unique_ptr<Engine> engine_;
};

}  // namespace rolebridge::web
