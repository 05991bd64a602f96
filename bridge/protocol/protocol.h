#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/base/limits.h"
#include "bridge/base/secret_string.h"
#include "bridge/base/wire.h"

// What rolebridge-web can ask rolebridge-issuer, whole: this header is the specification.
//
// Transport: SOCK_SEQPACKET at /run/rolebridge/issuer.sock, one message a packet, requests strictly
// one after the other on a connection; the issuer checks the peer's uid (SO_PEERCRED) on accept.
// Coding: base/wire.h. A message is one type byte (a RequestType) and the fields in the order in
// which Fields() lists them; a reply bears the type of its request, or kRefused and a Refusal.
// Sizes: requests up to 8 KiB (kAnswer 20 KiB), replies up to 64 KiB (kIssue 160 KiB). Anything
// longer, unknown, malformed or left over ends the connection (security.md C2, C4).
// Deadline: every reply comes within 15 s, kBeginLogin and kAnswer within 300 ms.
//
// There is no request to ask for "a response saying X": who the user is, where the response goes,
// and what it says are the issuer's to know (design.md, promise 1).
namespace rolebridge::protocol {

inline constexpr uint8_t kVersion = 1;

inline constexpr size_t kMaxRequest = 8 * 1024;
inline constexpr size_t kMaxAnswerRequest = 20 * 1024;
inline constexpr size_t kMaxReply = 64 * 1024;
inline constexpr size_t kMaxIssueReply = 160 * 1024;

inline constexpr uint32_t kIdLength = 64;  // session and conversation: 32 random bytes in hex
inline constexpr uint32_t kMaxUsername = 64;
inline constexpr uint32_t kMaxSecret = 511;  // libpam's helper path cuts at 512
inline constexpr uint32_t kMaxPrompts = 32;
inline constexpr uint32_t kMaxText = 512;
inline constexpr uint32_t kMaxLabel = 200;  // names of applications and accounts
inline constexpr uint32_t kMaxUrl = 2048;

enum class RequestType : uint8_t {
  kSettings = 1,
  kBeginLogin,
  kAnswer,
  kDescribe,
  kIssue,
  kEndSession,
  kMetadata,
  kStatus,
  kMetrics,
  kRefused = 0xff,  // in replies only
};

// Stands first in every request: it is about this very request of a browser, and goes to the log
// and the audit record.
struct Context {
  uint8_t version = kVersion;
  std::string request_id;      // 16 hexadecimal digits, made by web
  std::string client_address;  // numeric; believed only as far as web is
  std::string user_agent;
  template <class A>
  void Fields(A& archive) {
    archive.Byte(version);
    archive.Text(request_id, 16);
    archive.Text(client_address, 64);
    archive.Text(user_agent, 120);
  }
};

// Why there is no answer. The person sees a page by class; the reason in full is in the audit event
// under the request id.
enum class Reason : uint8_t {
  kMalformed,            // a bug of web's, or an attack: the connection is closed after it
  kNoSession,            // unknown, ended or expired: log in
  kUnknownConversation,  // ended, timed out, or never there: log in again
  kTooManyLogins,        // all places for conversations are taken: try again soon
  kUnknownApplication,
  kNotEntitled,           // no entry in the directory, or nothing there opens this application
  kRoleNotYours,          // the role asked for is not among the person's
  kPolicy,                // a policy refuses; `detail` is its message
  kNeedsLevel,            // it would not at `level`: the person can prove that (BeginLoginRequest)
  kAccountState,          // disabled, locked or expired in the directory
  kDirectoryUnavailable,  // or too slow
  kClock,                 // not synchronised, or it jumped: nothing is issued
  kAwsRules,              // AWS would refuse this response; `detail` names rule and mapping line
  kTooManyResponses,      // per session or per node
  kUnavailable,           // the PAM process, or something else that may come back
  kLast = kUnavailable,
};

struct Refusal {
  Reason reason = Reason::kUnavailable;
  std::string detail;  // only words of the configuration: a policy's message, a mapping's place
  std::string level;   // with kNeedsLevel: the name of a level of assurance
  template <class A>
  void Fields(A& archive) {
    archive.Enum(reason, Reason::kLast);
    archive.Text(detail, 1024);
    archive.Text(level, 64);
  }
};

// ---- settings: what web needs to know of the configuration, no secret but its own keys ----------

struct SettingsRequest {
  Context context;
  template <class A>
  void Fields(A& archive) {
    context.Fields(archive);
  }
};

struct ApplicationSettings {
  std::string slug;
  std::string name;
  std::vector<std::string> acs_urls;
  std::vector<std::string> form_origins;  // where the ACS redirects to, for form-action (B5)
  std::string sign_out_url;               // of the application itself; may be empty
  template <class A>
  void Fields(A& archive) {
    archive.Text(slug, 32);
    archive.Text(name, kMaxLabel);
    archive.Texts(acs_urls, 32, kMaxUrl);
    archive.Texts(form_origins, 32, 256);
    archive.Text(sign_out_url, kMaxUrl);
  }
};

struct SettingsReply {
  std::string url;              // public, without a trailing slash: "https://sso.example.org"
  std::string listen;           // "[::]:443", "127.0.0.1:8443"
  std::string status_listen;    // loopback, for /healthz and /readyz; may be empty
  std::string tls_certificate;  // path; web reads it itself, and the key, which issuer can't
  std::string tls_key;          // path
  std::vector<std::string> trusted_proxies;  // addresses and networks in CIDR notation
  std::string site_name;                     // in titles: "Example GmbH"; may be empty
  std::string help_contact;          // whom to ask, in words of the administrator; may be empty
  std::vector<std::string> banners;  // shown on each page: "Demo: the clock is not checked"
  uint32_t session_lifetime = 0;     // seconds
  std::vector<SecretString> sealing_keys;  // 32 bytes each; the first seals, all open
  std::vector<ApplicationSettings> applications;
  std::string config_hash;  // SHA-256 in hex
  Limits limits;
  template <class A>
  void Fields(A& archive) {
    archive.Text(url, kMaxUrl);
    archive.Text(listen, 256);
    archive.Text(status_listen, 256);
    archive.Text(tls_certificate, 1024);
    archive.Text(tls_key, 1024);
    archive.Texts(trusted_proxies, 256, 64);
    archive.Text(site_name, kMaxLabel);
    archive.Text(help_contact, 256);
    archive.Texts(banners, 8, 256);
    archive.Number(session_lifetime, 7 * 86'400);
    archive.Secrets(sealing_keys, 2, 32);
    archive.List(applications, 256);
    archive.Text(config_hash, 64);
    for (const LimitRow& row : kLimitRows) archive.Number(limits.*row.member, row.ceiling);
  }
};

// ---- begin_login, answer: one PAM conversation, relayed
// ------------------------------------------

enum class PromptStyle : uint8_t { kEchoOff, kEchoOn, kInfo, kError, kLast = kError };

struct Prompt {
  PromptStyle style = PromptStyle::kInfo;
  std::string text;  // a PAM module's words: untrusted
  template <class A>
  void Fields(A& archive) {
    archive.Enum(style, PromptStyle::kLast);
    archive.Text(text, kMaxText);
  }
};

// The first secret answers only the first echo-off prompt with nothing asked before it; else it is
// wiped and the person is asked.
//
// With `level`, the person of `session` proves that one too (step-up); `username` and the first
// secret are empty then, since who it is and has to remain is known. It ends in a new session.
struct BeginLoginRequest {
  Context context;
  std::string username;
  SecretString first_secret;  // may be empty: then PAM's first prompt comes back
  std::string device;         // of an earlier login's reply, kept by this browser; may be empty
  std::string level;          // empty: a login
  SecretString session;       // with `level`
  template <class A>
  void Fields(A& archive) {
    context.Fields(archive);
    archive.Text(username, 256);  // longer than a name may be, so that refusing it is the issuer's
    archive.Secret(first_secret, kMaxSecret);
    archive.Text(device, kIdLength);
    archive.Text(level, 64);
    archive.Secret(session, kIdLength);
  }
};

struct AnswerRequest {
  Context context;
  std::string conversation;
  std::vector<SecretString> answers;  // one for each echo prompt, in order; none: asking again
  template <class A>
  void Fields(A& archive) {
    context.Fields(archive);
    archive.Text(conversation, kIdLength);
    archive.Secrets(answers, kMaxPrompts, kMaxSecret);
  }
};

enum class LoginState : uint8_t {
  kPrompts,          // `prompts` want answers
  kWorking,          // PAM is busy: ask again with kAnswer and no answers; `prompts` only tell
  kLoggedIn,         // `session` is the new session
  kFailed,           // one sentence for all causes
  kThrottled,        // PAM was not asked: try again after `wait_seconds`
  kPasswordExpired,  // right, and too old: the person must know that to mend it
  kUnavailable,      // PAM or a server behind it does not answer
  kPasswordKept,     // expired, and the person did not get it changed
  kLast = kPasswordKept,
};

struct LoginReply {
  LoginState state = LoginState::kFailed;
  std::string conversation;  // while kPrompts or kWorking
  std::vector<Prompt> prompts;
  SecretString session;       // kIdLength characters, with kLoggedIn
  std::string device;         // kIdLength characters, with kLoggedIn: for the next login's request
  uint32_t wait_seconds = 0;  // with kThrottled
  // The front keeps the answer to the person for that long (T6): the same for every refusal.
  uint32_t hold_milliseconds = 0;
  template <class A>
  void Fields(A& archive) {
    archive.Enum(state, LoginState::kLast);
    archive.Text(conversation, kIdLength);
    archive.List(prompts, kMaxPrompts);
    archive.Secret(session, kIdLength);
    archive.Text(device, kIdLength);
    archive.Number(wait_seconds, 3'600);
    archive.Number(hold_milliseconds, 60'000);
  }
};

// ---- describe: what is open to this person
// -------------------------------------------------------

struct DescribeRequest {
  Context context;
  SecretString session;
  std::string application;  // one slug, or empty for all
  uint32_t first_role = 0;  // paging: how many roles to leave out (over all applications in order)
  bool with_reasons = false;  // also what is withheld, and why each is as it is
  template <class A>
  void Fields(A& archive) {
    context.Fields(archive);
    archive.Secret(session, kIdLength);
    archive.Text(application, 32);
    archive.Number(first_role, 100'000);
    archive.Bool(with_reasons);
  }
};

struct DescribedRole {
  std::string role_arn;      // what `issue` takes
  std::string account_id;    // 12 digits
  std::string account_name;  // of `accounts:`; empty where there is none
  std::string role_name;
  std::string source;    // with reasons: "group 'ops': aws_role"
  std::string withheld;  // with reasons: what a policy says to the person; empty: the role is open
  std::string level;     // the level of assurance that opens it; empty: it needs no other
  template <class A>
  void Fields(A& archive) {
    archive.Text(role_arn, 2048);
    archive.Text(account_id, 12);
    archive.Text(account_name, kMaxLabel);
    archive.Text(role_name, 64);
    archive.Text(source, kMaxText);
    archive.Text(withheld, kMaxText);
    archive.Text(level, 64);
  }
};

struct DescribedApplication {
  std::string slug;
  std::string name;
  bool has_roles = false;            // false: not AWS; `all` is the only choice
  std::string withheld;              // with reasons: why the person may not use it; empty: they may
  std::string level;                 // the level that opens it, where that is all it needs
  std::vector<DescribedRole> roles;  // sorted by account name, account, role
  template <class A>
  void Fields(A& archive) {
    archive.Text(slug, 32);
    archive.Text(name, kMaxLabel);
    archive.Bool(has_roles);
    archive.Text(withheld, kMaxText);
    archive.Text(level, 64);
    archive.List(roles, 5000);
  }
};

struct DescribeReply {
  std::string username;
  std::string display_name;  // user attribute full_name, else the name; untrusted
  uint32_t expires_in = 0;   // seconds until the session ends
  std::vector<DescribedApplication> applications;
  std::optional<uint32_t> next_role;  // where there are more: ask again with this first_role
  template <class A>
  void Fields(A& archive) {
    archive.Text(username, kMaxUsername);
    archive.Text(display_name, 256);
    archive.Number(expires_in, 7 * 86'400);
    archive.List(applications, 256);
    archive.OptionalNumber(next_role, 100'000);
  }
};

// ---- issue: one signed response
// ------------------------------------------------------------------

// How the contexts of a RequestedAuthnContext are meant.
enum class Comparison : uint8_t { kExact, kMinimum, kMaximum, kBetter, kLast = kBetter };

// What saml/authn_request read out of a relying party's request; the issuer compares it with its
// own configuration and believes none of it.
struct RequestFacts {
  bool present = false;
  std::string id;       // an NCName; becomes InResponseTo
  std::string issuer;   // who asks
  std::string acs_url;  // may be empty
  bool force_authn = false;
  bool is_passive = false;
  std::vector<std::string> contexts;  // AuthnContextClassRefs that are asked for; none: any
  Comparison comparison = Comparison::kExact;
  template <class A>
  void Fields(A& archive) {
    archive.Bool(present);
    archive.Text(id, 128);
    archive.Text(issuer, 1024);
    archive.Text(acs_url, 1024);
    archive.Bool(force_authn);
    archive.Bool(is_passive);
    archive.Texts(contexts, 16, 128);
    archive.Enum(comparison, Comparison::kLast);
  }
};

struct IssueRequest {
  Context context;
  SecretString session;
  std::string application;  // slug
  std::string role;         // a role ARN that `describe` named, or "all"
  RequestFacts request;
  std::string relay_state;  // towards the application: a deep link of ours, or what it sent
  template <class A>
  void Fields(A& archive) {
    context.Fields(archive);
    archive.Secret(session, kIdLength);
    archive.Text(application, 32);
    archive.Text(role, 1024);
    request.Fields(archive);
    archive.Text(relay_state, 1024);
  }
};

struct IssueReply {
  std::string acs_url;
  SecretString saml_response;  // base64 on one line, at most 95,000 characters; a bearer secret
  std::string relay_state;     // empty where there was none, or it was not allowed
  template <class A>
  void Fields(A& archive) {
    archive.Text(acs_url, kMaxUrl);
    archive.Secret(saml_response, 100'000);
    archive.Text(relay_state, 1024);
  }
};

// ---- end_session, metadata, status, metrics
// ---------------------------------------------------------------

struct EndSessionRequest {
  Context context;
  SecretString session;
  template <class A>
  void Fields(A& archive) {
    context.Fields(archive);
    archive.Secret(session, kIdLength);
  }
};

struct EndSessionReply {
  bool ended = false;
  template <class A>
  void Fields(A& archive) {
    archive.Bool(ended);
  }
};

struct MetadataRequest {
  Context context;
  std::string application;
  template <class A>
  void Fields(A& archive) {
    context.Fields(archive);
    archive.Text(application, 32);
  }
};

struct MetadataReply {
  std::string document;  // XML in UTF-8
  template <class A>
  void Fields(A& archive) {
    archive.Text(document, 60 * 1024);
  }
};

struct StatusRequest {
  Context context;
  template <class A>
  void Fields(A& archive) {
    context.Fields(archive);
  }
};

// No name, address or role is in it (X2).
struct StatusReply {
  bool ready = false;
  std::string why_not;  // a stable word: "clock", "certificate", "store", "pam", "directory"
  std::string config_hash;
  template <class A>
  void Fields(A& archive) {
    archive.Bool(ready);
    archive.Text(why_not, 64);
    archive.Text(config_hash, 64);
  }
};

struct MetricsRequest {
  Context context;
  template <class A>
  void Fields(A& archive) {
    context.Fields(archive);
  }
};

struct MetricsReply {
  std::string text;  // in Prometheus's text format; nothing of a person in it (X2)
  template <class A>
  void Fields(A& archive) {
    archive.Text(text, 60 * 1024);
  }
};

}  // namespace rolebridge::protocol
