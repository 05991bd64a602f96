// Opening a connection: its options and TLS. The bind is in connection_bind.cc, the searching in
// connection.cc.

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "ldap/connection_handle.h"
#include "ldap/credentials.h"
#include "ldap/pipe_signal_held.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::steady_clock;

// So that a fresh libldap reads what a fresh ldap.conf of Debian would name.
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";
constexpr std::chrono::milliseconds kAfterTheWatchdog{100};
constexpr int kLevelOfReadAhead = LBER_SBIOD_LEVEL_PROVIDER + 5;

// Sets an option of one handle and reads it back: a build of libldap that silently ignores one must
// not pass for a safe one (security.md L2).
bool SetNumber(LDAP* handle, int option, int value) {
  int now = ~value;
  return ldap_set_option(handle, option, &value) == LDAP_OPT_SUCCESS &&
         ldap_get_option(handle, option, &now) == LDAP_OPT_SUCCESS && now == value;
}

bool SetText(LDAP* handle, int option, const char* value) {
  if (ldap_set_option(handle, option, value) != LDAP_OPT_SUCCESS) return false;
  char* now = nullptr;
  if (ldap_get_option(handle, option, &now) != LDAP_OPT_SUCCESS) return false;
  const Text owner(now);
  if (value == nullptr) return now == nullptr || *now == '\0';
  return now != nullptr && std::strcmp(now, value) == 0;
}

const char* OrNull(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

bool SetSwitch(LDAP* handle, int option, bool on) {
  int now = on ? 0 : 1;
  return ldap_set_option(handle, option, on ? LDAP_OPT_ON : LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
         ldap_get_option(handle, option, &now) == LDAP_OPT_SUCCESS && (now != 0) == on;
}

// So that the kernel notices, while a connection is idle, that its server has vanished without a
// word: in half a minute, before a login waits for it. What is sent and not acknowledged ends it
// within the time of an operation. On a unix socket none of this means anything, nor does it fail.
void WatchPeer(int socket, std::chrono::milliseconds operation_timeout) {
  const auto set = [socket](int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof(value));
  };
  set(IPPROTO_TCP, TCP_KEEPIDLE, 15);  // seconds
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(operation_timeout.count()));
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
}

}  // namespace

int Connection::Handle::Connected(LDAP*, Sockbuf* socket, LDAPURLDesc*, sockaddr*,
                                  ldap_conncb* callbacks) {
  auto& connection = *static_cast<Connection*>(callbacks->lc_arg);
  // A second connection on this handle would be libldap's own idea, without StartTLS and bind.
  if (connection.watched_.socket() >= 0) return -1;
  int descriptor = -1;
  ber_len_t maximum = kMaximumMessageBytes;
  if (ber_sockbuf_ctrl(socket, LBER_SB_OPT_GET_FD, &descriptor) != 1) return -1;
  if (ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_MAX_INCOMING, &maximum) != 1) return -1;
  // One read(2) for what has come, not two for each message. Its place is above the socket, which
  // libldap adds after this, and below TLS.
  if (ber_sockbuf_add_io(socket, &ber_sockbuf_io_readahead, kLevelOfReadAhead, nullptr) != 0) {
    return -1;
  }
  WatchPeer(descriptor, connection.settings_.operation_timeout);
  if (!connection.watched_.Attach(descriptor)) return -1;
  // The time for the handshake and the bind counts from here: a name may have several addresses.
  const Deadline ready = steady_clock::now() + connection.settings_.connect_timeout;
  connection.open_deadline_ = std::min(ready, connection.open_deadline_);
  connection.watched_.Arm(connection.open_deadline_);
  return 0;
}

Result<std::unique_ptr<Connection>> Connection::Open(const Settings& settings,
                                                     const std::string& uri,
                                                     const Credentials& credentials,
                                                     Watchdog& watchdog, Deadline deadline) {
  const PipeSignalHeld held;
  std::unique_ptr<Connection> connection(new Connection(settings, uri, watchdog));
  // Before there is a connection that waits for it.
  if (const auto ticket = connection->GetTicket(credentials, deadline); !ticket) {
    return ticket.error();
  }
  if (const auto prepared = connection->Prepare(credentials, deadline); !prepared)
    return prepared.error();
  if (const auto connected = connection->Connect(); !connected) return connected.error();
  if (const auto bound = connection->Bind(credentials); !bound) return bound.error();
  return connection;
}

Result<void> Connection::Prepare(const Credentials& credentials, Deadline deadline) {
  open_deadline_ = deadline;
  handle_ = std::make_unique<Handle>(*this);
  const int code = ldap_initialize(&handle_->ldap, uri_.c_str());
  if (code != LDAP_SUCCESS) return Failed("'" + uri_ + "'", code, "check ldap.uris");
  if (const auto set = SetOptions(); !set) return set;
  if (IsEncrypted(uri_)) {
    if (const auto set = SetTlsOptions(credentials.tls()); !set) return set;
  }
  // Until there is a socket this only remembers that it is too late.
  watched_.Arm(deadline);
  return {};
}

