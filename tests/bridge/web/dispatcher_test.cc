#include "bridge/web/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "bridge/web/limits.h"

namespace rolebridge::web {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::vector<HttpField> kGuard = {{"Content-Security-Policy", "default-src 'none'"},
                                       {"X-Frame-Options", "DENY"}};

HttpResponse Text(std::string body) {
  HttpResponse response;
  response.headers = kGuard;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

DispatcherSettings Settings(std::vector<Route> routes) {
  DispatcherSettings settings;
  settings.routes = std::move(routes);
  settings.required_headers = {"content-security-policy", "X-Frame-Options"};
  settings.fixed_headers = kGuard;
  return settings;
}

std::unique_ptr<Dispatcher> Make(DispatcherSettings settings) {
  Result<std::unique_ptr<Dispatcher>> dispatcher = Dispatcher::Create(std::move(settings));
  EXPECT_TRUE(dispatcher) << dispatcher.error().message;
  return *std::move(dispatcher);
}

HttpRequest Request(std::string method, std::string path) {
  HttpRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.target = request.path;
  request.request_id = "0123456789abcdef";
  return request;
}

// One GET that `handler` answers.
std::string AnswerOf(Handler handler, bool close = false) {
  const auto dispatcher = Make(Settings({{"GET", "/", std::move(handler)}}));
  HttpRequest request = Request("GET", "/");
  return dispatcher->Dispatch(request, close).bytes;
}

TEST(DispatcherTest, SendsWhatTheHandlerAnsweredThroughHttplib) {
  const std::string bytes = AnswerOf([](const HttpRequest&) { return Text("hello"); });
  EXPECT_THAT(bytes, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(bytes, HasSubstr("\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(bytes, HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(bytes, HasSubstr("\r\nX-Frame-Options: DENY\r\n"));
  EXPECT_THAT(bytes, Not(HasSubstr("Connection: close")));
  EXPECT_THAT(bytes, EndsWith("\r\n\r\nhello"));
  EXPECT_THAT(AnswerOf([](const HttpRequest&) { return Text(""); }, true),
              HasSubstr("\r\nConnection: close\r\n"));
}

TEST(DispatcherTest, HandsTheHandlerOurRequestAndNothingOfHttplibs) {
  const auto dispatcher = Make(Settings({{"POST", "/form", [](const HttpRequest& request) {
                                            return Text(request.query + "|" + request.body + "|" +
                                                        std::string(*request.Field("cookie")) +
                                                        "|" + request.client_address);
                                          }}}));
  HttpRequest request = Request("POST", "/form");
  request.query = "a=1&a=2";
  request.body = "a=3&" + std::string(40'000, 'x');  // above httplib's own bound for forms
  request.fields = {{"cookie", "a=1%3B%20b=%0d%0aX: y"}, {"remote-addr", "10.9.8.7"}};
  request.client_address = "192.0.2.7";
  EXPECT_THAT(dispatcher->Dispatch(request, false).bytes,
              EndsWith("\r\n\r\na=1&a=2|" + request.body + "|a=1%3B%20b=%0d%0aX: y|192.0.2.7"));
}

TEST(DispatcherTest, ComparesWholePathsAndSlugs) {
  std::vector<std::string> seen;
  const Handler note = [&](const HttpRequest& request) {
    seen = request.slugs;
    return Text("");
  };
  const auto dispatcher = Make(Settings({{"GET", "/", note},
                                         {"GET", "/login", note},
                                         {"POST", "/login", note},
                                         {"GET", "/apps/{slug}", note},
                                         {"GET", "/r/{slug}/{slug}/x", note},
                                         {"GET", "/apps/fixed", note}}));
  const auto status_of = [&](const char* method, std::string path) {
    seen = {"unset"};
    HttpRequest request = Request(method, std::move(path));
    return dispatcher->Dispatch(request, false).bytes.substr(9, 3);
  };
  EXPECT_EQ(status_of("GET", "/"), "200");
  EXPECT_EQ(status_of("HEAD", "/login"), "200");
  EXPECT_EQ(status_of("POST", "/login"), "200");
  EXPECT_EQ(status_of("GET", "/apps/aws-2"), "200");
  EXPECT_THAT(seen, ElementsAre("aws-2"));
  EXPECT_EQ(status_of("GET", "/apps/" + std::string(32, 'a')), "200");
  EXPECT_EQ(status_of("GET", "/r/aws/admin/x"), "200");
  EXPECT_THAT(seen, ElementsAre("aws", "admin"));
  EXPECT_EQ(status_of("GET", "/apps/fixed"), "200");
  EXPECT_THAT(seen, ElementsAre());
  for (const std::string& path :
       {std::string("//"), std::string("/login/"), std::string("/Login"), std::string("/logi"),
        std::string("/%6cogin"), std::string("/apps"), std::string("/apps/"),
        std::string("/apps/AWS"), std::string("/apps/a_b"), std::string("/apps/{slug}"),
        std::string("/apps/a/b"), "/apps/" + std::string(33, 'a'), std::string("/r/aws//x"),
        std::string("/apps/%61"), "/" + std::string(kMaxTarget - 1, 'a'),
        "/apps/" + std::string(kMaxTarget - 6, 'a'), std::string(kMaxTarget, '/')}) {
    EXPECT_EQ(status_of("GET", path), "404") << path.substr(0, 40);
    EXPECT_THAT(seen, ElementsAre("unset")) << path.substr(0, 40);
  }
  EXPECT_EQ(status_of("POST", "/apps/aws"), "405");
}

TEST(DispatcherTest, NamesTheMethodsThatAPathTakes) {
  const auto none = [](const HttpRequest&) { return Text(""); };
  const auto dispatcher = Make(Settings({{"GET", "/a", none}, {"POST", "/b", none}}));
  HttpRequest post = Request("POST", "/a");
  EXPECT_THAT(dispatcher->Dispatch(post, false).bytes, HasSubstr("\r\nAllow: GET, HEAD\r\n"));
  HttpRequest get = Request("GET", "/b");
  EXPECT_THAT(dispatcher->Dispatch(get, false).bytes, HasSubstr("\r\nAllow: POST\r\n"));
}

TEST(DispatcherTest, AnswersHeadWithoutABodyAndPromisesNoRanges) {
  const auto dispatcher =
      Make(Settings({{"GET", "/", [](const HttpRequest&) { return Text("hello"); }}}));
  HttpRequest request = Request("HEAD", "/");
  const std::string bytes = dispatcher->Dispatch(request, false).bytes;
  EXPECT_THAT(bytes, HasSubstr("\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(bytes, EndsWith("\r\n\r\n"));
  EXPECT_THAT(bytes, Not(HasSubstr("Accept-Ranges: bytes")));
}

TEST(DispatcherTest, KeepsSeveralCookiesAndTheHold) {
  const auto dispatcher = Make(Settings({{"GET", "/", [](const HttpRequest&) {
                                            HttpResponse response = Text("");
                                            response.status = 303;
                                            response.headers.emplace_back("Set-Cookie", "a=1");
                                            response.headers.emplace_back("Set-Cookie", "b=2");
                                            response.hold = std::chrono::milliseconds(70);
                                            return response;
                                          }}}));
  HttpRequest request = Request("GET", "/");
  const Answer answer = dispatcher->Dispatch(request, false);
  EXPECT_THAT(answer.bytes, StartsWith("HTTP/1.1 303 "));
  EXPECT_THAT(answer.bytes, HasSubstr("\r\nSet-Cookie: a=1\r\n"));
  EXPECT_THAT(answer.bytes, HasSubstr("\r\nSet-Cookie: b=2\r\n"));
  EXPECT_EQ(answer.hold.count(), 70);
}

TEST(DispatcherTest, TurnsAnExceptionIntoAFixedAnswer) {
  testing::internal::CaptureStderr();
  const std::string bytes = AnswerOf(
      [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("hunter2\r\nX: y"); });
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(bytes, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(bytes, Not(HasSubstr("hunter2")));
  EXPECT_THAT(bytes, HasSubstr("Connection: close"));
  EXPECT_THAT(log, HasSubstr("answer_refused request=0123456789abcdef"));
  EXPECT_THAT(log, HasSubstr("std::runtime_error"));
  EXPECT_THAT(log, Not(HasSubstr("hunter2")));
  EXPECT_THAT(AnswerOf([](const HttpRequest&) -> HttpResponse { throw 1; }),
              StartsWith("HTTP/1.1 500 "));
}

// H12 and what else would break an answer.
TEST(DispatcherTest, RefusesAnAnswerThatLacksWhatEveryAnswerCarries) {
  const auto with = [](auto change) {
    return AnswerOf([change](const HttpRequest&) {
      HttpResponse response = Text("secret");
      change(response);
      return response;
    });
  };
  const std::function<void(HttpResponse&)> table[] = {
      [](HttpResponse& r) { r.headers.clear(); },
      [](HttpResponse& r) { r.headers.erase(r.headers.begin()); },
      [](HttpResponse& r) { r.headers[0].second = "default-src 'none'\nx"; },
      [](HttpResponse& r) { r.headers[0].second = ""; },
      [](HttpResponse& r) { r.headers.emplace_back("X-More", "a\r\nSet-Cookie: b=c"); },
      [](HttpResponse& r) { r.headers.emplace_back("Content-Length", "3"); },
      [](HttpResponse& r) { r.headers.emplace_back("connection", "keep-alive"); },
      [](HttpResponse& r) { r.headers.emplace_back("Transfer-Encoding", "chunked"); },
      [](HttpResponse& r) { r.body.assign(kMaxResponse + 1, 'a'); },
      [](HttpResponse& r) { r.status = 0; },
      [](HttpResponse& r) { r.status = 100; },
      [](HttpResponse& r) { r.status = 1000; },
  };
  for (size_t i = 0; i < std::size(table); ++i) {
    const std::string bytes = with(table[i]);
    EXPECT_THAT(bytes, StartsWith("HTTP/1.1 500 ")) << i;
    EXPECT_THAT(bytes, HasSubstr("X-Frame-Options: DENY\r\n")) << i;
    EXPECT_THAT(bytes, Not(HasSubstr("secret"))) << i;
  }
  EXPECT_THAT(with([](HttpResponse& r) { r.body.assign(kMaxResponse, 'a'); }),
              StartsWith("HTTP/1.1 200 "));
}

TEST(DispatcherTest, ShowsTheErrorPageAndFallsBackWhereItFails) {
  DispatcherSettings settings = Settings(
      {{"GET", "/", [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("x"); }}});
  settings.error_page = [](int status, const HttpRequest& request) {
    if (request.query == "fail") throw std::runtime_error("x");
    HttpResponse response = Text("page for " + std::to_string(status) + request.request_id);
    response.status = status;
    return response;
  };
  const auto dispatcher = Make(std::move(settings));
  HttpRequest absent = Request("GET", "/absent");
  EXPECT_THAT(dispatcher->Dispatch(absent, false).bytes,
              EndsWith("\r\n\r\npage for 4040123456789abcdef"));
  HttpRequest failing = Request("GET", "/");
  EXPECT_THAT(dispatcher->Dispatch(failing, false).bytes,
              EndsWith("\r\n\r\npage for 5000123456789abcdef"));
  absent.query = "fail";
  const Answer answer = dispatcher->Dispatch(absent, false);
  EXPECT_THAT(answer.bytes, EndsWith("\r\n\r\n500 Internal Server Error\n"));
  EXPECT_TRUE(answer.close);
}

TEST(DispatcherTest, HasAShortAnswerForEachStatusOfTheFront) {
  const auto dispatcher = Make(Settings({}));
  for (const int status : {400, 411, 413, 414, 415, 417, 421, 431, 501, 503, 505}) {
    const std::string& bytes = dispatcher->FixedAnswer(status);
    EXPECT_THAT(bytes, StartsWith("HTTP/1.1 " + std::to_string(status) + " "));
    EXPECT_THAT(bytes, HasSubstr("\r\nX-Frame-Options: DENY\r\n"));
    EXPECT_THAT(bytes, HasSubstr("\r\nConnection: close\r\n"));
  }
  EXPECT_THAT(dispatcher->FixedAnswer(299), StartsWith("HTTP/1.1 500 "));
}

TEST(DispatcherTest, RefusesToStartWithHeadersThatCannotBeSent) {
  DispatcherSettings broken = Settings({});
  broken.fixed_headers[0].second = "default-src 'none'; img-src a\nb";
  EXPECT_FALSE(Dispatcher::Create(std::move(broken)));
  DispatcherSettings incomplete = Settings({});
  incomplete.fixed_headers.pop_back();
  const auto refused = Dispatcher::Create(std::move(incomplete));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("X-Frame-Options"));
}

TEST(DispatcherTest, RefusesMalformedAndRepeatedRoutes) {
  const auto none = [](const HttpRequest&) { return Text(""); };
  const std::vector<Route> table[] = {
      {{"PUT", "/", none}},
      {{"GET", "", none}},
      {{"GET", "a", none}},
      {{"GET", "/a%20b", none}},
      {{"GET", "/a?b", none}},
      {{"GET", "/a b", none}},
      {{"GET", "/", Handler()}},
      {{"GET", "/", none}, {"GET", "/", none}},
      {{"GET", "/{slug}", none}, {"GET", "/{slug}", none}},
  };
  for (const std::vector<Route>& routes : table) {
    EXPECT_FALSE(Dispatcher::Create(Settings(routes))) << routes.front().path;
  }
}

}  // namespace
}  // namespace rolebridge::web
