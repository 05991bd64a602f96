#include "bridge/web/front.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "bridge/web/listener.h"

namespace rolebridge::web {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// A connection to the front under test; every wait ends after 20 s, and the test fails.
class Client {
 public:
  explicit Client(const std::string& address, int receive_buffer = 0) {
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (address.starts_with("unix:")) {
      auto& local = reinterpret_cast<sockaddr_un&>(storage);
      local.sun_family = AF_UNIX;
      address.copy(local.sun_path, address.size() - 5, 5);
      size = sizeof(local);
    } else {
      auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
      v4.sin_family = AF_INET;
      const size_t colon = address.rfind(':');
      inet_pton(AF_INET, address.substr(0, colon).c_str(), &v4.sin_addr);
      v4.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
      size = sizeof(v4);
    }
    socket_.Reset(socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0) {
      setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    const timeval timeout{20, 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    EXPECT_EQ(connect(socket_.get(), reinterpret_cast<sockaddr*>(&storage), size), 0);
  }

  void Send(std::string_view bytes) {
    // The front may have refused and closed already: what it said is still to be read.
    [[maybe_unused]] const ssize_t sent =
        send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  // One answer, by its Content-Length; shorter where the front closed.
  std::string Receive() {
    while (true) {
      const size_t end = buffer_.find("\r\n\r\n");
      if (end != std::string::npos) {
        const size_t field = buffer_.find("Content-Length: ");
        const size_t size = end + 4 + std::stoul(buffer_.substr(field + 16));
        if (buffer_.size() >= size) {
          const std::string answer = buffer_.substr(0, size);
          buffer_.erase(0, size);
          return answer;
        }
      }
      if (!ReceiveSome()) return std::exchange(buffer_, {});
    }
  }

  // Everything up to the end of the connection.
  std::string ReceiveAll() {
    while (ReceiveSome()) {
    }
    return std::exchange(buffer_, {});
  }

  bool IsReadableWithin(std::chrono::milliseconds time) {
    pollfd wanted{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    return poll(&wanted, 1, static_cast<int>(time.count())) > 0;
  }

  std::string Ask(std::string_view bytes) {
    Send(bytes);
    return Receive();
  }

 private:
  bool ReceiveSome() {
    char bytes[4096];
    const ssize_t got = recv(socket_.get(), bytes, sizeof(bytes), 0);
    EXPECT_FALSE(got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) << "nothing came in 20 s";
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(got));
    return true;
  }

  UniqueFd socket_;
  std::string buffer_;
};

// Something that handlers wait for.
class Gate {
 public:
  void Open() { promise_.set_value(); }
  void Wait() const { opened_.wait(); }

 private:
  std::promise<void> promise_;
  std::shared_future<void> opened_ = promise_.get_future().share();
};

HttpResponse Text(std::string body) {
  HttpResponse response;
  response.headers = {{"X-Frame-Options", "DENY"}};
  response.body = std::move(body);
  return response;
}

// A front on a thread of its own, plain HTTP on a free loopback port.
class RunningFront {
 public:
  struct Options {
    FrontSettings settings;
    std::string listen = "127.0.0.1:0";
    std::string expected_host;
  };

  explicit RunningFront(Options options) {
    Result<UniqueFd> socket = Listen(options.listen);
    EXPECT_TRUE(socket) << socket.error().message;
    address_ = ListeningAddress(socket->get());
    dispatcher_ = *Dispatcher::Create(
        {.routes = {{"GET", "/", [](const HttpRequest& r) { return Text(r.client_address); }},
                    {"GET", "/wait",
                     [this](const HttpRequest&) {
                       ++waiting;
                       gate.Wait();
                       return Text("waited");
                     }},
                    {"GET", "/hold",
                     [](const HttpRequest&) {
                       HttpResponse response = Text("held");
                       response.hold = 300ms;
                       return response;
                     }},
                    {"GET", "/hold-long",
                     [this](const HttpRequest&) {
                       ++waiting;
                       HttpResponse response = Text("held");
                       response.hold = 1h;
                       return response;
                     }},
                    {"GET", "/big",
                     [](const HttpRequest&) { return Text(std::string(kMaxResponse, 'b')); }},
                    {"POST", "/", [](const HttpRequest& r) { return Text(r.body); }}},
         .required_headers = {"X-Frame-Options"},
         .fixed_headers = {{"X-Frame-Options", "DENY"}}});
    std::vector<FrontListener> listeners;
    listeners.push_back({.socket = *std::move(socket),
                         .expected_host = options.expected_host,
                         .dispatcher = dispatcher_.get()});
    front_ = *Front::Create(std::move(options.settings), std::move(listeners), random_);
    std::promise<void> listening;
    thread_ = std::thread([this, &listening] {
      outcome_ = front_->ServeUntilSignalled([&] { listening.set_value(); });
    });
    listening.get_future().wait();
  }
  ~RunningFront() {
    front_->Stop();
    if (thread_.joinable()) thread_.join();
  }

  const std::string& address() const { return address_; }
  void Stop() { front_->Stop(); }
  void Join() {
    thread_.join();
    EXPECT_TRUE(outcome_);
  }
  void WaitForHandlers(int count) {
    while (waiting < count) std::this_thread::yield();
  }

  Gate gate;
  std::atomic<int> waiting = 0;

 private:
  SystemRandom random_;
  std::string address_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<Front> front_;
  std::thread thread_;
  Result<void> outcome_;
};

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kGetWait = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(FrontTest, AnswersSeveralRequestsOnOneConnection) {
  RunningFront front({});
  Client client(front.address());
  EXPECT_THAT(client.Ask(kGet), EndsWith("\r\n\r\n127.0.0.1"));
  EXPECT_THAT(client.Ask("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"),
              EndsWith("\r\n\r\nbody"));
  // A large body in small pieces, and a second request right behind it.
  const std::string body(65'536, 'x');
  client.Send("POST / HTTP/1.1\r\nContent-Length: 65536\r\n\r\n");
  for (size_t at = 0; at < body.size(); at += 8192) client.Send(body.substr(at, 8192));
  client.Send(kGet);
  EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\n" + body));
  EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\n127.0.0.1"));
}

TEST(FrontTest, AnswersPipelinedRequestsInTheirOrder) {
  RunningFront front({});
  Client client(front.address());
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests += "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n" + std::to_string(i + 10);
  }
  client.Send(requests);
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\n" + std::to_string(i + 10)));
  }
}

TEST(FrontTest, EndsAConnectionAfterItsLastRequest) {
  RunningFront front({.settings = {.limits = {.requests_per_connection = 2}}});
  Client client(front.address());
  EXPECT_THAT(client.Ask(kGet), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(client.Ask(kGet), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(client.ReceiveAll(), "");
  Client asks_itself(front.address());
  EXPECT_THAT(asks_itself.Ask("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
              HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(asks_itself.ReceiveAll(), "");
}

TEST(FrontTest, AnswersOnceAndClosesOnAnyRefusal) {
  RunningFront front({});
  for (const auto& [bytes, status] : {
           std::pair{"GET / HTTP/1.1\nHost: a\r\n\r\n", "400"},
           std::pair{"GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "400"},
           std::pair{"POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n", "413"},
           std::pair{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501"},
       }) {
    Client client(front.address());
    client.Send(bytes);
    client.Send(kGet);  // must not be taken for a request
    const std::string all = client.ReceiveAll();
    EXPECT_THAT(all, StartsWith("HTTP/1.1 " + std::string(status) + " "));
    EXPECT_THAT(all, HasSubstr("X-Frame-Options: DENY\r\n"));
    EXPECT_EQ(all.find("HTTP/1.1", 1), std::string::npos) << all;
  }
}

// security.md H10.
TEST(FrontTest, AnswersUnderItsOwnNameAlone) {
  RunningFront front({.expected_host = "sso.example.org:8443"});
  for (const auto& [field, status] : {
           std::pair{"Host: sso.example.org:8443\r\n", "200"},
           std::pair{"Host: SSO.Example.ORG:8443\r\n", "200"},
           std::pair{"Host: sso.example.org\r\n", "421"},
           std::pair{"Host: sso.example.org:443\r\n", "421"},
           std::pair{"Host: sso.example.org.:8443\r\n", "421"},
           std::pair{"Host: evil.example\r\n", "421"},
           std::pair{"Host: sso.example.org:8443.evil.example\r\n", "421"},
           std::pair{"Host:\r\n", "421"},
           std::pair{"X: y\r\n", "421"},
       }) {
    Client client(front.address());
    EXPECT_THAT(client.Ask("GET / HTTP/1.1\r\n" + std::string(field) + "\r\n"),
                StartsWith("HTTP/1.1 " + std::string(status) + " "))
        << field;
  }
}

TEST(FrontTest, DoesNotReadTheBodyOfARequestUnderAnotherName) {
  RunningFront front({.expected_host = "a"});
  Client client(front.address());
  EXPECT_THAT(client.Ask("POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 10\r\n\r\n"),
              StartsWith("HTTP/1.1 421 "));
}

TEST(FrontTest, SeesTheClientBehindAProxyAndBehindAUnixSocket) {
  FrontSettings trusting;
  trusting.trusted_proxies = {*IpNetwork::Parse("127.0.0.0/8")};
  RunningFront proxied({.settings = std::move(trusting)});
  EXPECT_THAT(Client(proxied.address()).Ask("GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"),
              EndsWith("\r\n\r\n192.0.2.7"));
  RunningFront direct({});
  EXPECT_THAT(Client(direct.address()).Ask("GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"),
              EndsWith("\r\n\r\n127.0.0.1"));
  const std::string path =
      std::filesystem::temp_directory_path() / ("front-" + std::to_string(getpid()));
  RunningFront local({.listen = "unix:" + path});
  EXPECT_THAT(Client(local.address()).Ask("GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"),
              EndsWith("\r\n\r\n192.0.2.7"));
  std::filesystem::remove(path);
}

TEST(FrontTest, LimitsConnectionsPerAddressAndGivesThemBack) {
  RunningFront front({.settings = {.limits = {.connections_per_address = 2}}});
  auto first = std::make_unique<Client>(front.address());
  EXPECT_THAT(first->Ask(kGet), StartsWith("HTTP/1.1 200 "));
  Client second(front.address());
  EXPECT_THAT(second.Ask(kGet), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(Client(front.address()).ReceiveAll(), "");
  first.reset();
  // The place is free as soon as the front has seen the end; until then it goes on refusing.
  std::string answer;
  while (answer.empty() && !HasFailure()) {
    Client again(front.address());
    again.Send(kGet);
    answer = again.Receive();
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

TEST(FrontTest, LimitsConnectionsInAllButNoProxyByItsAddress) {
  FrontSettings settings{.limits = {.connections = 3, .connections_per_address = 1}};
  settings.trusted_proxies = {*IpNetwork::Parse("127.0.0.1")};
  RunningFront front({.settings = std::move(settings)});
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(front.address()));
    EXPECT_THAT(clients.back()->Ask(kGet), StartsWith("HTTP/1.1 200 "));
  }
  EXPECT_EQ(Client(front.address()).ReceiveAll(), "");
}

TEST(FrontTest, RefusesWithoutReadingFurtherWhenAllWorkersAndPlacesAreTaken) {
  RunningFront front({.settings = {.limits = {.workers = 1, .waiting_requests = 1}}});
  Client running(front.address());
  running.Send(kGetWait);
  front.WaitForHandlers(1);
  Client waiting(front.address());
  waiting.Send(kGetWait);
  // Until the second request has come to the queue, a third one's body is waited for.
  std::string answer;
  while (answer.empty() && !HasFailure()) {
    Client refused(front.address());
    refused.Send("POST / HTTP/1.1\r\nContent-Length: 60000\r\n\r\n");
    if (refused.IsReadableWithin(50ms)) answer = refused.ReceiveAll();
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  front.gate.Open();
  EXPECT_THAT(running.Receive(), EndsWith("waited"));
  EXPECT_THAT(waiting.Receive(), EndsWith("waited"));
  EXPECT_THAT(Client(front.address()).Ask(kGet), StartsWith("HTTP/1.1 200 "));
}

TEST(FrontTest, HoldsAnAnswerWithoutAWorker) {
  RunningFront front({.settings = {.limits = {.workers = 1, .waiting_requests = 1}}});
  Client held(front.address());
  held.Send("GET /hold-long HTTP/1.1\r\n\r\n");
  front.WaitForHandlers(1);
  // The only worker is free meanwhile.
  EXPECT_THAT(Client(front.address()).Ask(kGet), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Client(front.address()).Ask("GET /hold HTTP/1.1\r\n\r\n"), EndsWith("held"));
}

// Each of these would go on for ever without its deadline; the test waits for the end alone.
TEST(FrontTest, CutsWhoMissesADeadline) {
  FrontSettings settings;
  settings.deadlines = {.handshake = 100ms,
                        .head = 100ms,
                        .body = 100ms,
                        .idle = 100ms,
                        .write = 100ms,
                        .drain = 100ms};
  RunningFront front({.settings = std::move(settings)});
  EXPECT_EQ(Client(front.address()).ReceiveAll(), "") << "silent";
  Client head(front.address());
  head.Send("GET / HTT");
  EXPECT_EQ(head.ReceiveAll(), "");
  Client body(front.address());
  body.Send("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na");
  EXPECT_EQ(body.ReceiveAll(), "");
  Client idle(front.address());
  EXPECT_THAT(idle.Ask(kGet), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(idle.ReceiveAll(), "");
}

TEST(FrontTest, CutsWhoDoesNotReadTheAnswer) {
  FrontSettings settings;
  settings.deadlines.write = 100ms;
  settings.limits.connections = 2;
  settings.limits.requests_per_connection = 1'000'000;
  RunningFront front({.settings = std::move(settings)});
  auto other = std::make_unique<Client>(front.address());
  Client client(front.address(), 4096);
  // Enough answers that no socket buffer takes them all.
  constexpr int kRequests = 200;
  std::string requests;
  for (int i = 0; i < kRequests; ++i) requests += "GET /big HTTP/1.1\r\n\r\n";
  client.Send(requests);
  EXPECT_THAT(other->Ask(kGet), StartsWith("HTTP/1.1 200 "));
  // There is room for a third one when the client that does not read has been given up.
  std::string answer;
  while (answer.empty() && !HasFailure()) {
    Client third(front.address());
    third.Send(kGet);
    answer = third.Receive();
  }
  EXPECT_LT(client.ReceiveAll().size(), kRequests * kMaxResponse);
}

TEST(FrontTest, FinishesRequestsInProgressWhenStopped) {
  RunningFront front({});
  Client idle(front.address());
  EXPECT_THAT(idle.Ask(kGet), StartsWith("HTTP/1.1 200 "));
  Client busy(front.address());
  busy.Send(kGetWait);
  front.WaitForHandlers(1);
  front.Stop();
  EXPECT_EQ(idle.ReceiveAll(), "");
  front.gate.Open();
  EXPECT_THAT(busy.ReceiveAll(), EndsWith("waited"));
  front.Join();
}

// A restart behind a held socket must look like a slow answer, not like a refusal.
TEST(FrontTest, AnswersWhoHasConnectedAndNotAskedYetWhenStopped) {
  RunningFront front({});
  Client connected(front.address());
  Client later(front.address());
  EXPECT_THAT(later.Ask(kGet), StartsWith("HTTP/1.1 200 "));  // so the first is accepted, too
  front.Stop();
  EXPECT_EQ(later.ReceiveAll(), "");  // so it is stopping
  EXPECT_THAT(connected.Ask(kGet), StartsWith("HTTP/1.1 200 "));
  front.Join();
}

TEST(FrontTest, WaitsForNobodySilentWhenStopped) {
  FrontSettings settings;
  settings.deadlines.stop = std::chrono::hours(1);
  RunningFront front({.settings = std::move(settings)});
  Client silent(front.address());
  EXPECT_THAT(Client(front.address()).Ask(kGet), StartsWith("HTTP/1.1 200 "));
  front.Stop();
  EXPECT_EQ(silent.ReceiveAll(), "");
  front.Join();
}

TEST(FrontTest, StopsAtItsDeadlineWhateverIsLeft) {
  FrontSettings settings;
  settings.deadlines.stop = 100ms;
  RunningFront front({.settings = std::move(settings)});
  Client held(front.address());
  held.Send("GET /hold-long HTTP/1.1\r\n\r\n");
  Client half(front.address());
  half.Send("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na");
  front.WaitForHandlers(1);
  front.Stop();
  front.Join();
  EXPECT_EQ(held.ReceiveAll(), "");
}

TEST(FrontTest, StopsOnSigterm) {
  RunningFront front({});
  EXPECT_THAT(Client(front.address()).Ask(kGet), StartsWith("HTTP/1.1 200 "));
  raise(SIGTERM);
  front.Join();
}

// security.md H11.
TEST(FrontTest, SurvivesARunOutOfDescriptors) {
  RunningFront front({});
  Client before(front.address());
  EXPECT_THAT(before.Ask(kGet), StartsWith("HTTP/1.1 200 "));
  Client turned_away(front.address());  // accepted, or still waiting, as the thread pleases
  EXPECT_THAT(turned_away.Ask(kGet), StartsWith("HTTP/1.1 200 "));
  rlimit original{};
  getrlimit(RLIMIT_NOFILE, &original);
  // All descriptors of the process are used up, the client's own being made before.
  UniqueFd late(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  std::vector<UniqueFd> fill;
  rlimit low = original;
  low.rlim_cur = 256;
  setrlimit(RLIMIT_NOFILE, &low);
  while (true) {
    UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!fd) break;
    fill.push_back(std::move(fd));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(
      static_cast<uint16_t>(std::stoi(front.address().substr(front.address().rfind(':') + 1))));
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  ASSERT_EQ(connect(late.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  char byte = 0;
  EXPECT_EQ(recv(late.get(), &byte, 1, 0), 0) << "accepted and closed with the spare descriptor";
  EXPECT_THAT(before.Ask(kGet), StartsWith("HTTP/1.1 200 "));
  fill.clear();
  setrlimit(RLIMIT_NOFILE, &original);
  EXPECT_THAT(Client(front.address()).Ask(kGet), StartsWith("HTTP/1.1 200 "));
}

TEST(FrontTest, RefusesToSpeakPlainHttpToTheNetwork) {
  SystemRandom random;
  for (const char* address : {"0.0.0.0:0", "[::]:0"}) {
    const auto dispatcher = *Dispatcher::Create({});
    std::vector<FrontListener> listeners;
    listeners.push_back({.socket = *Listen(address), .dispatcher = dispatcher.get()});
    const auto front = Front::Create({}, std::move(listeners), random);
    ASSERT_FALSE(front);
    EXPECT_THAT(front.error().message, HasSubstr("plain HTTP"));
  }
}

// RFC 8446, 4 and 5.1: type, version and length of the record, then type and length of the message.
TEST(BeginsClientHelloTest, TakesAWholeHeadOfAShortHelloAlone) {
  const auto begins = [](std::vector<int> bytes) {
    return BeginsClientHello(std::string(bytes.begin(), bytes.end()));
  };
  EXPECT_TRUE(begins({0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc}));
  EXPECT_TRUE(begins({0x16, 3, 1, 0, 4, 1, 0, 0x40, 0})) << "16 KiB, in small records";
  EXPECT_FALSE(begins({0x16, 3, 1, 0, 4, 1, 0, 0x40, 1})) << "a byte more";
  EXPECT_FALSE(begins({0x16, 3, 1, 0, 4, 1, 2, 0, 0})) << "128 KiB";
  EXPECT_FALSE(begins({0x16, 3, 1, 0, 2, 1, 0, 0x16, 3})) << "the length is in the next record";
  EXPECT_FALSE(begins({0x16, 3, 1, 0, 3, 1, 0, 0, 0x16}));
  EXPECT_FALSE(begins({0x16, 3, 1, 2, 0, 2, 0, 1, 0xfc})) << "another message";
  EXPECT_FALSE(begins({0x17, 3, 1, 2, 0, 1, 0, 1, 0xfc})) << "another record";
  EXPECT_FALSE(begins({0x16, 2, 1, 2, 0, 1, 0, 1, 0xfc})) << "no version of TLS";
  EXPECT_FALSE(begins({0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0})) << "SSL 2's hello";
  EXPECT_FALSE(begins({'G', 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T'}));
  EXPECT_FALSE(begins({0x16, 3, 1, 2, 0, 1, 0, 1})) << "a byte less than the head";
}

TEST(FrontTest, SaysWhichTlsFileIsWrong) {
  SystemRandom random;
  const std::string folder =
      std::filesystem::temp_directory_path() / ("front-tls-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const std::string key = folder + "/tls.key";
  std::ofstream(key) << "no key\n";
  const auto create = [&](const TlsFiles& files) {
    const auto dispatcher = *Dispatcher::Create({});
    std::vector<FrontListener> listeners;
    listeners.push_back(
        {.socket = *Listen("127.0.0.1:0"), .tls = files, .dispatcher = dispatcher.get()});
    const auto front = Front::Create({}, std::move(listeners), random);
    return front ? Error{} : front.error();
  };
  EXPECT_THAT(create({folder + "/tls.crt", folder + "/absent"}).message, HasSubstr("/absent'"));
  std::filesystem::permissions(key, std::filesystem::perms(0644));
  EXPECT_EQ(create({folder + "/tls.crt", key}).code, ErrorCode::kPermissionDenied);
  std::filesystem::permissions(key, std::filesystem::perms(0600));
  EXPECT_THAT(create({folder + "/tls.crt", key}).message, HasSubstr("/tls.crt'"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rolebridge::web
