#include "bridge/web/front.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <unordered_set>
#include <utility>

#include "bridge/base/log.h"
#include "bridge/base/secret_string.h"
#include "bridge/web/listener.h"
#include "bridge/web/renewed_tls.h"
#include "bridge/web/request_reader.h"
#include "bridge/web/worker_pool.h"

namespace rolebridge::web {
namespace {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;
using Descriptor = asio::posix::stream_descriptor;
template <typename T>
using Awaitable = asio::awaitable<T>;

constexpr size_t kReadBuffer = 16 * 1024;
// Accepted in one go, before others have a turn.
constexpr int kAcceptBatch = 64;
// Deadlines are looked at that often; they need not be exact.
constexpr std::chrono::milliseconds kSweepInterval{500};
// For whoever has connected and not asked yet when we are told to end.
constexpr std::chrono::milliseconds kStopGrace{1000};
// That part of its connections may be in a TLS handshake, per address: nine bytes of a stranger
// make OpenSSL lend 45 KiB.
constexpr uint32_t kHandshakeShare = 4;
// And of all addresses together, since a second hello (RFC 8446, 4.1.4) may be longer than the
// first: at most some 170 KiB each.
constexpr size_t kMaxHandshakes = 512;
// Descriptors that connections leave to everything else: issuer, log, spare.
constexpr rlim_t kReservedDescriptors = 64;

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
  });
}

// The address behind a socket address; none for a unix socket.
std::optional<IpAddress> ToIpAddress(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    std::array<uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, 4);
    return IpAddress::FromV4(bytes);
  }
  if (storage.ss_family == AF_INET6) {
    std::array<uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, 16);
    return IpAddress::FromV6(bytes);
  }
  return std::nullopt;
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
};

// What of accept4's errors is to be answered how (H11).
enum class AcceptError { kNothingThere, kTryAgain, kOutOfDescriptors, kOutOfMemory, kFatal };

AcceptError ClassifyAcceptError(int error) {
  switch (error) {
    case EAGAIN:
      return AcceptError::kNothingThere;
    case EMFILE:
    case ENFILE:
      return AcceptError::kOutOfDescriptors;
    case ENOBUFS:
    case ENOMEM:
      return AcceptError::kOutOfMemory;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP:
    case EFAULT:
      return AcceptError::kFatal;
    default:  // the connection failed before we took it: accept(2) passes its error on
      return AcceptError::kTryAgain;
  }
}

// How often something happens per address.
class AddressCounter {
 public:
  uint32_t Of(const IpAddress& address) const {
    const auto found = counts_.find(address);
    return found == counts_.end() ? 0 : found->second;
  }
  void Add(const IpAddress& address) { ++counts_[address]; }
  void Remove(const IpAddress& address) {
    const auto found = counts_.find(address);
    if (--found->second == 0) counts_.erase(found);
  }

 private:
  std::map<IpAddress, uint32_t> counts_;
};

// Who connects to a unix socket was let through by its file mode: the proxy beside us.
IpAddress UnixPeer() { return IpAddress::FromV4({127, 0, 0, 1}); }

UniqueFd OpenSpare() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

class Front::Impl {
 public:
  Impl(FrontSettings settings, Random& random)
      : settings_(std::move(settings)),
        trusted_behind_unix_(settings_.trusted_proxies),
        random_(random),
        spare_(OpenSpare()),
        pool_(settings_.limits.workers, settings_.limits.waiting_requests) {
    trusted_behind_unix_.push_back(IpNetwork::Of(UnixPeer()));
  }

  Result<void> AddListener(FrontListener listener);
  Result<void> Serve(const std::function<void()>& on_listening);
  void RequestStop() {
    asio::post(io_, [this] { BeginStop(); });
  }

 private:
  class Connection;

  struct Listener {
    Listener(asio::io_context& io, FrontListener from, std::optional<RenewedTls> context)
        : socket(io, from.socket.Release()),
          tls(std::move(context)),
          expected_host(std::move(from.expected_host)),
          dispatcher(*from.dispatcher) {}
    Descriptor socket;
    std::optional<RenewedTls> tls;
    std::string expected_host;
    const Dispatcher& dispatcher;
  };

  Awaitable<void> AcceptConnections(Listener& listener);
  Awaitable<void> Pause(std::chrono::milliseconds duration);
  void Admit(Listener& listener, UniqueFd socket, const SocketAddress& peer);
  bool AcceptBatch(Listener& listener);
  void ShedAll(Listener& listener);
  size_t MaxConnections() const;
  void ArmSweep();
  void Sweep();
  void Repeat(asio::steady_timer& timer, std::chrono::milliseconds interval,
              const std::function<void()>& work);
  void RenewCertificates();
  void BeginStop();
  void EndIfIdle();

