#include "pam/client.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace rolebridge::pam {
namespace {

// A message fits a socket's buffer, so a send waits only for a process that does not read.
constexpr std::chrono::milliseconds kSendPatience{1000};

Outcome Unavailable(const char* detail) {
  return {.verdict = Verdict::kUnavailable, .detail = detail};
}

}  // namespace

Result<Conversation> Conversation::Begin(const std::string& socket_path,
                                         const StartRequest& request, uid_t expected_uid) {
  const Result<SecretString> message = EncodeStart(request);
  if (!message) return message.error();
  Result<Channel> channel = Channel::Connect(socket_path);
  if (!channel) return Error{ErrorCode::kUnavailable, channel.error().message};
  // C1: a name and a secret go to root alone, whoever got to bind that path.
  const Result<uid_t> peer = PeerUid(channel->fd());
  if (!peer) return peer.error();
  if (*peer != expected_uid) {
    return Error{ErrorCode::kPermissionDenied, "'" + socket_path + "' is served by uid " +
                                                   std::to_string(*peer) + ", not by uid " +
                                                   std::to_string(expected_uid)};
  }
  const Result<void> sent = channel->Send(message->Reveal(), kSendPatience);
  if (!sent) return Error{ErrorCode::kUnavailable, sent.error().message};
  return Conversation(std::move(*channel));
}

std::optional<Step> Conversation::Poll(std::chrono::milliseconds patience) {
  if (outcome_) return Step{.outcome = outcome_};
  const Result<SecretString> message = channel_.Receive(kMaxMessageBytes, patience);
  if (message) return StepOf(message->Reveal());
  if (message.error().code == ErrorCode::kDeadlineExceeded) return std::nullopt;
  const bool is_gone = message.error().code == ErrorCode::kUnavailable;
  return End(Unavailable(is_gone ? "process_ended" : "protocol_error"));
}

Step Conversation::StepOf(std::string_view message) {
  // C4: while it waits for answers the process has nothing to say, except that it waited too long.
  if (TypeOf(message) == MessageType::kPrompts && answers_wanted_ == 0) {
    Result<std::vector<Prompt>> prompts = DecodePrompts(message);
    if (!prompts) return End(Unavailable("protocol_error"));
    answers_wanted_ = static_cast<size_t>(
        std::count_if(prompts->begin(), prompts->end(),
                      [](const Prompt& prompt) { return WantsAnswer(prompt.style); }));
    return Step{.prompts = std::move(*prompts)};
  }
  Result<Outcome> outcome = DecodeOutcome(message);
  if (!outcome) return End(Unavailable("protocol_error"));
  // An acceptance that came while the person was still being asked is nobody's acceptance.
  if (answers_wanted_ > 0 && outcome->verdict == Verdict::kAccepted) {
    return End(Unavailable("protocol_error"));
  }
  return End(std::move(*outcome));
}

Step Conversation::End(Outcome outcome) {
  channel_.Close();
  answers_wanted_ = 0;
  outcome_ = std::move(outcome);
  return Step{.outcome = outcome_};
}

Result<void> Conversation::Answer(std::vector<SecretString> answers) {
  if (outcome_) return Error{ErrorCode::kUnavailable, "the conversation has ended"};
  if (answers_wanted_ == 0 || answers.size() != answers_wanted_) {
    return Error{ErrorCode::kInvalidArgument, "got " + std::to_string(answers.size()) +
                                                  " answers; " + std::to_string(answers_wanted_) +
                                                  " are due"};
  }
  const Result<SecretString> message = EncodeAnswers(answers);
  if (!message) return message.error();
  answers_wanted_ = 0;
  const Result<void> sent = channel_.Send(message->Reveal(), kSendPatience);
  // Its last words may still wait for Poll, so this is not the end of the conversation yet.
  if (!sent) return Error{ErrorCode::kUnavailable, sent.error().message};
  return {};
}

}  // namespace rolebridge::pam
