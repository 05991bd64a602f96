#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::pam {

// What the issuer and one rolebridge-pam process say to each other. One connection is one login.
//
//   issuer                               rolebridge-pam (root, started for this connection)
//   kStart service, username, rhost  ->
//                                    <-  kPrompts                    any number of times; after one
//   kAnswers                         ->                              that asks, kAnswers comes next
//                                    <-  kOutcome                    the last message
//
// Transport: SOCK_SEQPACKET on a unix socket, a message a packet, in the bytes of base/wire.h: one
// byte of type, then the fields in the order in which they stand below. Each side checks the
// other's uid (SO_PEERCRED) before the first message (security.md C1). Turns: rolebridge-pam takes
// kStart as the first message, and kAnswers only after a kPrompts that asks. Anything else ends the
// process without an answer: an unknown type or version, a field above its bound, a byte too many,
// a descriptor passed along, a message out of turn (C2, C4). End: kOutcome, or the connection
// closes, which says as much as kUnavailable. The issuer closes to give up; the process ends then,
// whatever a module is busy with (P1).

inline constexpr uint32_t kProtocolVersion = 1;

// Of a whole message, in either direction (C2).
inline constexpr size_t kMaxMessageBytes = 20'480;

// Fields. A service is "rolebridge" or "rolebridge-" and more of [a-z0-9-]; a user name is that of
// security.md U1; an rhost is a numeric address.
inline constexpr uint32_t kMaxServiceBytes = 64;
inline constexpr uint32_t kMaxUsernameBytes = 64;
inline constexpr uint32_t kMaxRhostBytes = 45;
inline constexpr uint32_t kMaxDetailBytes = 64;

// A conversation (security.md section 3 and P9).
inline constexpr uint32_t kMaxPrompts = 32;               // in one kPrompts
inline constexpr uint32_t kMaxPromptBytes = 512;          // longer texts are cut
inline constexpr uint32_t kMaxAnswerBytes = 511;          // at least 1, no NUL
inline constexpr uint32_t kMaxAskingRounds = 8;           // kPrompts that want answers
inline constexpr uint32_t kMaxAskingRoundsOfChange = 24;  // where a new password may be turned down
inline constexpr uint32_t kMaxTellingRounds = 32;         // kPrompts that only tell

// How long rolebridge-pam waits; after that it ends.
struct Deadlines {
  std::chrono::milliseconds start{10'000};   // for kStart, and for the peer to take a message
  std::chrono::milliseconds answer{60'000};  // for the kAnswers of one kPrompts
  std::chrono::milliseconds login{180'000};  // for everything
};
// To think of a new password takes longer than to type an old one.
inline constexpr Deadlines kDeadlinesOfChange{
    .answer = std::chrono::seconds(120),
    .login = std::chrono::seconds(300),
};

// What PAM said in the end. A refusal is no error (house-style 4). The reason goes to the audit
// event only; the person sees one sentence for all of them.
enum class Verdict : uint8_t {
  kAccepted,
  kDenied,           // wrong secret, unknown user, or a module said no
  kAccountExpired,   // PAM_ACCT_EXPIRED
  kPasswordExpired,  // PAM_NEW_AUTHTOK_REQD, PAM_AUTHTOK_EXPIRED
  kAccountRefused,   // PAM_PERM_DENIED of acct_mgmt: locked, not allowed here or now
  kNotAPerson,       // root, a system account, a refused or malformed name: PAM was not asked, or
                     // ended on such a name
  kTooManyTries,     // PAM_MAXTRIES
  kUnavailable,   // a module or its server did not answer; the process crashed or ran out of time
  kPasswordKept,  // it has expired, and pam_chauthtok did not change it
  kLast = kPasswordKept
};

// "accepted", "account_expired" and so on, as it stands in logs.
std::string_view NameOf(Verdict verdict);

inline constexpr std::string_view kPasswordChanged = "password_changed";

enum class PromptStyle : uint8_t { kEchoOff, kEchoOn, kInfo, kError };  // pam_conv(3)

inline bool WantsAnswer(PromptStyle style) {
  return style == PromptStyle::kEchoOff || style == PromptStyle::kEchoOn;
}

struct Prompt {
  PromptStyle style = PromptStyle::kInfo;
  std::string text;  // untrusted: a module's; any bytes but NUL

  template <class Archive>
  void Fields(Archive& archive) {
    archive.Enum(style, PromptStyle::kError);
    archive.Text(text, kMaxPromptBytes);
  }
};

struct Outcome {
  Verdict verdict = Verdict::kUnavailable;
  std::string pam_user;         // the name PAM ended with; empty unless kAccepted
  std::optional<uint32_t> uid;  // of that name on this host, where it has one
  std::string detail;           // one word for what happened ("PAM_AUTH_ERR"), for the log;
                                // kPasswordChanged where it was, whatever the verdict

  template <class Archive>
  void Fields(Archive& archive) {
    archive.Enum(verdict, Verdict::kLast);
    archive.Text(pam_user, kMaxUsernameBytes);
    archive.OptionalNumber(uid, UINT32_MAX);
    archive.Text(detail, kMaxDetailBytes);
  }
};

struct StartRequest {
  std::string service;  // "rolebridge" or "rolebridge-..."
  std::string username;
  std::string rhost;  // numeric address of the client, PAM_RHOST

  template <class Archive>
  void Fields(Archive& archive) {
    archive.Text(service, kMaxServiceBytes);
    archive.Text(username, kMaxUsernameBytes);
    archive.Text(rhost, kMaxRhostBytes);
  }
};

enum class MessageType : uint8_t { kStart = 1, kAnswers = 2, kPrompts = 3, kOutcome = 4 };

// kStart is kProtocolVersion as a number, then StartRequest; kAnswers a list of secrets, kPrompts a
// list of Prompt, kOutcome an Outcome.
//
// Each Encode fails with kInvalidArgument where a field is above its bound or not of its shape;
// each Decode in addition where `message` is of another type, is cut or has a byte left over.
Result<SecretString> EncodeStart(const StartRequest& request);
Result<StartRequest> DecodeStart(std::string_view message);

// 1 to kMaxPrompts answers of 1 to kMaxAnswerBytes bytes without a NUL.
Result<SecretString> EncodeAnswers(std::vector<SecretString>& answers);
Result<std::vector<SecretString>> DecodeAnswers(std::string_view message);

// 1 to kMaxPrompts prompts.
Result<SecretString> EncodePrompts(std::vector<Prompt> prompts);
Result<std::vector<Prompt>> DecodePrompts(std::string_view message);

// Only kAccepted has a name (of U1's shape), and only with a name there is a uid.
Result<SecretString> EncodeOutcome(Outcome outcome);
Result<Outcome> DecodeOutcome(std::string_view message);

// The type byte of a message; nothing where there is none or it is unknown.
std::optional<MessageType> TypeOf(std::string_view message);

// P2: "rolebridge", or "rolebridge-" and at least one of [a-z0-9-].
bool IsServiceName(std::string_view text);
// U1: [A-Za-z0-9_][A-Za-z0-9._-]{0,63}.
bool IsUsername(std::string_view text);
// P6: an IPv4 or IPv6 address in digits, without a zone.
bool IsNumericAddress(std::string_view text);
// P9: 1 to kMaxAnswerBytes bytes, no NUL.
bool IsAnswer(std::string_view text);

}  // namespace rolebridge::pam