  const FrontSettings settings_;
  std::vector<IpNetwork> trusted_behind_unix_;
  Random& random_;
  UniqueFd spare_;  // given up to accept and close one connection when no descriptor is left
  asio::io_context io_{1};
  asio::signal_set signals_{io_};
  asio::steady_timer sweep_timer_{io_};
  asio::steady_timer heartbeat_timer_{io_};
  asio::steady_timer renewal_timer_{io_};
  asio::steady_timer stop_timer_{io_};
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_set<Connection*> connections_;
  AddressCounter connected_;
  AddressCounter in_handshake_;
  size_t handshakes_ = 0;
  // One for all: what is read is handed on before anybody else reads.
  std::array<char, kReadBuffer> read_buffer_{};
  bool sweeping_ = false;
  bool stopping_ = false;
  Result<void> outcome_;
  WorkerPool pool_;  // last: its jobs use the rest
};

// One connection, from accept to close, as one coroutine. (No co_await stands behind `&&` here: g++
// 12 awaits it whatever the left side is.) Whatever it waits for, the sweep ends the wait at
// `deadline_`; so does BeginStop between two requests.
class Front::Impl::Connection {
 public:
  Connection(Impl& front, Listener& listener, Descriptor socket, std::optional<IpAddress> peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Awaitable<void> Run();
  void ExpireAt(TimePoint now) {
    if (now >= deadline_) Expire();
  }
  void Expire() {
    expired_ = true;
    socket_.cancel();
    hold_timer_.cancel();
  }
  // For a front that stops. Between two requests: now. Who has connected and not asked yet would
  // take that for a refusal, and gets until `soon`; who is asking gets the answer.
  void EndSoon(TimePoint soon) {
    if (answering_ || reader_.state() != RequestReader::State::kIdle) return;
    if (answered_ > 0) return Expire();
    deadline_ = std::min(deadline_, soon);
  }

 private:
  Awaitable<bool> StartTls();
  Awaitable<bool> SawClientHello();
  void EndHandshake();
  Awaitable<bool> AnswerRequests();
  Awaitable<bool> ReadRequest();
  Awaitable<bool> Receive();
  Awaitable<bool> Ready(IoStatus status);
  Awaitable<bool> Send(std::string_view bytes);
  Awaitable<bool> Ask(bool close);
  Awaitable<void> Drain();
  bool Take(std::string_view bytes);
  void JudgeHead();
  void RefuseWith(int status, std::string_view reason);
  void PrepareRequest();
  bool HostIsOurs();
  void SetDeadline(std::chrono::milliseconds from_now) {
    deadline_ = SteadyClock::now() + from_now;
  }
  void SetNoDeadline() { deadline_ = TimePoint::max(); }

  Impl& front_;
  Listener& listener_;
  const std::optional<IpAddress> peer_;     // none: a unix socket
  const std::optional<IpAddress> counted_;  // none: not limited
  Descriptor socket_;
  asio::steady_timer hold_timer_;
  std::unique_ptr<Transport> transport_;
  RequestReader reader_;
  std::string pipelined_;  // came behind a complete request
  Answer answer_;
  TimePoint deadline_;
  int refusal_ = 0;  // the status that this request is refused with
  bool expired_ = false;
  bool in_handshake_ = false;
  bool answering_ = false;
  uint32_t answered_ = 0;
};

// ---- connections
// ------------------------------------------------------------------------------------

Front::Impl::Connection::Connection(Impl& front, Listener& listener, Descriptor socket,
                                    std::optional<IpAddress> peer)
    : front_(front),
      listener_(listener),
      peer_(peer),
      counted_(peer && !IsTrusted(*peer, front.settings_.trusted_proxies)
                   ? std::optional(peer->CountedAs())
                   : std::nullopt),
      socket_(std::move(socket)),
      hold_timer_(front.io_) {
  SetDeadline(front_.settings_.deadlines.idle);
  front_.connections_.insert(this);
  if (counted_) front_.connected_.Add(*counted_);
}

Front::Impl::Connection::~Connection() {
  front_.connections_.erase(this);
  if (counted_) front_.connected_.Remove(*counted_);
  EndHandshake();
  WipeString(pipelined_);
}

Awaitable<void> Front::Impl::Connection::Run() {
  if (listener_.tls) {
    if (!co_await StartTls()) co_return;
  } else {
    transport_ = MakePlainTransport(socket_.native_handle());
  }
  const bool answered_last = co_await AnswerRequests();
  // Where the client may still be sending, a plain close would take our answer back.
  if (answered_last) co_await Drain();
}

Awaitable<bool> Front::Impl::Connection::StartTls() {
  // Whoever stays silent costs no TLS state.
  SetDeadline(front_.settings_.deadlines.handshake);
  const bool has_begun = co_await SawClientHello();
  if (!has_begun) co_return false;
  const uint32_t allowed =
      std::max(1u, front_.settings_.limits.connections_per_address / kHandshakeShare);
  if (counted_ && front_.in_handshake_.Of(*counted_) >= allowed) co_return false;
  if (front_.handshakes_ >= kMaxHandshakes) co_return false;
  transport_ = listener_.tls->context().MakeTransport(socket_.native_handle());
  if (!transport_) co_return false;

  in_handshake_ = true;
  ++front_.handshakes_;
  if (counted_) front_.in_handshake_.Add(*counted_);
  bool done = false;
  while (true) {
    const IoResult result = transport_->Handshake();
    done = result.status == IoStatus::kDone;
    if (done) break;
    if (!co_await Ready(result.status)) break;
  }
  EndHandshake();
  co_return done;
}

// Looks at the first bytes without taking them.
Awaitable<bool> Front::Impl::Connection::SawClientHello() {
  const auto wake_at = [this](size_t bytes) {
    const int low_water = static_cast<int>(bytes);
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof(low_water));
  };
  wake_at(kClientHelloHead);
  const bool came = co_await Ready(IoStatus::kWantRead);
  if (!came) co_return false;
  wake_at(1);
  std::array<char, kClientHelloHead> head{};
  const ssize_t got = recv(socket_.native_handle(), head.data(), head.size(), MSG_PEEK);
  co_return got > 0 && BeginsClientHello({head.data(), static_cast<size_t>(got)});
}

