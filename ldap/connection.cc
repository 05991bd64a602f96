#include "ldap/connection.h"

#include <lber.h>
#include <ldap.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "bridge/base/c_ptr.h"
#include "ldap/filter.h"
#include "ldap/value_range.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// So that a fresh libldap reads what a fresh ldap.conf of Debian would name.
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";
constexpr std::chrono::milliseconds kAfterTheWatchdog{100};
constexpr ber_int_t kPageSize = 500;
constexpr std::string_view kSizeLimitHint =
    "the server limits how many entries one may read; raise that for the bind account (OpenLDAP: "
    "limits, size.prtotal; Active Directory: MaxPageSize)";
constexpr size_t kRequestsUnderWay = 32;
constexpr int kLevelOfReadAhead = LBER_SBIOD_LEVEL_PROVIDER + 5;

using Message = CPtr<LDAPMessage, ldap_msgfree>;
using Text = CPtr<void, ldap_memfree>;
using Control = CPtr<LDAPControl, ldap_control_free>;
using Controls = CPtr<LDAPControl*, ldap_controls_free>;
struct FreeBer {
  void operator()(BerElement* ber) const { ber_free(ber, 0); }
};

timeval ToTimeval(milliseconds time) {
  const auto positive = std::max(time, milliseconds(1));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(positive);
  const std::chrono::microseconds rest = positive - seconds;
  return {static_cast<time_t>(seconds.count()), static_cast<suseconds_t>(rest.count())};
}

milliseconds TimeLeft(Deadline deadline) {
  return std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
}

