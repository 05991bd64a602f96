#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rolebridge::web {

// Name and value. Of a request: names in lower case, values trimmed of spaces, bytes as they came.
using HttpField = std::pair<std::string, std::string>;

// A complete request, strictly read (security.md H3): what handlers see instead of httplib's own
// type, which decodes and merges what it should not (H2).
struct HttpRequest {
  std::string method;             // GET, HEAD or POST
  std::string target;             // origin form as it came: path[?query]
  std::string path;               // without percent-decoding: routes compare whole strings (H4)
  std::string query;              // as it came, without the '?'; signatures are made over it (I8)
  std::vector<HttpField> fields;  // at most 64, in their order
  std::string body;               // form or JSON; wiped with the request, as it may hold a password
  std::string client_address;     // numeric, behind trusted proxies the one they name (H9)
  std::string request_id;         // 16 hexadecimal digits; names this request in every log
  std::vector<std::string> slugs;  // what stood in the route's {slug} segments, in their order

  // The first field of that name. Host, Content-Length, Content-Type, Cookie, Authorization, Origin
  // and Sec-Fetch-Site occur once or not at all: a request that repeats one of them is refused.
  std::optional<std::string_view> Field(std::string_view lower_name) const;
};

// What a handler answers with. The front adds Content-Length and Connection; everything else,
// security headers included, stands in `headers`. A header value must be free of control bytes.
struct HttpResponse {
  int status = 200;
  std::vector<HttpField> headers;
  std::string body;
  // The front keeps the answer that long, by timer and without a worker (T6).
  std::chrono::milliseconds hold{0};
};

// Runs on a worker thread, several at a time. An exception out of it becomes a 500 (H5).
using Handler = std::function<HttpResponse(const HttpRequest&)>;

// `method`: GET (which serves HEAD too, the front drops the body) or POST.
// `path`: a whole string, in which a segment may be "{slug}", standing for [a-z0-9-]{1,32}.
struct Route {
  std::string method;
  std::string path;
  Handler handler;
};

// The page for an error of the front's own where a complete request is there: 404, 405 (the front
// adds Allow), 500. Where none is there (400, 408, 413, 421, 431, 503 …) the answer is one fixed
// line of plain text with DispatcherSettings::fixed_headers.
using ErrorPage = std::function<HttpResponse(int status, const HttpRequest&)>;

}  // namespace rolebridge::web
