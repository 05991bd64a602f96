#include "bridge/web/dispatcher.h"

#include <cxxabi.h>
#include <httplib.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <typeinfo>
#include <utility>

#include "bridge/base/log.h"
#include "bridge/base/secret_string.h"
#include "bridge/web/limits.h"

namespace rolebridge::web {
namespace {

constexpr size_t kMaxSlug = 32;
constexpr std::string_view kSlugSegment = "{slug}";

struct StatusLine {
  int status;
  const char* text;
};

// What the front itself answers with, without a page (RFC 9110 section 15; 431: RFC 6585).
constexpr std::array<StatusLine, 15> kShortAnswers = {{
    {400, "Bad Request"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
}};

// Of an answer, what the front and httplib write; a handler that does would break the framing.
constexpr std::array kFramingHeaders = {"Connection", "Content-Length", "Keep-Alive",
                                        "Transfer-Encoding"};

// ---- routes: whole strings, segment by segment where there is a slug (H4) -----------------------

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> segments;
  path.remove_prefix(1);
  while (true) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool IsSlug(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSlug &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// What is served at one path.
struct Endpoint {
  std::string path;  // as the route has it
  Handler get;
  Handler post;

  std::string Allowed() const {
    if (!get) return "POST";
    return post ? "GET, HEAD, POST" : "GET, HEAD";
  }
};

// The slugs where `path` is one of the pattern's.
std::optional<std::vector<std::string>> MatchPattern(const std::string& pattern,
                                                     const std::vector<std::string_view>& path) {
  const std::vector<std::string_view> wanted = SplitPath(pattern);
  if (wanted.size() != path.size()) return std::nullopt;
  std::vector<std::string> slugs;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const bool is_slug = wanted[i] == kSlugSegment;
    if (is_slug ? !IsSlug(path[i]) : wanted[i] != path[i]) return std::nullopt;
    if (is_slug) slugs.emplace_back(path[i]);
  }
  return slugs;
}

Result<void> CheckRoute(const Route& route) {
  const auto refuse = [&](const char* why) {
    return Error{ErrorCode::kInvalidArgument,
                 "route '" + route.method + " " + route.path + "': " + why};
  };
  if (route.method != "GET" && route.method != "POST") return refuse("method is not GET or POST");
  if (!route.path.starts_with('/')) return refuse("path does not begin with '/'");
  // Nothing that httplib would decode or cut when it reads the path back.
  for (const char c : route.path) {
    if (c <= ' ' || c >= 0x7f || c == '%' || c == '?' || c == '#')
      return refuse("odd byte in path");
  }
  if (!route.handler) return refuse("no handler");
  return {};
}

class RouteTable {
 public:
  Result<void> Add(Route route) {
    if (Result<void> checked = CheckRoute(route); !checked) return checked.error();
    const bool has_slug = route.path.find(kSlugSegment) != std::string::npos;
    Endpoint& endpoint = (has_slug ? patterns_ : exact_)[route.path];
    endpoint.path = route.path;
    Handler& handler = route.method == "GET" ? endpoint.get : endpoint.post;
    if (handler) {
      return Error{ErrorCode::kInvalidArgument,
                   "route '" + route.method + " " + route.path + "' is there twice"};
    }
    handler = std::move(route.handler);
    return {};
  }

  // Null where nothing is at that path. Fills `slugs`.
  const Endpoint* Find(std::string_view path, std::vector<std::string>& slugs) const {
    if (const auto exact = exact_.find(path); exact != exact_.end()) return &exact->second;
    const std::vector<std::string_view> segments = SplitPath(path);
    for (const auto& [pattern, endpoint] : patterns_) {
      if (auto matched = MatchPattern(pattern, segments)) {
        slugs = *std::move(matched);
        return &endpoint;
      }
    }
    return nullptr;
  }

 private:
  std::map<std::string, Endpoint, std::less<>> exact_;
  std::map<std::string, Endpoint, std::less<>> patterns_;
};

// ---- httplib's view of one request
// ----------------------------------------------------------------

// What httplib reads and writes instead of a socket.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string request) : request_(std::move(request)) {}

  bool is_readable() const override { return read_ < request_.size(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* buffer, size_t size) override {
    const size_t taken = request_.copy(buffer, size, read_);
    read_ += taken;
    return static_cast<ssize_t>(taken);
  }
  ssize_t write(const char* bytes, size_t size) override {
    written_.append(bytes, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }

  std::string& written() { return written_; }

 private:
  const std::string request_;
  size_t read_ = 0;
  std::string written_;
};

// One request on its way through process_request.
struct Exchange {
  const HttpRequest& request;
  const Handler& handler;
  std::string allowed;  // of a 405
  std::chrono::milliseconds hold{0};
  std::string fault;  // why the answer must not leave; for the log
};

// httplib's handlers are given nothing of ours, so the exchange waits here while its thread is in
// process_request (H2). Set and reset by ExchangeScope alone.
thread_local Exchange* current_exchange = nullptr;

class ExchangeScope {
 public:
  explicit ExchangeScope(Exchange& exchange) { current_exchange = &exchange; }
  ~ExchangeScope() { current_exchange = nullptr; }
  ExchangeScope(const ExchangeScope&) = delete;
  ExchangeScope& operator=(const ExchangeScope&) = delete;
};

// The exception's type: its text may hold what the request held, as that of a JSON parser does.
std::string NameOfCurrentException() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "unknown";
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free);
  return name ? name.get() : type->name();
}

// The two signatures of process_request in Debian 12 (0.11.4) and 13 (0.18.7).
using ProcessRequest0_11 = bool (httplib::Server::*)(httplib::Stream&, bool, bool&,
                                                     const std::function<void(httplib::Request&)>&);
using ProcessRequest0_18 = bool (httplib::Server::*)(httplib::Stream&, const std::string&, int,
                                                     const std::string&, int, bool, bool&,
                                                     const std::function<void(httplib::Request&)>&);

[[maybe_unused]] bool Call(ProcessRequest0_11 process, httplib::Server& server,
                           httplib::Stream& stream, bool close) {
  bool closed = false;
  return (server.*process)(stream, close, closed, nullptr);
}

[[maybe_unused]] bool Call(ProcessRequest0_18 process, httplib::Server& server,
                           httplib::Stream& stream, bool close) {
  bool closed = false;
  return (server.*process)(stream, "", 0, "", 0, close, closed, nullptr);
}

const char* TextOf(int status) {
  for (const StatusLine& line : kShortAnswers) {
    if (line.status == status) return line.text;
  }
  return "";
}

}  // namespace

// Never listens: listen() and all else that would touch a socket stay uncalled (H1, H6).
class Dispatcher::Engine final : public httplib::Server {
 public:
  explicit Engine(DispatcherSettings settings) : settings_(std::move(settings)) {
    set_keep_alive_timeout(
        std::chrono::duration_cast<std::chrono::seconds>(Deadlines().idle).count());
    // Routes of httplib's own would be regular expressions, matched by recursion (H4); its
    // pre-routing handler comes before them and answers everything.
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
      Respond(response);
      return HandlerResponse::Handled;
    });
    // H5: the default one puts what() into a header. Ours is not reached, since Respond() catches;
    // should that change, nothing leaks.
    set_exception_handler([](const httplib::Request&, httplib::Response& response, auto) {
      if (current_exchange != nullptr) current_exchange->fault = "exception in httplib";
      response.status = 500;
    });
  }

  Result<void> Prepare() {
    for (Route& route : settings_.routes) {
      if (Result<void> added = routes_.Add(std::move(route)); !added) return added.error();
    }
    for (const StatusLine& line : kShortAnswers) {
      Result<std::string> answer = MakeFixedAnswer(line.status);
      if (!answer) return answer.error();
      fixed_answers_[line.status] = *std::move(answer);
    }
    return {};
  }

  Answer Dispatch(HttpRequest& request, bool close) {
    const Endpoint* endpoint = routes_.Find(request.path, request.slugs);
    if (endpoint == nullptr) return DispatchError(404, request, {}, close);
    const web::Handler& handler = request.method == "POST" ? endpoint->post : endpoint->get;
    if (!handler) return DispatchError(405, request, endpoint->Allowed(), close);
    Exchange exchange{request, handler};
    std::optional<std::string> bytes = Process(exchange, endpoint->path, close);
    if (!bytes) return DispatchError(500, request, {}, true);
    return {*std::move(bytes), exchange.hold, close};
  }

  const std::string& FixedAnswer(int status) const {
    const auto found = fixed_answers_.find(status);
    return found != fixed_answers_.end() ? found->second : fixed_answers_.at(500);
  }

 private:
  // The error page, or where there is none, or it fails too, the short answer.
  Answer DispatchError(int status, const HttpRequest& request, std::string allowed, bool close) {
    const bool has_page = static_cast<bool>(settings_.error_page);
    const web::Handler page = [&](const HttpRequest& of) {
      return has_page ? settings_.error_page(status, of) : ShortResponse(status);
    };
    Exchange exchange{request, page, std::move(allowed)};
    if (std::optional<std::string> bytes = Process(exchange, "/", close)) {
      return {*std::move(bytes), exchange.hold, close};
    }
    return {FixedAnswer(500), {}, true};
  }

  // The request that httplib sees holds method and path, and the path is one of ours (H2).
  std::optional<std::string> Process(Exchange& exchange, const std::string& path, bool close) {
    MemoryStream stream(exchange.request.method + " " + path + " HTTP/1.1\r\n\r\n");
    {
      const ExchangeScope scope(exchange);
      const bool processed = Call(&Engine::process_request, *this, stream, close);
      if (!processed && exchange.fault.empty()) exchange.fault = "httplib did not answer";
    }
    if (exchange.fault.empty()) return std::move(stream.written());
    WipeString(stream.written());
    Log(LogPriority::kError, "answer_refused",
        {{"request", exchange.request.request_id}, {"reason", exchange.fault}});
    return std::nullopt;
  }

  // Called by httplib, in Process().
  void Respond(httplib::Response& response) const {
    Exchange& exchange = *current_exchange;
    try {
      HttpResponse answer = exchange.handler(exchange.request);
      exchange.fault = Apply(exchange, answer, response);
    } catch (...) {
      exchange.fault = "exception " + NameOfCurrentException();
    }
    if (!exchange.fault.empty()) response = httplib::Response();
  }

  // What is wrong with the answer, or nothing.
  std::string Apply(Exchange& exchange, HttpResponse& answer, httplib::Response& response) const {
    if (answer.status < 200 || answer.status > 599) return "status out of range";
    if (answer.body.size() > kMaxResponse) return "body above 256 KiB";
    for (const auto& [name, value] : answer.headers) {
      response.set_header(name.c_str(), value);
      // H12: httplib silently drops what it dislikes.
      if (!Holds(response, name, value)) return "header " + name + " was dropped";
    }
    for (const char* name : kFramingHeaders) {
      if (response.has_header(name)) return std::string("header ") + name + " is not a handler's";
    }
    for (const std::string& name : settings_.required_headers) {
      if (response.get_header_value(name.c_str()).empty()) return "header " + name + " is missing";
    }
    if (!exchange.allowed.empty()) response.set_header("Allow", exchange.allowed);
    // Else httplib would promise ranges, which we refuse (H3).
    if (exchange.request.method == "HEAD") response.set_header("Accept-Ranges", "none");
    response.status = answer.status;
    response.body = std::move(answer.body);
    exchange.hold = answer.hold;
    return {};
  }

  static bool Holds(const httplib::Response& response, const std::string& name,
                    const std::string& value) {
    const auto [begin, end] = response.headers.equal_range(name);
    return std::any_of(begin, end, [&](const auto& header) { return header.second == value; });
  }

  HttpResponse ShortResponse(int status) const {
    HttpResponse response;
    response.status = status;
    response.headers = settings_.fixed_headers;
    response.headers.emplace_back("Content-Type", "text/plain");
    response.body = std::to_string(status) + " " + TextOf(status) + "\n";
    return response;
  }

  Result<std::string> MakeFixedAnswer(int status) {
    HttpRequest request;
    request.method = "GET";
    const web::Handler handler = [&](const HttpRequest&) { return ShortResponse(status); };
    Exchange exchange{request, handler};
    MemoryStream stream("GET / HTTP/1.1\r\n\r\n");
    const ExchangeScope scope(exchange);
    if (!Call(&Engine::process_request, *this, stream, true) || !exchange.fault.empty()) {
      return Error{ErrorCode::kInvalidArgument,
                   "the headers of every answer can't be sent: " + exchange.fault};
    }
    return std::move(stream.written());
  }

  DispatcherSettings settings_;
  RouteTable routes_;
  std::map<int, std::string> fixed_answers_;
};

Dispatcher::Dispatcher(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Dispatcher::~Dispatcher() = default;

Result<std::unique_ptr<Dispatcher>> Dispatcher::Create(DispatcherSettings settings) {
  auto engine = std::make_unique<Engine>(std::move(settings));
  if (Result<void> prepared = engine->Prepare(); !prepared) return prepared.error();
  return std::unique_ptr<Dispatcher>(new Dispatcher(std::move(engine)));
}

Answer Dispatcher::Dispatch(HttpRequest& request, bool close_connection) const {
  try {
    return engine_->Dispatch(request, close_connection);
  } catch (...) {
    Log(LogPriority::kError, "answer_refused",
        {{"request", request.request_id}, {"reason", "exception " + NameOfCurrentException()}});
    return {engine_->FixedAnswer(500), {}, true};
  }
}

const std::string& Dispatcher::FixedAnswer(int status) const {
  return engine_->FixedAnswer(status);
}

}  // namespace rolebridge::web
