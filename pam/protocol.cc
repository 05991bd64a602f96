#include "pam/protocol.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>
#include <utility>

#include "bridge/base/wire.h"

namespace rolebridge::pam {
namespace {

constexpr std::string_view kServicePrefix = "rolebridge";

struct StartMessage {
  uint32_t version = kProtocolVersion;
  StartRequest request;

  template <class Archive>
  void Fields(Archive& archive) {
    archive.Number(version, UINT32_MAX);
    request.Fields(archive);
  }
};

struct AnswersMessage {
  std::vector<SecretString> answers;

  template <class Archive>
  void Fields(Archive& archive) {
    archive.Secrets(answers, kMaxPrompts, kMaxAnswerBytes);
  }
};

struct PromptsMessage {
  std::vector<Prompt> prompts;

  template <class Archive>
  void Fields(Archive& archive) {
    archive.List(prompts, kMaxPrompts);
  }
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsWordByte(char c) { return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '_'; }

bool HasNul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

Error Malformed(const char* what) { return {ErrorCode::kInvalidArgument, what}; }

// A detail is one word out of ours or PAM's vocabulary, so no text of a module can ride in it (C6).
bool IsDetail(std::string_view text) { return std::all_of(text.begin(), text.end(), IsWordByte); }

bool IsWellFormed(const StartRequest& request) {
  return IsServiceName(request.service) && !HasNul(request.username) &&
         IsNumericAddress(request.rhost);
}

bool IsWellFormed(const std::vector<SecretString>& answers) {
  return !answers.empty() && std::all_of(answers.begin(), answers.end(), [](const auto& answer) {
    return IsAnswer(answer.Reveal());
  });
}

bool IsWellFormed(const std::vector<Prompt>& prompts) {
  return !prompts.empty() && std::none_of(prompts.begin(), prompts.end(),
                                          [](const Prompt& p) { return HasNul(p.text); });
}

bool IsWellFormed(const Outcome& outcome) {
  if (!IsDetail(outcome.detail)) return false;
  if (outcome.verdict == Verdict::kAccepted) return IsUsername(outcome.pam_user);
  return outcome.pam_user.empty() && !outcome.uid;
}

template <typename T>
Result<SecretString> Encode(MessageType type, T& message) {
  return EncodeMessage(static_cast<uint8_t>(type), message);
}

template <typename T>
Result<T> Decode(MessageType type, std::string_view message) {
  if (TypeOf(message) != type) return Malformed("not a message of the type that is due");
  return DecodeMessage<T>(message);
}

}  // namespace

std::string_view NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAccepted:
      return "accepted";
    case Verdict::kDenied:
      return "denied";
    case Verdict::kAccountExpired:
      return "account_expired";
    case Verdict::kPasswordExpired:
      return "password_expired";
    case Verdict::kPasswordKept:
      return "password_kept";
    case Verdict::kAccountRefused:
      return "account_refused";
    case Verdict::kNotAPerson:
      return "not_a_person";
    case Verdict::kTooManyTries:
      return "too_many_tries";
    case Verdict::kUnavailable:
      return "unavailable";
  }
  return "unknown";
}

Result<SecretString> EncodeStart(const StartRequest& request) {
  if (!IsWellFormed(request)) return Malformed("malformed service, user name or address");
  StartMessage message{.request = request};
  return Encode(MessageType::kStart, message);
}

Result<StartRequest> DecodeStart(std::string_view message) {
  Result<StartMessage> decoded = Decode<StartMessage>(MessageType::kStart, message);
  if (!decoded) return decoded.error();
  if (decoded->version != kProtocolVersion) return Malformed("another version of the protocol");
  if (!IsWellFormed(decoded->request)) return Malformed("malformed start request");
  return std::move(decoded->request);
}

Result<SecretString> EncodeAnswers(std::vector<SecretString>& answers) {
  if (!IsWellFormed(answers)) return Malformed("an answer is empty, too long or has a NUL");
  AnswersMessage message{std::move(answers)};
  Result<SecretString> bytes = Encode(MessageType::kAnswers, message);
  answers = std::move(message.answers);
  return bytes;
}

Result<std::vector<SecretString>> DecodeAnswers(std::string_view message) {
  Result<AnswersMessage> decoded = Decode<AnswersMessage>(MessageType::kAnswers, message);
  if (!decoded) return decoded.error();
  if (!IsWellFormed(decoded->answers)) return Malformed("malformed answers");
  return std::move(decoded->answers);
}

Result<SecretString> EncodePrompts(std::vector<Prompt> prompts) {
  if (!IsWellFormed(prompts)) return Malformed("no prompt, or one with a NUL");
  PromptsMessage message{std::move(prompts)};
  return Encode(MessageType::kPrompts, message);
}

Result<std::vector<Prompt>> DecodePrompts(std::string_view message) {
  Result<PromptsMessage> decoded = Decode<PromptsMessage>(MessageType::kPrompts, message);
  if (!decoded) return decoded.error();
  if (!IsWellFormed(decoded->prompts)) return Malformed("malformed prompts");
  return std::move(decoded->prompts);
}

Result<SecretString> EncodeOutcome(Outcome outcome) {
  if (!IsWellFormed(outcome)) return Malformed("an outcome that says two things");
  return Encode(MessageType::kOutcome, outcome);
}

Result<Outcome> DecodeOutcome(std::string_view message) {
  Result<Outcome> outcome = Decode<Outcome>(MessageType::kOutcome, message);
  if (outcome && !IsWellFormed(*outcome)) return Malformed("malformed outcome");
  return outcome;
}

std::optional<MessageType> TypeOf(std::string_view message) {
  if (message.empty()) return std::nullopt;
  const auto type = static_cast<uint8_t>(message.front());
  if (type < static_cast<uint8_t>(MessageType::kStart) ||
      type > static_cast<uint8_t>(MessageType::kOutcome)) {
    return std::nullopt;
  }
  return static_cast<MessageType>(type);
}

bool IsServiceName(std::string_view text) {
  if (text.size() > kMaxServiceBytes || !text.starts_with(kServicePrefix)) return false;
  if (text == kServicePrefix) return true;
  const std::string_view rest = text.substr(kServicePrefix.size());
  return rest.size() > 1 && rest.front() == '-' &&
         std::all_of(rest.begin(), rest.end(),
                     [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
}

bool IsUsername(std::string_view text) {
  return !text.empty() && text.size() <= kMaxUsernameBytes && IsWordByte(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsWordByte(c) || c == '.' || c == '-'; });
}

bool IsNumericAddress(std::string_view text) {
  if (text.size() > kMaxRhostBytes || HasNul(text)) return false;
  const std::string terminated(text);
  in6_addr address{};
  return inet_pton(AF_INET, terminated.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, terminated.c_str(), &address) == 1;
}

bool IsAnswer(std::string_view text) {
  return !text.empty() && text.size() <= kMaxAnswerBytes && !HasNul(text);
}

}  // namespace rolebridge::pam
