#include "ldap/connection.h"

#include <poll.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "bridge/base/ascii.h"
#include "ldap/attribute_description.h"
#include "ldap/connection_handle.h"
#include "ldap/filter.h"
#include "ldap/pipe_signal_held.h"
#include "ldap/references.h"
#include "ldap/value_range.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr ber_int_t kPageSize = 500;
constexpr std::string_view kSizeLimitHint =
    "the server limits how many entries one may read; raise that for the bind account (OpenLDAP: "
    "limits, size.prtotal; Active Directory: MaxPageSize)";
constexpr size_t kRequestsUnderWay = 32;
constexpr size_t kMaximumReferences = 1000;
// Nobody's server needs as long for an answer that it gives at all.
constexpr milliseconds kFairTime{1000};

using Message = CPtr<LDAPMessage, ldap_msgfree>;
using Control = CPtr<LDAPControl, ldap_control_free>;
using Controls = CPtr<LDAPControl*, ldap_controls_free>;
struct FreeReferences {
  void operator()(char** urls) const { ber_memvfree(reinterpret_cast<void**>(urls)); }
};
using References = std::unique_ptr<char*, FreeReferences>;
struct FreeBer {
  void operator()(BerElement* ber) const { ber_free(ber, 0); }
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

}  // namespace

const std::vector<std::string>& ValuesOf(const Entry& entry, std::string_view attribute) {
  static const std::vector<std::string> kNone;
  const auto found = entry.attributes.find(AttributeKey(attribute));
  return found == entry.attributes.end() ? kNone : found->second;
}

// What comes together while one search is answered.
struct Connection::Collected {
  std::vector<Entry> entries;
  const std::function<bool(const Entry&)>* visit = nullptr;  // instead of `entries`
  bool was_ended = false;                                    // by `visit`
  size_t bytes = 0;
  size_t references = 0;
  bool is_malformed = false;  // an entry, so that it can't be read
  std::string page_cookie;    // not empty: there is another page

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
  const auto malformed = [this] {
    is_malformed = true;
    return Error{ErrorCode::kInvalidArgument, "ldap: the server sent a malformed entry"};
  };
  BerElement* raw_ber = nullptr;
  berval dn{};
  if (ldap_get_dn_ber(ldap, message, &raw_ber, &dn) != LDAP_SUCCESS) return malformed();
  const std::unique_ptr<BerElement, FreeBer> ber(raw_ber);
  Entry entry;
  entry.dn.assign(dn.bv_val, dn.bv_len);
  bytes += entry.dn.size();
  while (true) {
    berval name{};
    berval* raw_values = nullptr;
    const int code = ldap_get_attribute_ber(ldap, message, ber.get(), &name, &raw_values);
    const CPtr<berval, ber_memfree> owner(raw_values);
    if (code != LDAP_SUCCESS) return malformed();
    if (name.bv_val == nullptr) break;
    if (name.bv_len > kMaximumDescriptionBytes) return malformed();
    const std::string description = LowerAscii({name.bv_val, name.bv_len});
    const std::string attribute = AttributeKey(description);
    auto& values = entry.attributes[attribute];
    if (entry.attributes.size() > kMaximumAttributes) return malformed();
    const size_t before = values.size();
    for (berval* value = raw_values; value != nullptr && value->bv_val != nullptr; ++value) {
      values.emplace_back(value->bv_val, value->bv_len);
      bytes += value->bv_len;
    }
    const size_t bare = std::min(description.find(';'), description.size());
    const std::string_view options = std::string_view(description).substr(bare);
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

bool IsFairTime(steady_clock::duration given, const Settings& settings) {
  return given >= std::min({kFairTime, settings.connect_timeout, settings.operation_timeout});
}

Deadline Connection::ArmUntil(Deadline deadline) {
  const Deadline now = steady_clock::now();
  const Deadline until = std::min(deadline, now + settings_.operation_timeout);
  time_given_ = until - now;
  watched_.Arm(until);
  return until;
}

// The codes are those that a server gives, or libldap for it, whatever was asked.
bool Connection::IsServersFault(int code, bool too_late) const {
  if (too_late || code == LDAP_TIMEOUT) return IsFairTime(time_given_, settings_);
  switch (code) {
    case LDAP_SERVER_DOWN:
    case LDAP_CONNECT_ERROR:
    case LDAP_DECODING_ERROR:
    case LDAP_BUSY:
    case LDAP_UNAVAILABLE:
    case LDAP_TIMELIMIT_EXCEEDED:
    case LDAP_OTHER:
      return true;
    default:
      return false;
  }
}

Error Connection::Refused(ErrorCode code, std::string message) {
  has_failed_ = true;
  watched_.Disarm();
  return {code, std::move(message)};
}

Error Connection::Failed(std::string_view what, int code, std::string_view hint) {
  const bool too_late = watched_.HasFired();
  was_lost_ = !too_late && (code == LDAP_SERVER_DOWN || code == LDAP_UNAVAILABLE);
  has_server_failed_ = IsServersFault(code, too_late);
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
        has_server_failed_ = collected.is_malformed;
        return Refused(added.error().code, added.error().message);
      }
      if (collected.visit == nullptr && collected.entries.size() > request.maximum_entries) {
        return Refused(ErrorCode::kResourceExhausted, "ldap: " + what + " found more than " +
                                                          std::to_string(request.maximum_entries) +
                                                          " entries");
      }
    }
    if (type == LDAP_RES_SEARCH_REFERENCE && !request.may_be_partial) {
      if (const auto whole = CheckReference(raw, ++collected.references); !whole) return whole;
    }
    if (collected.bytes > kMaximumAnswerBytes) {
      return Refused(ErrorCode::kResourceExhausted,
                     "ldap: the answer to a " + what + " is larger than 32 MiB");
    }
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

// L7 and L8: what is elsewhere is not fetched, and an answer without it is not the whole.
Result<void> Connection::CheckReference(LDAPMessage* message, size_t count) {
  if (count > kMaximumReferences) {
    return Refused(ErrorCode::kInvalidArgument, "ldap: an answer refers to more than 1000 servers");
  }
  char** raw = nullptr;
  const int code = ldap_parse_reference(handle_->ldap, message, &raw, nullptr, 0);
  const References owner(raw);
  if (code != LDAP_SUCCESS) return Failed("a search", code);
  std::vector<std::string> urls;
  for (char** url = raw; url != nullptr && *url != nullptr; ++url) urls.emplace_back(*url);
  const auto missed = MissedPart(urls, settings_.ignored_references);
  if (!missed) return {};
  return Refused(ErrorCode::kInvalidArgument,
                 "ldap: an answer is not the whole: for a part of it the server refers to '" +
                     missed->substr(0, 200) +
                     "', where we do not go; choose bases without that part, or, where nobody in "
                     "it logs in by this bridge, name it in ldap.ignored_references");
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
