#include "bridge/web/request_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "bridge/base/secret_string.h"
#include "bridge/web/limits.h"

namespace rolebridge::web {
namespace {

using State = RequestReader::State;
using namespace std::string_literals;

// All of `bytes`, as they would come in one piece; returns how many were taken.
size_t FeedAll(RequestReader& reader, std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size()) {
    const size_t more = reader.Feed(bytes.substr(taken));
    if (more == 0) break;
    taken += more;
  }
  return taken;
}

std::string Get(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

std::string Post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

TEST(RequestReaderTest, TakesARequestApartWithoutDecodingIt) {
  RequestReader reader;
  const std::string bytes =
      "POST /saml/aws/sso?SAMLRequest=a%2Bb+c&x=%00 HTTP/1.1\r\n"
      "Host: sso.example.org\r\n"
      "COOKIE:  a=1%3B%20b=2  \r\n"
      "X-Empty:\r\n"
      "X-Raw: \xc3\xa4\xff\r\n"
      "Content-Length: 3\r\n\r\nu=%";
  EXPECT_EQ(FeedAll(reader, bytes), bytes.size());
  ASSERT_EQ(reader.state(), State::kComplete);
  const HttpRequest& request = reader.request();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/saml/aws/sso?SAMLRequest=a%2Bb+c&x=%00");
  EXPECT_EQ(request.path, "/saml/aws/sso");
  EXPECT_EQ(request.query, "SAMLRequest=a%2Bb+c&x=%00");
  EXPECT_EQ(request.Field("host"), "sso.example.org");
  EXPECT_EQ(request.Field("cookie"), "a=1%3B%20b=2");
  EXPECT_EQ(request.Field("x-empty"), "");
  EXPECT_EQ(request.Field("x-raw"), "\xc3\xa4\xff");
  EXPECT_EQ(request.Field("absent"), std::nullopt);
  EXPECT_EQ(request.body, "u=%");
  EXPECT_TRUE(reader.keep_alive());
}

struct Accepted {
  std::string bytes;
  bool keep_alive;
};

TEST(RequestReaderTest, TakesWhatBrowsersAndProxiesWrite) {
  const Accepted table[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"HEAD /a/b HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"GET / HTTP/1.1\r\n\r\n", true},  // without Host: judged by the front (H10)
      {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
      {Get("Connection: close\r\n"), false},
      {Get("Connection: keep-alive, Close\r\n"), false},
      {Get("Connection: keep-alive\r\n"), true},
      {Get("Content-Length: 0\r\n"), true},
      {Get("Accept: a\r\nAccept: b\r\n"), true},
      {Get("Accept-Encoding: gzip\r\nUpgrade-Insecure-Requests: 1\r\n"), true},
      {"GET /?a=b?c=d HTTP/1.1\r\n\r\n", true},
      {"GET //evil.example/ HTTP/1.1\r\n\r\n", true},  // a path like any other; no route has it
      {Post("Content-Length: 0\r\n", ""), true},
      {Post("Content-Length: 5\r\n", "a\0\r\n\xff"s), true},
      {Post("Content-Length: 000005\r\n", "abcde"), true},
  };
  for (const Accepted& row : table) {
    RequestReader reader;
    EXPECT_EQ(FeedAll(reader, row.bytes), row.bytes.size()) << row.bytes;
    EXPECT_EQ(reader.state(), State::kComplete) << row.bytes << reader.error_reason();
    EXPECT_EQ(reader.keep_alive(), row.keep_alive) << row.bytes;
  }
}

struct Refused {
  std::string bytes;
  int status;
};

TEST(RequestReaderTest, RefusesNearMisses) {
  const Refused table[] = {
      // lines
      {"\r\nGET / HTTP/1.1\r\n\r\n", 400},
      {"\nGET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"s, 400},
      {"GET /\0 HTTP/1.1\r\n\r\n"s, 400},
      {Get("X: a\tb\r\n"), 400},
      {Get("X: a\x7f\r\n"), 400},
      {Get("X: a\x1b[0m\r\n"), 400},
      {"\x16\x03\x01\x02\x00", 400},  // a TLS ClientHello
      // request line
      {"GET /\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\n\r\n", 400},
      {"GET /  HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\n\r\n", 400},
      {" GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / x HTTP/1.1\r\n\r\n", 400},
      {"get / HTTP/1.1\r\n\r\n", 501},
      {"GETS / HTTP/1.1\r\n\r\n", 501},
      {"OPTIONS / HTTP/1.1\r\n\r\n", 501},
      {"TRACE / HTTP/1.1\r\n\r\n", 501},
      {"PRI * HTTP/2.0\r\n\r\n", 501},
      {"G\"T / HTTP/1.1\r\n\r\n", 400},
      {"CONNECT a:443 HTTP/1.1\r\n\r\n", 501},
      {"GET * HTTP/1.1\r\n\r\n", 400},
      {"GET http://a/ HTTP/1.1\r\n\r\n", 400},
      {"GET a HTTP/1.1\r\n\r\n", 400},
      {"GET /#a HTTP/1.1\r\n\r\n", 400},
      {"GET /\xc3\xa4 HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.2\r\n\r\n", 505},
      {"GET / HTTP/0.9\r\n\r\n", 505},
      {"GET / HTTP/2\r\n\r\n", 505},
      {"GET / http/1.1\r\n\r\n", 400},
      {"GET / HTTPS/1.1\r\n\r\n", 400},
      // fields
      {Get("X : a\r\n"), 400},
      {Get(": a\r\n"), 400},
      {Get("X\r\n"), 400},
      {Get(" folded\r\n"), 400},
      {Get("X_Y: a\r\n"), 400},
      {Get("X(Y): a\r\n"), 400},
      {Get("X\xc3\xa4: a\r\n"), 400},
      {Get("Host: a\r\n"), 400},
      {Get("hOST: b\r\n"), 400},
      {Get("Cookie: a=1\r\nCookie: b=2\r\n"), 400},
      {Get("Authorization: a\r\nAuthorization: b\r\n"), 400},
      {Get("Content-Type: a\r\nContent-Type: a\r\n"), 400},
      {Get("Origin: a\r\nOrigin: b\r\n"), 400},
      {Get("Sec-Fetch-Site: none\r\nSec-Fetch-Site: none\r\n"), 400},
      {Get("Transfer-Encoding: chunked\r\n"), 501},
      {Get("Transfer-Encoding: identity\r\n"), 501},
      {Get("transfer-encoding:\r\n"), 501},
      {Get("Content-Encoding: gzip\r\n"), 415},
      {Get("Range: bytes=0-\r\n"), 400},
      {Get("Expect: 100-continue\r\n"), 417},
      {Get("Upgrade: h2c\r\n"), 400},
      {Get("Trailer: X\r\n"), 400},
      // framing
      {Get("Content-Length: 1\r\n"), 400},
      {Post("", ""), 411},
      {Post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"), 400},
      {Post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "a"), 501},
      {Post("Content-Length: \r\n", ""), 400},
      {Post("Content-Length: +1\r\n", "a"), 400},
      {Post("Content-Length: -1\r\n", "a"), 400},
      {Post("Content-Length: 0x1\r\n", "a"), 400},
      {Post("Content-Length: 1,1\r\n", "a"), 400},
      {Post("Content-Length: 5abc\r\n", "abcde"), 400},
      {Post("Content-Length: %35\r\n", "abcde"), 400},
      {Post("Content-Length: 1 1\r\n", "abcde"), 400},
      {Post("Content-Length: 0000005\r\n", "abcde"), 413},
      {Post("Content-Length: 18446744073709551617\r\n", "a"), 413},
      {Post("Content-Length: 65537\r\n", ""), 413},
  };
  for (const Refused& row : table) {
    RequestReader reader;
    FeedAll(reader, row.bytes);
    EXPECT_EQ(reader.state(), State::kRefused) << row.bytes;
    EXPECT_EQ(reader.error_status(), row.status) << row.bytes << reader.error_reason();
    EXPECT_FALSE(reader.error_reason().empty());
    EXPECT_FALSE(reader.keep_alive());
    EXPECT_EQ(reader.Feed("x"), 0u) << "takes nothing more";
  }
}

// security.md section 3, each number at its limit and one above.
struct Bound {
  std::string name;
  std::string at_limit;
  std::string above;
  int status;
};

std::string ManyFields(size_t count) {
  std::string fields;
  for (size_t i = 0; i < count; ++i) fields += "X: a\r\n";
  return "GET / HTTP/1.1\r\n" + fields + "\r\n";
}

std::string HeadOfSize(size_t size) {
  std::string head = "GET / HTTP/1.1\r\nA: " + std::string(10'000, 'a') + "\r\nB: ";
  head += std::string(size - head.size() - 4, 'b');
  return head + "\r\n\r\n";
}

TEST(RequestReaderTest, HoldsEachBoundExactly) {
  const Bound table[] = {
      {"target", "GET /" + std::string(kMaxTarget - 1, 'a') + " HTTP/1.1\r\n\r\n",
       "GET /" + std::string(kMaxTarget, 'a') + " HTTP/1.1\r\n\r\n", 414},
      {"target of POST",
       "POST /" + std::string(kMaxTarget - 1, 'a') + " HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
       "POST /" + std::string(kMaxTarget, 'a') + " HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 414},
      {"line", Get("X: " + std::string(kMaxLine - 3, 'a') + "\r\n"),
       Get("X: " + std::string(kMaxLine - 2, 'a') + "\r\n"), 431},
      {"head", HeadOfSize(kMaxHead), HeadOfSize(kMaxHead + 1), 431},
      {"fields", ManyFields(kMaxFields), ManyFields(kMaxFields + 1), 431},
      {"body", Post("Content-Length: 65536\r\n", std::string(kMaxBody, 'a')),
       Post("Content-Length: 65537\r\n", std::string(kMaxBody + 1, 'a')), 413},
  };
  for (const Bound& row : table) {
    RequestReader at_limit;
    FeedAll(at_limit, row.at_limit);
    EXPECT_EQ(at_limit.state(), State::kComplete) << row.name << at_limit.error_reason();
    RequestReader above;
    FeedAll(above, row.above);
    EXPECT_EQ(above.state(), State::kRefused) << row.name;
    EXPECT_EQ(above.error_status(), row.status) << row.name;
  }
}

TEST(RequestReaderTest, RefusesAnEndlessLineAtItsBoundAndNotAtItsEnd) {
  RequestReader reader;
  EXPECT_LE(FeedAll(reader, "GET /" + std::string(1'000'000, 'a')), kMaxLine + 32);
  EXPECT_EQ(reader.error_status(), 414);
  reader.Reset();
  EXPECT_LE(FeedAll(reader, "GET / HTTP/1.1\r\nX: " + std::string(1'000'000, 'a')), kMaxHead);
  EXPECT_EQ(reader.error_status(), 431);
}

TEST(RequestReaderTest, ReadsTheSameInAnyPieces) {
  const std::string bytes = Post("Content-Length: 4\r\nX: y\r\n", "body");
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    RequestReader reader;
    FeedAll(reader, bytes.substr(0, cut));
    EXPECT_NE(reader.state(), State::kComplete);
    FeedAll(reader, bytes.substr(cut));
    ASSERT_EQ(reader.state(), State::kComplete) << cut;
    EXPECT_EQ(reader.request().body, "body");
    EXPECT_EQ(reader.request().Field("x"), "y");
  }
}

TEST(RequestReaderTest, LeavesBytesBehindARequestToTheNextOne) {
  RequestReader reader;
  const std::string first = Post("Content-Length: 1\r\n", "a");
  const std::string both = first + "GET /second HTTP/1.1\r\n\r\n";
  EXPECT_EQ(FeedAll(reader, both), first.size());
  ASSERT_EQ(reader.state(), State::kComplete);
  reader.Reset();
  EXPECT_EQ(reader.state(), State::kIdle);
  FeedAll(reader, both.substr(first.size()));
  ASSERT_EQ(reader.state(), State::kComplete);
  EXPECT_EQ(reader.request().path, "/second");
  EXPECT_TRUE(reader.request().body.empty());
}

TEST(RequestReaderTest, StopsAtTheEndOfTheHeadSoThatItCanBeJudged) {
  RequestReader reader;
  const std::string bytes = Post("Content-Length: 4\r\n", "body");
  EXPECT_EQ(reader.Feed(bytes), bytes.size() - 4);
  EXPECT_EQ(reader.state(), State::kBody);
  EXPECT_EQ(reader.request().Field("host"), "a");
}

TEST(RequestReaderTest, WipesTheBodyWhenTheRequestIsDone) {
  RequestReader reader;
  FeedAll(reader, Post("Content-Length: 64\r\n", "password=" + std::string(55, 's')));
  ASSERT_EQ(reader.state(), State::kComplete);
  // The test hands the buffer on, so that it can be looked at after it was wiped.
  std::string& body = reader.request().body;
  ASSERT_GE(body.capacity(), 32u);
  std::string kept = std::move(body);
  const char* bytes = kept.data();
  reader.request().body = std::move(kept);
  ASSERT_EQ(reader.request().body.data(), bytes) << "moved, not copied";
  WipeString(reader.request().body);
  EXPECT_EQ(std::string(bytes, 9), std::string(9, '\0'));
  reader.Reset();
  EXPECT_TRUE(reader.request().body.empty());
}

}  // namespace
}  // namespace rolebridge::web
