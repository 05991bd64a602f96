#include "bridge/web/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "bridge/base/c_ptr.h"

namespace rolebridge::web {
namespace {

using SslPtr = std::unique_ptr<SSL, FreeWith<SSL_free>>;

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK; }

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int socket) : socket_(socket) {}

  IoResult Handshake() override { return {IoStatus::kDone, 0}; }

  IoResult Read(char* buffer, size_t size) override {
    ssize_t got = 0;
    do {
      got = recv(socket_, buffer, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) return {IoStatus::kDone, static_cast<size_t>(got)};
    if (got < 0 && WouldBlock()) return {IoStatus::kWantRead, 0};
    return {IoStatus::kClosed, 0};
  }

  IoResult Write(std::string_view bytes) override {
    ssize_t sent = 0;
    do {
      sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) return {IoStatus::kDone, static_cast<size_t>(sent)};
    return {WouldBlock() ? IoStatus::kWantWrite : IoStatus::kClosed, 0};
  }

  void Shutdown() override { shutdown(socket_, SHUT_WR); }

 private:
  const int socket_;
};

// OpenSSL on the socket itself: through asio::ssl each connection would hold 70 KiB of buffers, and
// each byte be copied twice more.
class TlsTransport final : public Transport {
 public:
  TlsTransport(SslPtr ssl, int socket) : ssl_(std::move(ssl)), socket_(socket) {}

  IoResult Handshake() override {
    ERR_clear_error();
    return ToResult(SSL_accept(ssl_.get()), 0);
  }

  IoResult Read(char* buffer, size_t size) override {
    ERR_clear_error();
    size_t got = 0;
    const int returned = SSL_read_ex(ssl_.get(), buffer, size, &got);
    return ToResult(returned, got);
  }

  IoResult Write(std::string_view bytes) override {
    ERR_clear_error();
    size_t sent = 0;
    const int returned = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
    return ToResult(returned, sent);
  }

  void Shutdown() override {
    // SSL_shutdown(3) must not be called after a fatal error, or within a handshake.
    if (!failed_ && SSL_is_init_finished(ssl_.get())) {
      ERR_clear_error();
      SSL_shutdown(ssl_.get());
    }
    shutdown(socket_, SHUT_WR);
  }

 private:
  IoResult ToResult(int returned, size_t bytes) {
    if (returned > 0) return {IoStatus::kDone, bytes};
    switch (SSL_get_error(ssl_.get(), returned)) {
      case SSL_ERROR_WANT_READ:
        return {IoStatus::kWantRead, 0};
      case SSL_ERROR_WANT_WRITE:
        return {IoStatus::kWantWrite, 0};
      case SSL_ERROR_ZERO_RETURN:
        return {IoStatus::kClosed, 0};
      default:
        failed_ = true;
        return {IoStatus::kClosed, 0};
    }
  }

  SslPtr ssl_;
  const int socket_;
  bool failed_ = false;
};

Error TlsError(ErrorCode code, const std::string& what) {
  char text[256] = "unknown reason";
  const unsigned long reason = ERR_peek_last_error();
  if (reason != 0) ERR_error_string_n(reason, text, sizeof(text));
  ERR_clear_error();
  return {code, "listen.tls: " + what + ": " + text};
}

// RFC 7301: of what the client offers, http/1.1; where that is not there, the handshake ends.
int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_length,
                   const unsigned char* offered, unsigned offered_length, void*) {
  static constexpr unsigned char kProtocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_length, kProtocols, sizeof(kProtocols), offered,
                            offered_length) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

// A key with a passphrase is an error, no question at a terminal.
int RefusePassphrase(char*, int, int, void*) { return 0; }

bool SetRules(SSL_CTX* context) {
  SSL_CTX_set_security_level(context, 2);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_CLEANSE_PLAINTEXT |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Buffers go while a connection is idle; a record comes in with one read(2) instead of two.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  // Sessions are resumed by ticket; a cache of ours would only grow.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, SelectProtocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, RefusePassphrase);
  return SSL_CTX_set_num_tickets(context, 1) == 1 &&
         SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

Result<void> CheckKeyFile(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return Error{ErrorCode::kInvalidArgument,
                 "listen.tls.key: '" + path + "': " + std::strerror(errno)};
  }
  if ((status.st_mode & S_IRWXO) != 0) {
    return Error{ErrorCode::kPermissionDenied,
                 "listen.tls.key: everybody may use '" + path + "'; chmod o= it"};
  }
  return {};
}

Result<SysSeconds> EndOf(const X509* certificate) {
  std::tm parts{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) {
    return TlsError(ErrorCode::kInvalidArgument, "the certificate's dates");
  }
  return SysSeconds(std::chrono::seconds(timegm(&parts)));
}

}  // namespace

std::unique_ptr<Transport> MakePlainTransport(int socket) {
  return std::make_unique<PlainTransport>(socket);
}

bool BeginsClientHello(std::string_view head) {
  constexpr size_t kMostBytes = 16 * 1024;  // browsers send less than 2
  if (head.size() < kClientHelloHead) return false;
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(head[at]); };
  const size_t length = size_t{byte(6)} << 16U | size_t{byte(7)} << 8U | size_t{byte(8)};
  // The head of the message stands in the record whole, else its length would be elsewhere.
  const size_t record = size_t{byte(3)} << 8U | size_t{byte(4)};
  return byte(0) == 0x16 && byte(1) == 0x03 && record >= 4 && byte(5) == 0x01 &&
         length <= kMostBytes;
}

Result<TlsContext> TlsContext::Create(const TlsFiles& files) {
  // OPENSSL_CONF is not ours: it could load an engine or lower the security level.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  ERR_clear_error();
  if (Result<void> checked = CheckKeyFile(files.key); !checked) return checked.error();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context || !SetRules(context.get())) {
    return TlsError(ErrorCode::kInternal, "OpenSSL refuses our settings");
  }
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return TlsError(ErrorCode::kInvalidArgument, "certificate '" + files.certificate + "'");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return TlsError(ErrorCode::kInvalidArgument, "key '" + files.key + "'");
  }
  const Result<SysSeconds> not_after = EndOf(SSL_CTX_get0_certificate(context.get()));
  if (!not_after) return not_after.error();
  return TlsContext(context, *not_after);
}

std::unique_ptr<Transport> TlsContext::MakeTransport(int socket) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl || SSL_set_fd(ssl.get(), socket) != 1) return nullptr;
  return std::make_unique<TlsTransport>(std::move(ssl), socket);
}

}  // namespace rolebridge::web
