#include "pam/conversation.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "pam/peer_watch.h"

namespace rolebridge::pam {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::optional<PromptStyle> StyleOf(int msg_style) {
  switch (msg_style) {
    case PAM_PROMPT_ECHO_OFF:
      return PromptStyle::kEchoOff;
    case PAM_PROMPT_ECHO_ON:
      return PromptStyle::kEchoOn;
    case PAM_TEXT_INFO:
      return PromptStyle::kInfo;
    case PAM_ERROR_MSG:
      return PromptStyle::kError;
    default:  // PAM_RADIO_TYPE and PAM_BINARY_PROMPT of Linux-PAM, and whatever comes next
      return std::nullopt;
  }
}

std::optional<Prompt> PromptOf(const pam_message* message) {
  if (message == nullptr) return std::nullopt;
  const std::optional<PromptStyle> style = StyleOf(message->msg_style);
  if (!style) return std::nullopt;
  const std::string_view text = message->msg == nullptr ? "" : message->msg;
  return Prompt{*style, std::string(CutText(text, kMaxPromptBytes))};
}

// pam_conv(3): an array with a reply for each message, null where the message wanted none.
pam_response* AllocateReplies(size_t count) {
  return static_cast<pam_response*>(std::calloc(count, sizeof(pam_response)));
}

char* MallocCopy(std::string_view text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) std::abort();
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

}  // namespace

std::string_view CutText(std::string_view text, size_t maximum) {
  if (text.size() <= maximum) return text;
  const auto is_continuation = [text](size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
  };
  size_t end = maximum;
  // A character has at most three continuation bytes; more of them is no UTF-8, and cut anywhere.
  while (end > 0 && maximum - end < 3 && is_continuation(end)) --end;
  return text.substr(0, is_continuation(end) ? maximum : end);
}

PromptRelay::PromptRelay(Channel& channel, const Deadlines& deadlines,
                         steady_clock::time_point login_end, uint32_t asking_rounds)
    : channel_(channel),
      deadlines_(deadlines),
      login_end_(login_end),
      asking_rounds_left_(asking_rounds) {}

pam_conv PromptRelay::AsPamConv() { return {OnModuleSpeaks, this}; }

int PromptRelay::Fail(RelayFailure failure) {
  if (!failure_) failure_ = failure;
  return PAM_CONV_ERR;
}

int PromptRelay::OnModuleSpeaks(int count, const pam_message** messages, pam_response** replies,
                                void* relay) {
  auto& self = *static_cast<PromptRelay*>(relay);
  if (self.failure_) return PAM_CONV_ERR;
  if (messages == nullptr || replies == nullptr || count <= 0) return PAM_CONV_ERR;
  if (count > static_cast<int>(kMaxPrompts)) return self.Fail(RelayFailure::kTooManyPrompts);
  std::vector<Prompt> prompts;
  for (int i = 0; i < count; ++i) {
    std::optional<Prompt> prompt = PromptOf(messages[i]);
    if (!prompt) return self.Fail(RelayFailure::kUnknownStyle);
    prompts.push_back(std::move(*prompt));
  }
  return self.Relay(prompts, replies);
}

int PromptRelay::Relay(const std::vector<Prompt>& prompts, pam_response** replies) {
  const auto due =
      static_cast<size_t>(std::count_if(prompts.begin(), prompts.end(), [](const Prompt& prompt) {
        return WantsAnswer(prompt.style);
      }));
  if (!CountRound(due)) {
    return Fail(due > 0 ? RelayFailure::kTooManyRounds : RelayFailure::kTooManyTexts);
  }
  std::optional<std::vector<SecretString>> answers;
  if (due > 0) {
    answers = Ask(prompts, due);
    if (!answers) return PAM_CONV_ERR;
  } else {
    const WatchPaused paused(channel_.fd());
    if (!Tell(prompts)) return PAM_CONV_ERR;
  }
  pam_response* array = AllocateReplies(prompts.size());
  if (array == nullptr) return PAM_BUF_ERR;
  size_t next = 0;
  for (size_t i = 0; i < prompts.size(); ++i) {
    if (!WantsAnswer(prompts[i].style)) continue;
    array[i].resp = MallocCopy((*answers)[next].Reveal());
    (*answers)[next++].Wipe();
  }
  *replies = array;
  return PAM_SUCCESS;
}

bool PromptRelay::CountRound(size_t answers_due) {
  uint32_t& left = answers_due > 0 ? asking_rounds_left_ : telling_rounds_left_;
  if (left == 0) return false;
  --left;
  return true;
}

bool PromptRelay::Tell(const std::vector<Prompt>& prompts) {
  const Result<SecretString> message = EncodePrompts(prompts);
  if (message && channel_.Send(message->Reveal(), deadlines_.start)) return true;
  Fail(RelayFailure::kPeerGone);
  return false;
}

std::optional<std::vector<SecretString>> PromptRelay::Ask(const std::vector<Prompt>& prompts,
                                                          size_t due) {
  // From before the question is sent: the answer may be here before we wait for it.
  ReplyDue reply_due(channel_.fd());
  if (!Tell(prompts)) return std::nullopt;
  return ReceiveAnswers(due, reply_due);
}

std::optional<std::vector<SecretString>> PromptRelay::ReceiveAnswers(size_t due,
                                                                     ReplyDue& reply_due) {
  const Result<SecretString> message = channel_.Receive(kMaxMessageBytes, AnswerPatience());
  if (!message) {
    const ErrorCode code = message.error().code;
    Fail(code == ErrorCode::kDeadlineExceeded ? RelayFailure::kAnswerDeadline
         : code == ErrorCode::kUnavailable    ? RelayFailure::kPeerGone
                                              : RelayFailure::kPeerBroke);
    return std::nullopt;
  }
  reply_due.Received();
  Result<std::vector<SecretString>> answers = DecodeAnswers(message->Reveal());
  if (!answers || answers->size() != due) {
    Fail(RelayFailure::kPeerBroke);
    return std::nullopt;
  }
  return std::move(*answers);
}

milliseconds PromptRelay::AnswerPatience() const {
  const auto left = std::chrono::ceil<milliseconds>(login_end_ - steady_clock::now());
  return std::clamp(left, milliseconds(0), deadlines_.answer);
}

}  // namespace rolebridge::pam
