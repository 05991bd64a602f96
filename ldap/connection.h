#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "ldap/settings.h"
#include "ldap/tickets.h"
#include "ldap/watchdog.h"

struct ldapmsg;  // libldap's LDAPMessage

namespace rolebridge::ldap {

class Credentials;
class TlsContext;

enum class SearchScope { kBase, kSubtree };

struct SearchRequest {
  std::string base;
  SearchScope scope = SearchScope::kSubtree;
  std::string filter;  // made by ldap/filter.h
  std::vector<std::string> attributes;
  size_t maximum_entries = 1;
  bool may_be_partial = false;  // what the server refers to is left out, and that is no error
  bool may_be_missing = false;  // no entry at `base` is an empty answer, and no error
};

// An entry as the server sent it: names as AttributeKey, values as bytes.
struct Entry {
  std::string dn;
  std::map<std::string, std::vector<std::string>, std::less<>> attributes;
};

// The values of `attribute`, however its name is written; none where the entry lacks it.
const std::vector<std::string>& ValuesOf(const Entry& entry, std::string_view attribute);

// Whether a server that did not answer in the time given may be called dead for it.
bool IsFairTime(std::chrono::steady_clock::duration given, const Settings& settings);

// One LDAP handle, bound as the configured account; for one thread at a time (security.md L12).
//
// Every wait ends at its deadline: libldap's timeouts where they work, the watchdog where not (L4).
// After an error the connection must not be used again.
class Connection {
 public:
  // Connects to `uri`, sets TLS up (StartTLS on ldap://) and binds with `credentials`: connecting
  // may take the connect timeout for each address of the host, and the rest together once more as
  // long. What ldaprc files and the environment say does not count: each option is set on the
  // handle and read back (L2). Errors: kUnavailable and kDeadlineExceeded, with what to look at;
  // kInvalidArgument, an option was not taken.
  static Result<std::unique_ptr<Connection>> Open(const Settings& settings, const std::string& uri,
                                                  const Credentials& credentials,
                                                  Watchdog& watchdog, Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The entries that match, all of them, with all their values: of an attribute that comes in parts
  // (`;range=`, Active Directory's 1,500) the rest is fetched, up to kMaximumMemberOfValues.
  // Errors: kResourceExhausted, more than request.maximum_entries, or of those values;
  // kInvalidArgument, the answer is not the whole (size or administrative limit, referral, parts
  // that do not follow each other) or malformed; kUnavailable, the connection is lost or the server
  // refused; kDeadlineExceeded.
  Result<std::vector<Entry>> Search(const SearchRequest& request, Deadline deadline);

  // The same for several requests, which are under way together: one round trip and not hundreds.
  // Answers are in the order of the requests.
  Result<std::vector<std::vector<Entry>>> SearchAll(std::span<const SearchRequest> requests,
                                                    Deadline deadline);

  // Hands every entry to `visit`, page by page, each page within the operation timeout; without
  // bound on their number. An attribute that comes in parts is an error. False from `visit` ends
  // it, and the connection is not to be used again.
  Result<void> ForEach(const SearchRequest& request,
                       const std::function<bool(const Entry&)>& visit);

  // True where the last error was that of a connection which the other side had closed; then the
  // same on a new one is worth a try.
  bool was_lost() const { return was_lost_; }
  // True where the last error was the server's own: it was lost, hung, is busy or talked nonsense.
  // Another server may do better.
  bool has_server_failed() const { return has_server_failed_; }
  bool is_usable() const { return !has_failed_; }
  // True where the server has closed it, or talks unasked, while it lay idle.
  bool HasNewsWhileIdle() const;
  const std::string& uri() const { return uri_; }

 private:
  struct Handle;
  struct Collected;

  Connection(const Settings& settings, std::string uri, Watchdog& watchdog);
  Result<void> Prepare(const Credentials& credentials, Deadline deadline);
  Result<void> SetOptions();
  Result<void> SetTlsOptions(TlsContext& context);
  Result<void> Connect();
  Result<void> CheckTls();
  Result<void> GetTicket(const Credentials& credentials, Deadline deadline);
  Result<void> Bind(const Credentials& credentials);
  Result<void> CheckSimpleBind(const SecretString& password);
  int BindSimply(const SecretString& password);
  int BindExternally();
  int BindWithTicket(Tickets& tickets);
  int BindStepByStep(const Tickets::InUse& in_use);
  Result<int> Send(const SearchRequest& request, Deadline deadline, void* page_control);
  Result<void> CheckReference(ldapmsg* message, size_t count);
  Result<void> Collect(int message_id, const SearchRequest& request, Deadline deadline,
                       Collected& collected);
  Result<void> FetchRest(Collected& collected, Deadline deadline);
  Result<void> FetchPart(const std::string& dn, const std::string& attribute, Deadline deadline,
                         Collected& next);
  Error Failed(std::string_view what, int code, std::string_view hint = {});
  Error Refused(ErrorCode code, std::string message);
  bool IsServersFault(int code, bool too_late) const;
  Deadline ArmUntil(Deadline deadline);

  const Settings& settings_;
  const std::string uri_;
  Deadline open_deadline_{};
  Watchdog::Watched watched_;
  std::unique_ptr<Handle> handle_;
  bool has_failed_ = false;
  bool was_lost_ = false;
  bool has_server_failed_ = false;
  std::chrono::steady_clock::duration time_given_{};  // for the operation under way
};

}  // namespace rolebridge::ldap