void Front::Impl::Connection::EndHandshake() {
  if (!std::exchange(in_handshake_, false)) return;
  --front_.handshakes_;
  if (counted_) front_.in_handshake_.Remove(*counted_);
}

// True where an answer was the last word and should reach the client.
Awaitable<bool> Front::Impl::Connection::AnswerRequests() {
  const uint32_t most = front_.settings_.limits.requests_per_connection;
  for (uint32_t count = 1; count <= most; ++count) {
    reader_.Reset();
    answering_ = false;
    SetDeadline(front_.settings_.deadlines.idle);
    if (!co_await ReadRequest()) co_return false;
    answering_ = true;
    if (refusal_ == 0) {
      PrepareRequest();
      const bool close = count == most || !reader_.keep_alive() || front_.stopping_;
      if (!co_await Ask(close)) RefuseWith(503, "no worker is free");
    }
    if (refusal_ != 0) co_return co_await Send(listener_.dispatcher.FixedAnswer(refusal_));
    if (expired_) co_return false;
    const bool sent = co_await Send(answer_.bytes);
    WipeString(answer_.bytes);
    ++answered_;
    if (!sent || answer_.close || front_.stopping_) co_return sent;
  }
  co_return true;
}

// Until the reader has a complete request, or a reason to refuse one. False where there is nobody
// to answer any more.
Awaitable<bool> Front::Impl::Connection::ReadRequest() {
  if (!pipelined_.empty()) {
    std::string bytes = std::exchange(pipelined_, {});
    const bool settled = Take(bytes);
    WipeString(bytes);
    if (settled) co_return true;
  }
  co_return co_await Receive();
}

Awaitable<bool> Front::Impl::Connection::Receive() {
  std::array<char, kReadBuffer>& buffer = front_.read_buffer_;
  while (true) {
    const IoResult result = transport_->Read(buffer.data(), buffer.size());
    if (result.status == IoStatus::kDone) {
      const bool settled = Take({buffer.data(), result.bytes});
      explicit_bzero(buffer.data(), result.bytes);
      if (settled) co_return true;
    } else if (!co_await Ready(result.status)) {
      co_return false;
    }
  }
}