// libldap writes with write(2), so a server that has gone away would end the process by SIGPIPE.
// While one of these lives, the signal waits; one that came meanwhile is taken at the end. Where
// the process ignores the signal anyway, there is nothing to do.
class PipeSignalHeld {
 public:
  PipeSignalHeld() {
    struct sigaction now {};
    if (sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) return;
    is_held_ = true;
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~PipeSignalHeld() {
    if (!is_held_) return;
    if (!was_pending_) {
      const timespec at_once{};
      while (sigtimedwait(&pipe_, nullptr, &at_once) == -1 && errno == EINTR) continue;
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  PipeSignalHeld(const PipeSignalHeld&) = delete;
  PipeSignalHeld& operator=(const PipeSignalHeld&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool is_held_ = false;
  bool was_pending_ = false;
};

ErrorCode CodeOf(int ldap_code) {
  switch (ldap_code) {
    case LDAP_TIMEOUT:
    case LDAP_TIMELIMIT_EXCEEDED:
      return ErrorCode::kDeadlineExceeded;
    case LDAP_SERVER_DOWN:
    case LDAP_CONNECT_ERROR:
    case LDAP_BUSY:
    case LDAP_UNAVAILABLE:
    case LDAP_UNWILLING_TO_PERFORM:
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_STRONG_AUTH_REQUIRED:
    case LDAP_CONFIDENTIALITY_REQUIRED:
    case LDAP_INSUFFICIENT_ACCESS:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInvalidArgument;
  }
}

bool IsEncryptedScheme(std::string_view uri) { return !uri.starts_with("ldapi://"); }

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

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

bool SetSwitch(LDAP* handle, int option, bool on) {
  int now = on ? 0 : 1;
  return ldap_set_option(handle, option, on ? LDAP_OPT_ON : LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
         ldap_get_option(handle, option, &now) == LDAP_OPT_SUCCESS && (now != 0) == on;
}

}  // namespace

const std::vector<std::string>& ValuesOf(const Entry& entry, std::string_view attribute) {
  static const std::vector<std::string> kNone;
  const auto found = entry.attributes.find(LowerAscii(attribute));
  return found == entry.attributes.end() ? kNone : found->second;
}

struct Connection::Handle {
  explicit Handle(Connection& connection) {
    callbacks.lc_add = &Connected;
    callbacks.lc_del = &Closing;
    callbacks.lc_arg = &connection;
  }
  ~Handle() {
    if (ldap != nullptr) ldap_unbind_ext_s(ldap, nullptr, nullptr);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // libldap calls this between connect(2) and the TLS handshake. Not 0 makes it give up.
  static int Connected(LDAP*, Sockbuf* socket, LDAPURLDesc*, sockaddr*, ldap_conncb* callbacks) {
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
    if (!connection.watched_.Attach(descriptor)) return -1;
    // The time for the handshake counts from here: a name may have had several addresses.
    const Deadline handshake = steady_clock::now() + connection.settings_.connect_timeout;
    connection.watched_.Arm(std::min(handshake, connection.open_deadline_));
    return 0;
  }
  static void Closing(LDAP*, Sockbuf*, ldap_conncb*) {}

  LDAP* ldap = nullptr;
  ldap_conncb callbacks{};
};

// What comes together while one search is answered.
struct Connection::Collected {
  std::vector<Entry> entries;
  const std::function<bool(const Entry&)>* visit = nullptr;  // instead of `entries`
  bool was_ended = false;                                    // by `visit`
  size_t bytes = 0;
  std::string page_cookie;  // not empty: there is another page

  // Values of which there are more: "memberOf;range=0-1499" (security.md L9).
  struct Part {
    size_t entry;  // its place in `entries`
    std::string attribute;
  };
  std::vector<Part> parts;
  // Where the values begin that are due: not nought while the rest of a part is fetched.
  size_t first_value = 0;

  Result<void> Add(LDAP* ldap, LDAPMessage* message);
  Result<void> TakeRange(const Entry& entry, const std::string& attribute, std::string_view options,
                         size_t count);
};

// Whether `count` values are those that their range speaks of, the first ones that are due, and
// whether there are more.
Result<void> Connection::Collected::TakeRange(const Entry& entry, const std::string& attribute,
                                              std::string_view options, size_t count) {
  const auto range = ParseValueRange(options);
  const bool is_rest_due = first_value > 0 && count > 0;
  if (range && !*range && !is_rest_due) return {};
  const bool fits = range && *range && (*range)->first == first_value &&
                    (!(*range)->last || *(*range)->last - (*range)->first + 1 == count);
  if (!fits || (visit != nullptr && (*range)->last)) {
    return Error{ErrorCode::kInvalidArgument, "ldap: the server sent a part of the values only (" +
                                                  attribute + std::string(options.substr(0, 64)) +
                                                  ") of '" + entry.dn + "'"};
  }
  if ((*range)->last) parts.push_back({entries.size(), attribute});
  return {};
}

// Reads one entry by the decoder that keeps lengths: values may hold any byte.
Result<void> Connection::Collected::Add(LDAP* ldap, LDAPMessage* message) {
  const Error malformed{ErrorCode::kInvalidArgument, "ldap: the server sent a malformed entry"};
  BerElement* raw_ber = nullptr;
  berval dn{};
  if (ldap_get_dn_ber(ldap, message, &raw_ber, &dn) != LDAP_SUCCESS) return malformed;
  const std::unique_ptr<BerElement, FreeBer> ber(raw_ber);
  Entry entry;
  entry.dn.assign(dn.bv_val, dn.bv_len);
  bytes += entry.dn.size();
  while (true) {
    berval name{};
    berval* raw_values = nullptr;
    const int code = ldap_get_attribute_ber(ldap, message, ber.get(), &name, &raw_values);
    const CPtr<berval, ber_memfree> owner(raw_values);
    if (code != LDAP_SUCCESS) return malformed;
    if (name.bv_val == nullptr) break;
    const std::string description = LowerAscii({name.bv_val, name.bv_len});
    const std::string attribute = description.substr(0, description.find(';'));
    auto& values = entry.attributes[attribute];
    const size_t before = values.size();
    for (berval* value = raw_values; value != nullptr && value->bv_val != nullptr; ++value) {
      values.emplace_back(value->bv_val, value->bv_len);
      bytes += value->bv_len;
    }
    const std::string_view options = std::string_view(description).substr(attribute.size());
    const auto taken = TakeRange(entry, attribute, options, values.size() - before);
    if (!taken) return taken;
  }
  if (visit == nullptr) {
    entries.push_back(std::move(entry));
  } else if (!was_ended) {
    was_ended = !(*visit)(entry);
  }
  return {};
}

Connection::Connection(const Settings& settings, std::string uri, Watchdog& watchdog)
    : settings_(settings), uri_(std::move(uri)), watched_(watchdog) {}

Connection::~Connection() {
  const PipeSignalHeld held;
  // What has failed is not worth a farewell, which could block.
  if (has_failed_ && watched_.socket() >= 0) ::shutdown(watched_.socket(), SHUT_RDWR);
  handle_.reset();
}

Result<std::unique_ptr<Connection>> Connection::Open(const Settings& settings,
                                                     const std::string& uri,
                                                     const SecretString& password,
                                                     Watchdog& watchdog, Deadline deadline) {
  const PipeSignalHeld held;
  std::unique_ptr<Connection> connection(new Connection(settings, uri, watchdog));
  if (const auto prepared = connection->Prepare(deadline); !prepared) return prepared.error();
  if (uri.starts_with("ldap://")) {
    if (const auto encrypted = connection->StartTls(); !encrypted) return encrypted.error();
  }
  if (const auto bound = connection->Bind(password, deadline); !bound) return bound.error();
  return connection;
}

Result<void> Connection::Prepare(Deadline deadline) {
  open_deadline_ = deadline;
  handle_ = std::make_unique<Handle>(*this);
  const int code = ldap_initialize(&handle_->ldap, uri_.c_str());
  if (code != LDAP_SUCCESS) return Failed("'" + uri_ + "'", code, "check ldap.uris");
  if (const auto set = SetOptions(); !set) return set;
  if (IsEncryptedScheme(uri_)) {
    if (const auto set = SetTlsOptions(); !set) return set;
  }
  // Until there is a socket this only remembers that it is too late.
  watched_.Arm(deadline);
  return {};
}

Result<void> Connection::SetOptions() {
  LDAP* const ldap = handle_->ldap;
  // libldap 2.6 ends a handshake by this, too, and calls it "can't contact". The watchdog, which
  // says that time was up, comes first.
  const timeval connect = ToTimeval(settings_.connect_timeout + kAfterTheWatchdog);
  const timeval operation = ToTimeval(settings_.operation_timeout);
  const int seconds = static_cast<int>(std::max<time_t>(1, operation.tv_sec));
  const bool all_set =
      SetNumber(ldap, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3) &&
      SetSwitch(ldap, LDAP_OPT_REFERRALS, false) &&          // L7
      SetNumber(ldap, LDAP_OPT_DEREF, LDAP_DEREF_NEVER) &&   // L7
      SetSwitch(ldap, LDAP_OPT_RESTART, true) &&             // a signal is no broken connection
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
Result<void> Connection::SetTlsOptions() {
  LDAP* const ldap = handle_->ldap;
  const std::string authorities =
      settings_.ca_file.empty() ? kSystemAuthorities : settings_.ca_file;
  const bool all_set = SetText(ldap, LDAP_OPT_X_TLS_CACERTDIR, nullptr) &&
                       SetText(ldap, LDAP_OPT_X_TLS_CERTFILE, nullptr) &&
                       SetText(ldap, LDAP_OPT_X_TLS_KEYFILE, nullptr) &&
                       SetText(ldap, LDAP_OPT_X_TLS_CIPHER_SUITE, nullptr) &&
                       SetText(ldap, LDAP_OPT_X_TLS_CACERTFILE, authorities.c_str()) &&
                       SetNumber(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND) &&
                       SetNumber(ldap, LDAP_OPT_X_TLS_REQUIRE_SAN, LDAP_OPT_X_TLS_DEMAND) &&
                       SetNumber(ldap, LDAP_OPT_X_TLS_PROTOCOL_MIN, LDAP_OPT_X_TLS_PROTOCOL_TLS1_2);
  if (!all_set) {
    return Refused(ErrorCode::kInternal, "ldap: libldap does not take a TLS option of ours");
  }
  const int client = 0;
  if (ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &client) != LDAP_OPT_SUCCESS) {
    return Refused(ErrorCode::kUnavailable, "ldap: '" + authorities +
                                                "' holds no certificates that can be read; check "
                                                "ldap.ca_file");
  }
  return {};
}

Result<void> Connection::StartTls() {
  // L1: before this has succeeded, nothing else is sent; where it fails, the handle goes.
  const int code = ldap_start_tls_s(handle_->ldap, nullptr, nullptr);
  if (code == LDAP_SUCCESS) return {};
  return Failed("StartTLS with '" + uri_ + "'", code,
                "check that the server offers it, and its certificate against ldap.ca_file");
}

Result<void> Connection::Bind(const SecretString& password, Deadline deadline) {
  const bool is_anonymous = settings_.bind_dn.empty();
  if (is_anonymous && IsEncryptedScheme(uri_)) {
    return Refused(ErrorCode::kInvalidArgument, "ldap: '" + uri_ + "' needs ldap.bind.dn");
  }
  // L6: a name with an empty password is a success on servers that allow it, for any name at all.
  if (!is_anonymous && password.empty()) {
    return Refused(ErrorCode::kInvalidArgument,
                   "ldap: the bind password is empty; check "
                   "ldap.bind.password_file");
  }
  LDAP* const ldap = handle_->ldap;
  if (uri_.starts_with("ldap://") && ldap_tls_inplace(ldap) != 1) {
    return Refused(ErrorCode::kUnavailable, "ldap: '" + uri_ + "' is not encrypted");
  }
  // On ldaps:// and ldapi:// this also connects, so the watchdog's time is that of connecting.
  if (watched_.socket() >= 0) ArmUntil(deadline);
  berval secret{password.size(), const_cast<char*>(password.Reveal().data())};
  if (is_anonymous) secret = {0, const_cast<char*>("")};
  const int code = ldap_sasl_bind_s(ldap, settings_.bind_dn.c_str(), LDAP_SASL_SIMPLE, &secret,
                                    nullptr, nullptr, nullptr);
  watched_.Disarm();
  if (code == LDAP_SUCCESS && watched_.HasFired()) return Failed("'" + uri_ + "'", LDAP_TIMEOUT);
  if (code == LDAP_SUCCESS) return {};
  if (code == LDAP_SERVER_DOWN || code == LDAP_CONNECT_ERROR) {
    return Failed("'" + uri_ + "'", code,
                  "check ldap.uris, and its certificate against "
                  "ldap.ca_file");
  }
  return Failed("bind as '" + settings_.bind_dn + "'", code, "check ldap.bind.password_file");
}

Deadline Connection::ArmUntil(Deadline deadline) {
  const Deadline until = std::min(deadline, steady_clock::now() + settings_.operation_timeout);
  watched_.Arm(until);
  return until;
}

Error Connection::Refused(ErrorCode code, std::string message) {
  has_failed_ = true;
  watched_.Disarm();
  return {code, std::move(message)};
}

Error Connection::Failed(std::string_view what, int code, std::string_view hint) {
  const bool too_late = watched_.HasFired();
  was_lost_ = !too_late && (code == LDAP_SERVER_DOWN || code == LDAP_UNAVAILABLE);
  std::string message = "ldap: " + std::string(what) + " failed: ";
  message += too_late ? "no answer in time"
                      : ldap_err2string(code) + std::string(" (") + std::to_string(code) + ")";
  char* raw = nullptr;
  if (handle_->ldap != nullptr) {
    ldap_get_option(handle_->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &raw);
  }
  const Text diagnostic(raw);
  if (raw != nullptr && *raw != '\0') message += ", " + std::string(raw).substr(0, 200);
  if (!hint.empty()) message += "; " + std::string(hint);
  return Refused(too_late ? ErrorCode::kDeadlineExceeded : CodeOf(code), std::move(message));
}

Result<int> Connection::Send(const SearchRequest& request, Deadline deadline, void* page_control) {
  std::vector<char*> names;
  for (const std::string& name : request.attributes)
    names.push_back(const_cast<char*>(name.data()));
  names.push_back(nullptr);
  const int scope = request.scope == SearchScope::kBase ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE;
  LDAPControl* controls[] = {static_cast<LDAPControl*>(page_control), nullptr};
  timeval time = ToTimeval(TimeLeft(deadline));
  time.tv_sec = std::max<time_t>(1, time.tv_sec);
  // One more than what is taken, so that too many can be told from just enough.
  const int size_limit =
      page_control != nullptr ? LDAP_NO_LIMIT : static_cast<int>(request.maximum_entries) + 1;
  int message_id = 0;
  const int code =
      ldap_search_ext(handle_->ldap, request.base.c_str(), scope, request.filter.c_str(),
                      names.data(), 0, controls, nullptr, &time, size_limit, &message_id);
  if (code != LDAP_SUCCESS) return Failed("search below '" + request.base + "'", code);
  return message_id;
}

Result<void> Connection::Collect(int message_id, const SearchRequest& request, Deadline deadline,
                                 Collected& collected) {
  LDAP* const ldap = handle_->ldap;
  const std::string what = "search below '" + request.base + "'";
  while (true) {
    timeval time = ToTimeval(TimeLeft(deadline));
    LDAPMessage* raw = nullptr;
    const int type = ldap_result(ldap, message_id, LDAP_MSG_ONE, &time, &raw);
    const Message message(raw);
    if (type == 0) return Failed(what, LDAP_TIMEOUT);
    if (type == -1) {
      int code = LDAP_SERVER_DOWN;
      ldap_get_option(ldap, LDAP_OPT_RESULT_CODE, &code);
      return Failed(what, code == LDAP_SUCCESS ? LDAP_SERVER_DOWN : code);
    }
    if (type == LDAP_RES_SEARCH_ENTRY) {
      if (const auto added = collected.Add(ldap, raw); !added) {
        return Refused(added.error().code, added.error().message);
      }
      if (collected.visit == nullptr && collected.entries.size() > request.maximum_entries) {
        return Refused(ErrorCode::kResourceExhausted, "ldap: " + what + " found more than " +
                                                          std::to_string(request.maximum_entries) +
                                                          " entries");
      }
      if (collected.bytes > kMaximumAnswerBytes) {
        return Refused(ErrorCode::kResourceExhausted,
                       "ldap: the answer to a " + what + " is larger than 32 MiB");
      }
    }
    // L7: references to other servers (LDAP_RES_SEARCH_REFERENCE) are not followed: our password
    // would go where they say. Every search from the root of a domain brings some, for parts of the
    // forest that other servers hold; what is below the base here, is here.
    if (type != LDAP_RES_SEARCH_RESULT) continue;

    int code = LDAP_SUCCESS;
    LDAPControl** raw_controls = nullptr;
    const int parsed =
        ldap_parse_result(ldap, raw, &code, nullptr, nullptr, nullptr, &raw_controls, 0);
    const Controls controls(raw_controls);
    if (parsed != LDAP_SUCCESS) return Failed(what, parsed);
    if (code == LDAP_NO_SUCH_OBJECT && request.may_be_missing) return {};
    // L8: also a size, time or administrative limit is no answer.
    if (code == LDAP_SIZELIMIT_EXCEEDED) return Failed(what, code, kSizeLimitHint);
    if (code != LDAP_SUCCESS) return Failed(what, code);
    LDAPControl* const page = raw_controls == nullptr ? nullptr
                                                      : ldap_control_find(LDAP_CONTROL_PAGEDRESULTS,
                                                                          raw_controls, nullptr);
    if (page != nullptr) {
      ber_int_t estimate = 0;
      berval cookie{};
      if (ldap_parse_pageresponse_control(ldap, page, &estimate, &cookie) != LDAP_SUCCESS) {
        return Failed(what, LDAP_DECODING_ERROR);
      }
      const CPtr<char, ber_memfree> owner(cookie.bv_val);
      collected.page_cookie.assign(cookie.bv_val == nullptr ? "" : cookie.bv_val, cookie.bv_len);
    }
    return {};
  }
}

Result<std::vector<Entry>> Connection::Search(const SearchRequest& request, Deadline deadline) {
  auto answers = SearchAll({&request, 1}, deadline);
  if (!answers) return answers.error();
  return std::move(answers->front());
}

Result<std::vector<std::vector<Entry>>> Connection::SearchAll(
    std::span<const SearchRequest> requests, Deadline deadline) {
  const PipeSignalHeld held;
  std::vector<int> message_ids;
  std::vector<std::vector<Entry>> answers;
  size_t bytes = 0;
  while (answers.size() < requests.size()) {
    const Deadline until = ArmUntil(deadline);
    while (message_ids.size() < requests.size() &&
           message_ids.size() - answers.size() < kRequestsUnderWay) {
      const auto sent = Send(requests[message_ids.size()], until, nullptr);
      if (!sent) return sent.error();
      message_ids.push_back(*sent);
    }
    Collected collected;
    collected.bytes = bytes;
    const size_t next = answers.size();
    const auto done = Collect(message_ids[next], requests[next], until, collected);
    if (!done) return done.error();
    if (const auto whole = FetchRest(collected, until); !whole) return whole.error();
    bytes = collected.bytes;
    answers.push_back(std::move(collected.entries));
  }
  watched_.Disarm();
  if (watched_.HasFired()) return Failed("the search", LDAP_TIMEOUT);
  return answers;
}

// security.md L9: a part of the values must not pass for all of them. Ends, because every turn
// brings a value or is an error.
Result<void> Connection::FetchRest(Collected& collected, Deadline deadline) {
  for (const Collected::Part& part : collected.parts) {
    Entry& entry = collected.entries[part.entry];
    auto& values = entry.attributes[part.attribute];
    for (bool is_whole = false; !is_whole;) {
      if (values.size() > kMaximumMemberOfValues) {
        return Refused(ErrorCode::kResourceExhausted, "ldap: '" + entry.dn + "' has more than " +
                                                          std::to_string(kMaximumMemberOfValues) +
                                                          " values of " + part.attribute);
      }
      Collected next;
      next.bytes = collected.bytes;
      next.first_value = values.size();
      const auto fetched = FetchPart(entry.dn, part.attribute, deadline, next);
      if (!fetched) return fetched;
      collected.bytes = next.bytes;
      auto& more = next.entries.front().attributes[part.attribute];
      std::move(more.begin(), more.end(), std::back_inserter(values));
      is_whole = next.parts.empty();
    }
  }
  return {};
}

// Into `next`: one entry, with one value of `attribute` at least, from next.first_value on.
Result<void> Connection::FetchPart(const std::string& dn, const std::string& attribute,
                                   Deadline deadline, Collected& next) {
  const SearchRequest request{
      .base = dn,
      .scope = SearchScope::kBase,
      .filter = PresenceFilter("objectClass"),
      .attributes = {attribute + ";range=" + std::to_string(next.first_value) + "-*"},
      .maximum_entries = 1};
  const auto sent = Send(request, deadline, nullptr);
  if (!sent) return sent.error();
  if (const auto done = Collect(*sent, request, deadline, next); !done) return done;
  const bool is_there = next.entries.size() == 1 && next.entries.front().dn == dn &&
                        !ValuesOf(next.entries.front(), attribute).empty();
  if (is_there) return {};
  return Refused(ErrorCode::kInvalidArgument,
                 "ldap: the server did not send the rest of " + attribute + " of '" + dn + "'");
}

Result<void> Connection::ForEach(const SearchRequest& request,
                                 const std::function<bool(const Entry&)>& visit) {
  const PipeSignalHeld held;
  std::string cookie;
  do {
    berval raw_cookie{cookie.size(), cookie.data()};
    LDAPControl* raw = nullptr;
    // Not critical: a server without pages sends all at once.
    const int made = ldap_create_page_control(handle_->ldap, kPageSize, &raw_cookie, 0, &raw);
    if (made != LDAP_SUCCESS) return Failed("paged search", made);
    const Control page(raw);
    const Deadline until = ArmUntil(Deadline::max());
    const auto sent = Send(request, until, page.get());
    if (!sent) return sent.error();
    Collected collected;
    collected.visit = &visit;
    const auto done = Collect(*sent, request, until, collected);
    if (!done) return done;
    cookie = std::move(collected.page_cookie);
    if (collected.was_ended) has_failed_ = !cookie.empty();
    if (collected.was_ended) break;
  } while (!cookie.empty());
  watched_.Disarm();
  return {};
}

bool Connection::HasNewsWhileIdle() const {
  pollfd idle{watched_.socket(), POLLIN | POLLRDHUP, 0};
  return ::poll(&idle, 1, 0) != 0;
}

}  // namespace rolebridge::ldap
