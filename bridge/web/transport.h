#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace rolebridge::web {

struct TlsFiles {
  std::string certificate;  // PEM, the chain, our own certificate first
  std::string key;          // PEM, without a passphrase, not readable by everybody
};

enum class IoStatus {
  kDone,
  kWantRead,   // nothing now: try again when the socket is readable
  kWantWrite,  // nothing now: try again when it is writable
  kClosed,     // the peer ended it, or it failed; no more of it
};

struct IoResult {
  IoStatus status = IoStatus::kClosed;
  size_t bytes = 0;  // with kDone
};

// A connected, non-blocking stream socket (not owned), plain or under TLS. No call ever waits.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual IoResult Handshake() = 0;
  virtual IoResult Read(char* buffer, size_t size) = 0;
  virtual IoResult Write(std::string_view bytes) = 0;
  // Tells the peer that nothing more comes.
  virtual void Shutdown() = 0;
};

std::unique_ptr<Transport> MakePlainTransport(int socket);

// How a TLS connection begins: the heads of the record and of the handshake message in it.
inline constexpr size_t kClientHelloHead = 9;

// Whether these bytes, the first that a client sent, are that of a ClientHello (RFC 8446, 4 and
// 5.1) of at most 16 KiB. OpenSSL takes 128 KiB and makes room for what is announced at once.
bool BeginsClientHello(std::string_view head);

// Certificate, key and rules of our TLS: 1.2 and 1.3, forward secrecy, no compression, no
// renegotiation, ALPN http/1.1 (security.md H8).
class TlsContext {
 public:
  // Errors: kInvalidArgument, a file can't be read or is no PEM, or the two are no pair;
  // kPermissionDenied, everybody can read the key.
  static Result<TlsContext> Create(const TlsFiles& files);
  // Of our own certificate, the first of the chain.
  SysSeconds certificate_not_after() const { return not_after_; }
  // Null where memory has run out. The socket must be written to with SIGPIPE ignored.
  std::unique_ptr<Transport> MakeTransport(int socket) const;

 private:
  TlsContext(std::shared_ptr<ssl_ctx_st> context, SysSeconds not_after)
      : context_(std::move(context)), not_after_(not_after) {}
  std::shared_ptr<ssl_ctx_st> context_;
  SysSeconds not_after_;
};

}  // namespace rolebridge::web