Result<void> Connection::SetOptions() {
  LDAP* const ldap = handle_->ldap;
  // libldap 2.6 ends a handshake by this, too, and calls it "can't contact". The watchdog, which
  // says that time was up, comes first.
  const auto most = std::min(settings_.connect_timeout, TimeLeft(open_deadline_));
  const timeval connect = ToTimeval(most + kAfterTheWatchdog);
  const timeval operation = ToTimeval(settings_.operation_timeout);
  const int seconds = static_cast<int>(std::max<time_t>(1, operation.tv_sec));
  const bool all_set =
      SetNumber(ldap, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3) &&
      SetSwitch(ldap, LDAP_OPT_REFERRALS, false) &&         // L7
      SetNumber(ldap, LDAP_OPT_DEREF, LDAP_DEREF_NEVER) &&  // L7
      SetSwitch(ldap, LDAP_OPT_RESTART, true) &&            // a signal is no broken connection
      // A ticket is for the server's name as it is written, not for what the DNS makes of it.
      SetSwitch(ldap, LDAP_OPT_X_SASL_NOCANON, true) &&
      // To the end of this very TLS connection, which a domain may demand (RFC 5929 section 4).
      SetNumber(ldap, LDAP_OPT_X_SASL_CBINDING, LDAP_OPT_X_SASL_CBINDING_TLS_ENDPOINT) &&
      // TLS is what encrypts, so SASL need not; Active Directory refuses both at once.
      ldap_set_option(ldap, LDAP_OPT_X_SASL_SECPROPS, "noanonymous,noplain,maxssf=0") ==
          LDAP_OPT_SUCCESS &&
      SetNumber(ldap, LDAP_OPT_SIZELIMIT, LDAP_NO_LIMIT) &&  // each search says its own
      SetNumber(ldap, LDAP_OPT_TIMELIMIT, seconds) &&
      ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &connect) == LDAP_OPT_SUCCESS &&
      ldap_set_option(ldap, LDAP_OPT_TIMEOUT, &operation) == LDAP_OPT_SUCCESS &&
      ldap_set_option(ldap, LDAP_OPT_CONNECT_CB, &handle_->callbacks) == LDAP_OPT_SUCCESS;
  if (all_set) return {};
  return Refused(ErrorCode::kInternal, "ldap: libldap does not take an option of ours");
}

// security.md L2 and L3: only options that mean the same with GnuTLS and with OpenSSL, and those
// that a file or the environment may have set are taken back.
Result<void> Connection::SetTlsOptions(TlsContext& context) {
  LDAP* const ldap = handle_->ldap;
  const std::string authorities =
      settings_.ca_file.empty() ? kSystemAuthorities : settings_.ca_file;
  const bool all_set =
      SetText(ldap, LDAP_OPT_X_TLS_CACERTDIR, nullptr) &&
      SetText(ldap, LDAP_OPT_X_TLS_CERTFILE, OrNull(settings_.certificate_file)) &&
      SetText(ldap, LDAP_OPT_X_TLS_KEYFILE, OrNull(settings_.key_file)) &&
      SetText(ldap, LDAP_OPT_X_TLS_CIPHER_SUITE, nullptr) &&
      SetText(ldap, LDAP_OPT_X_TLS_CACERTFILE, authorities.c_str()) &&
      SetNumber(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND) &&
      SetNumber(ldap, LDAP_OPT_X_TLS_REQUIRE_SAN, LDAP_OPT_X_TLS_DEMAND) &&
      SetNumber(ldap, LDAP_OPT_X_TLS_PROTOCOL_MIN,
                settings_.minimum_tls == TlsVersion::k13 ? LDAP_OPT_X_TLS_PROTOCOL_TLS1_3
                                                         : LDAP_OPT_X_TLS_PROTOCOL_TLS1_2);
  if (!all_set) {
    return Refused(ErrorCode::kInternal, "ldap: libldap does not take a TLS option of ours");
  }
  const int is_server = 0;
  const bool is_made =
      settings_.certificate_file.empty()
          ? ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &is_server) == LDAP_OPT_SUCCESS
          : context.GiveTo(ldap);
  if (!is_made) {
    return Refused(
        ErrorCode::kUnavailable,
        "ldap: '" + authorities + "' holds no certificates that can be read" +
            (settings_.certificate_file.empty()
                 ? "; check ldap.ca_file"
                 : ", or '" + settings_.certificate_file + "' and '" + settings_.key_file +
                       "' are no certificate and its key; check ldap.ca_file, "
                       "ldap.certificate_file and ldap.key_file"));
  }
  return {};
}

Result<void> Connection::Connect() {
  LDAP* const ldap = handle_->ldap;
  if (uri_.starts_with("ldap://")) {
    // L1: before this has succeeded, nothing else is sent; where it fails, the handle goes.
    const int code = ldap_start_tls_s(ldap, nullptr, nullptr);
    if (code != LDAP_SUCCESS) {
      return Failed("StartTLS with '" + uri_ + "'", code,
                    "check that the server offers it, and its certificate against ldap.ca_file");
    }
  } else if (const int code = ldap_connect(ldap); code != LDAP_SUCCESS) {
    return Failed("'" + uri_ + "'", code,
                  "check ldap.uris, and its certificate against ldap.ca_file");
  }
  return IsEncrypted(uri_) ? CheckTls() : Result<void>();
}

// Before the password is sent: libldap with GnuTLS takes the option for the oldest version, and
// does not obey it.
Result<void> Connection::CheckTls() {
  char* raw = nullptr;
  const bool is_known =
      ldap_tls_inplace(handle_->ldap) == 1 &&
      ldap_get_option(handle_->ldap, LDAP_OPT_X_TLS_VERSION, &raw) == LDAP_OPT_SUCCESS;
  const Text owner(raw);
  std::string version = is_known && raw != nullptr ? raw : "no TLS";
  if (version.starts_with("TLSv")) version.erase(3, 1);  // OpenSSL's words, unlike GnuTLS's
  if (version == "TLS1.3") return {};
  if (version == "TLS1.2" && settings_.minimum_tls == TlsVersion::k12) return {};
  return Refused(ErrorCode::kUnavailable,
                 "ldap: '" + uri_ + "' speaks " + version + ", and at least TLS" +
                     (settings_.minimum_tls == TlsVersion::k12 ? "1.2" : "1.3") +
                     " is due; check the server's settings, and ldap.minimum_tls");
}

}  // namespace rolebridge::ldap