// Hands bytes to the reader, and sets the deadline for what is due next. True where no more are to
// be read: the request is complete, or refused.
bool Front::Impl::Connection::Take(std::string_view bytes) {
  using State = RequestReader::State;
  while (!bytes.empty()) {
    const State before = reader_.state();
    bytes.remove_prefix(reader_.Feed(bytes));
    const State after = reader_.state();
    if (before == State::kIdle) SetDeadline(front_.settings_.deadlines.head);
    if (before != State::kBody && after != State::kHead) {
      SetDeadline(front_.settings_.deadlines.body);
      JudgeHead();
    }
    if (refusal_ != 0) return true;
    if (after == State::kComplete) {
      pipelined_.append(bytes);
      return true;
    }
  }
  return false;
}

// What must not go to a worker is refused as soon as the head is there; its body is not read.
void Front::Impl::Connection::JudgeHead() {
  if (reader_.state() == RequestReader::State::kRefused) {
    RefuseWith(reader_.error_status(), reader_.error_reason());
  } else if (!HostIsOurs()) {
    RefuseWith(421, "Host is not ours");
  } else if (front_.pool_.IsFull()) {
    RefuseWith(503, "no worker is free");
  }
}

void Front::Impl::Connection::RefuseWith(int status, std::string_view reason) {
  refusal_ = status;
  Log(LogPriority::kInfo, "request_refused",
      {{"client", peer_ ? peer_->ToString() : "unix"},
       {"status", std::to_string(status)},
       {"reason", std::string(reason)}});
}

// H10: nothing is answered under another's name.
bool Front::Impl::Connection::HostIsOurs() {
  if (listener_.expected_host.empty()) return true;
  const std::optional<std::string_view> host = reader_.request().Field("host");
  return host && EqualsIgnoringCase(*host, listener_.expected_host);
}

void Front::Impl::Connection::PrepareRequest() {
  HttpRequest& request = reader_.request();
  request.request_id = RandomHex(front_.random_, 8);
  const ClientAddress client =
      FindClientAddress(peer_.value_or(UnixPeer()), request.fields,
                        peer_ ? front_.settings_.trusted_proxies : front_.trusted_behind_unix_);
  request.client_address = client.address.ToString();
  if (client.malformed) {
    Log(LogPriority::kWarning, "forwarded_address_malformed",
        {{"request", request.request_id}, {"proxy", request.client_address}});
  }
}

