#pragma once

#include <security/pam_appl.h>

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "bridge/base/channel.h"
#include "bridge/base/secret_string.h"
#include "pam/peer_watch.h"
#include "pam/protocol.h"

namespace rolebridge::pam {

// Why a conversation ended early. After one of these every further call of a module fails, and the
// login is not accepted whatever PAM says then.
enum class RelayFailure : uint8_t {
  kPeerGone,        // the issuer closed, or does not read
  kPeerBroke,       // its message was no set of answers that was due: end without an answer (C4)
  kAnswerDeadline,  // nobody answered in time
  kTooManyPrompts,  // a module asked more than 32 things at once
  kTooManyRounds,   // a module asked too often
  kTooManyTexts,    // a module told too much
  kUnknownStyle,    // a module asked in a style that is neither of the four
};

// The pam_conv of one login: passes what modules say to the issuer and brings its answers
// (security.md P9). Texts over 512 bytes are cut at the start of a UTF-8 character.
//
// Replies are from malloc, as pam_conv(3) wants, and belong to the module; our own copies are
// wiped before the call returns (P10).
class PromptRelay {
 public:
  // `login_end` bounds all answers together, `asking_rounds` how often a module may ask. All live
  // longer than the transaction.
  PromptRelay(Channel& channel, const Deadlines& deadlines,
              std::chrono::steady_clock::time_point login_end, uint32_t asking_rounds);
  PromptRelay(const PromptRelay&) = delete;
  PromptRelay& operator=(const PromptRelay&) = delete;

  pam_conv AsPamConv();
  std::optional<RelayFailure> failure() const { return failure_; }

 private:
  static int OnModuleSpeaks(int count, const pam_message** messages, pam_response** replies,
                            void* relay);
  int Relay(const std::vector<Prompt>& prompts, pam_response** replies);
  bool CountRound(size_t answers_due);
  std::optional<std::vector<SecretString>> Ask(const std::vector<Prompt>& prompts, size_t due);
  bool Tell(const std::vector<Prompt>& prompts);
  std::optional<std::vector<SecretString>> ReceiveAnswers(size_t due, ReplyDue& reply_due);
  std::chrono::milliseconds AnswerPatience() const;
  int Fail(RelayFailure failure);

  Channel& channel_;
  const Deadlines& deadlines_;
  const std::chrono::steady_clock::time_point login_end_;
  uint32_t asking_rounds_left_;
  uint32_t telling_rounds_left_ = kMaxTellingRounds;
  std::optional<RelayFailure> failure_;
};

// At most `maximum` bytes of `text`, cut where a UTF-8 character starts.
std::string_view CutText(std::string_view text, size_t maximum);

}  // namespace rolebridge::pam