// Has a worker answer the request into `answer_`, and waits as long as the answer wants to be held.
// False where none takes it.
Awaitable<bool> Front::Impl::Connection::Ask(bool close) {
  SetNoDeadline();
  const auto submit = [this, close](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    // The coroutine goes on here, on the I/O thread, with the handler as its last owner.
    const auto resume = [this](auto owner, bool answered) {
      asio::post(front_.io_, [owner = std::move(owner), answered]() mutable {
        auto last = std::move(*owner);
        owner.reset();
        std::move(last)(answered);
      });
    };
    const bool taken = front_.pool_.TrySubmit([this, close, resume, shared]() mutable {
      answer_ = listener_.dispatcher.Dispatch(reader_.request(), close);
      resume(std::move(shared), true);
    });
    if (!taken) resume(std::move(shared), false);
  };
  const bool answered = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(
      submit, asio::use_awaitable);
  if (answered && answer_.hold.count() > 0) {
    asio::error_code error;
    hold_timer_.expires_after(answer_.hold);
    co_await hold_timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  co_return answered;
}

Awaitable<bool> Front::Impl::Connection::Send(std::string_view bytes) {
  SetDeadline(front_.settings_.deadlines.write);
  while (!bytes.empty()) {
    const IoResult result = transport_->Write(bytes);
    if (result.status == IoStatus::kDone) {
      bytes.remove_prefix(result.bytes);
    } else if (!co_await Ready(result.status)) {
      co_return false;
    }
  }
  co_return true;
}

Awaitable<void> Front::Impl::Connection::Drain() {
  SetDeadline(front_.settings_.deadlines.drain);
  transport_->Shutdown();
  // From below TLS: nobody looks at these bytes.
  std::array<char, kReadBuffer>& buffer = front_.read_buffer_;
  const std::unique_ptr<Transport> raw = MakePlainTransport(socket_.native_handle());
  size_t drained = 0;
  while (drained < kMaxDrained && !expired_) {
    const IoResult result = raw->Read(buffer.data(), buffer.size());
    explicit_bzero(buffer.data(), result.bytes);
    drained += result.bytes;
    if (result.status == IoStatus::kDone) continue;
    if (!co_await Ready(result.status)) co_return;
  }
}

// Waits for what `status` wants. False where it will not come: closed, or too late.
Awaitable<bool> Front::Impl::Connection::Ready(IoStatus status) {
  if (status == IoStatus::kClosed || expired_) co_return false;
  asio::error_code error;
  co_await socket_.async_wait(
      status == IoStatus::kWantWrite ? Descriptor::wait_write : Descriptor::wait_read,
      asio::redirect_error(asio::use_awaitable, error));
  co_return !error && !expired_;
}

// ---- accepting
// --------------------------------------------------------------------------------------

Result<void> Front::Impl::AddListener(FrontListener from) {
  if (from.dispatcher == nullptr || !from.socket) {
    return Error{ErrorCode::kInvalidArgument, "a listener without socket or dispatcher"};
  }
  std::optional<RenewedTls> tls;
  if (from.tls) {
    Result<RenewedTls> created = RenewedTls::Create(*from.tls);
    if (!created) return created.error();
    tls = *std::move(created);
  } else {
    SocketAddress own;
    const bool known = getsockname(from.socket.get(), own.raw(), &own.size) == 0;
    const std::optional<IpAddress> address = ToIpAddress(own.storage);
    if (!known || (address && !address->IsLoopback())) {
      return Error{ErrorCode::kInvalidArgument,
                   "listen: '" + ListeningAddress(from.socket.get()) +
                       "' would speak plain HTTP to the network; set listen.tls, or listen on a "
                       "loopback address or unix socket"};
    }
  }
  const int flags = fcntl(from.socket.get(), F_GETFL);
  if (flags < 0 || fcntl(from.socket.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return Error{ErrorCode::kUnavailable, std::string("listening socket: ") + std::strerror(errno)};
  }
  listeners_.push_back(std::make_unique<Listener>(io_, std::move(from), std::move(tls)));
  return {};
}

Awaitable<void> Front::Impl::AcceptConnections(Listener& listener) {
  while (!stopping_) {
    asio::error_code error;
    co_await listener.socket.async_wait(Descriptor::wait_read,
                                        asio::redirect_error(asio::use_awaitable, error));
    if (error || stopping_) co_return;
    if (!AcceptBatch(listener)) co_await Pause(kAcceptPause);
  }
}

// False where accepting had better rest for a while.
bool Front::Impl::AcceptBatch(Listener& listener) {
  for (int i = 0; i < kAcceptBatch; ++i) {
    SocketAddress peer;
    UniqueFd socket(accept4(listener.socket.native_handle(), peer.raw(), &peer.size,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      Admit(listener, std::move(socket), peer);
      continue;
    }
    const int failure = errno;
    const AcceptError kind = ClassifyAcceptError(failure);
    if (kind == AcceptError::kNothingThere) return true;
    if (kind == AcceptError::kTryAgain) continue;
    Log(LogPriority::kError, "accept_failed", {{"reason", std::strerror(failure)}});
    if (kind == AcceptError::kOutOfDescriptors) {
      ShedAll(listener);
    } else if (kind == AcceptError::kFatal) {
      outcome_ = Error{ErrorCode::kUnavailable, std::string("accept: ") + std::strerror(failure)};
      BeginStop();
    }
    return false;
  }
  return true;
}

// Accepts and closes who waits, so that they hear of it, with the descriptor kept for that.
void Front::Impl::ShedAll(Listener& listener) {
  spare_.Reset();
  for (int i = 0; i < kAcceptBatch; ++i) {
    if (!UniqueFd(accept4(listener.socket.native_handle(), nullptr, nullptr, SOCK_CLOEXEC))) break;
  }
  spare_ = OpenSpare();
}

size_t Front::Impl::MaxConnections() const {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return settings_.limits.connections;
  const rlim_t reserved = std::min(kReservedDescriptors, files.rlim_cur / 2);
  return std::min<size_t>(settings_.limits.connections, files.rlim_cur - reserved);
}

void Front::Impl::Admit(Listener& listener, UniqueFd socket, const SocketAddress& peer) {
  const std::optional<IpAddress> address = ToIpAddress(peer.storage);
  if (connections_.size() >= MaxConnections()) return;
  if (address && !IsTrusted(*address, settings_.trusted_proxies) &&
      connected_.Of(address->CountedAs()) >= settings_.limits.connections_per_address) {
    return;
  }
  if (address) {
    // Else each answer waits 40 ms for the acknowledgement of the one before.
    const int yes = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  }
  Descriptor descriptor(io_);
  asio::error_code error;
  descriptor.assign(socket.get(), error);
  if (error) return;  // the kernel has no room to watch it
  socket.Release();
  auto connection = std::make_unique<Connection>(*this, listener, std::move(descriptor), address);
  Connection& running = *connection;
  asio::co_spawn(io_, running.Run(),
                 [this, owner = std::move(connection)](std::exception_ptr failure) mutable {
                   if (failure) Log(LogPriority::kError, "connection_failed");
                   owner.reset();
                   EndIfIdle();
                 });
  ArmSweep();
}

Awaitable<void> Front::Impl::Pause(std::chrono::milliseconds duration) {
  asio::steady_timer timer(io_, duration);
  asio::error_code error;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
}

// ---- time, start and end ------------------------------------------------------------------------

// One timer for all deadlines: to move one costs a store.
void Front::Impl::ArmSweep() {
  if (sweeping_ || connections_.empty()) return;
  sweeping_ = true;
  const Deadlines& due = settings_.deadlines;
  const auto shortest =
      std::min({due.handshake, due.head, due.body, due.idle, due.write, due.drain});
  sweep_timer_.expires_after(
      std::clamp(shortest / 4, std::chrono::milliseconds(10), kSweepInterval));
  sweep_timer_.async_wait([this](const asio::error_code& error) {
    sweeping_ = false;
    if (!error) Sweep();
    ArmSweep();
  });
}

void Front::Impl::Sweep() {
  const TimePoint now = SteadyClock::now();
  for (Connection* connection : connections_) connection->ExpireAt(now);
}

void Front::Impl::Repeat(asio::steady_timer& timer, std::chrono::milliseconds interval,
                         const std::function<void()>& work) {
  if (stopping_) return;
  timer.expires_after(interval);
  timer.async_wait([this, &timer, interval, work](const asio::error_code& error) {
    if (error) return;
    work();
    Repeat(timer, interval, work);
  });
}

void Front::Impl::RenewCertificates() {
  for (const std::unique_ptr<Listener>& listener : listeners_) {
    if (!listener->tls) continue;
    listener->tls->LookOnce();
    if (settings_.on_certificate) {
      settings_.on_certificate(listener->tls->context().certificate_not_after());
    }
  }
}

Result<void> Front::Impl::Serve(const std::function<void()>& on_listening) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.async_wait([this](const asio::error_code& error, int) {
    if (!error) BeginStop();
  });
  for (const std::unique_ptr<Listener>& listener : listeners_) {
    asio::co_spawn(io_, AcceptConnections(*listener), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  if (settings_.heartbeat) {
    Repeat(heartbeat_timer_, settings_.heartbeat_interval, settings_.heartbeat);
  }
  RenewCertificates();
  Repeat(renewal_timer_, settings_.certificate_interval, [this] { RenewCertificates(); });
  if (on_listening) on_listening();
  io_.run();
  return outcome_;
}

// Connections end when it hurts nobody, see EndSoon, and at the deadline whatever is left.
// io_.run() returns when the last coroutine has.
void Front::Impl::BeginStop() {
  if (stopping_) return;
  stopping_ = true;
  signals_.cancel();
  heartbeat_timer_.cancel();
  renewal_timer_.cancel();
  for (const std::unique_ptr<Listener>& listener : listeners_) listener->socket.close();
  const TimePoint soon = SteadyClock::now() + kStopGrace;
  for (Connection* connection : connections_) connection->EndSoon(soon);
  stop_timer_.expires_after(settings_.deadlines.stop);
  stop_timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    for (Connection* connection : connections_) connection->Expire();
  });
  EndIfIdle();
}

void Front::Impl::EndIfIdle() {
  if (!stopping_ || !connections_.empty()) return;
  stop_timer_.cancel();
  sweep_timer_.cancel();
}

// ---- the interface
// ----------------------------------------------------------------------------------

Front::Front(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Front::~Front() = default;

Result<std::unique_ptr<Front>> Front::Create(FrontSettings settings,
                                             std::vector<FrontListener> listeners, Random& random) {
  auto impl = std::make_unique<Impl>(std::move(settings), random);
  for (FrontListener& listener : listeners) {
    if (Result<void> added = impl->AddListener(std::move(listener)); !added) return added.error();
  }
  return std::unique_ptr<Front>(new Front(std::move(impl)));
}

Result<void> Front::ServeUntilSignalled(const std::function<void()>& on_listening) {
  return impl_->Serve(on_listening);
}

void Front::Stop() { impl_->RequestStop(); }

}  // namespace rolebridge::web
