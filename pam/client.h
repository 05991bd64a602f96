#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/base/channel.h"
#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "pam/protocol.h"

namespace rolebridge::pam {

// What a conversation is at: exactly one of the two.
struct Step {
  std::vector<Prompt> prompts;     // in order; kEchoOff and kEchoOn each want one answer
  std::optional<Outcome> outcome;  // the end
};

// One conversation with one rolebridge-pam process: the issuer's side. Closing it ends the process.
// Not safe to call from several threads at once.
class Conversation {
 public:
  // Connects to the socket of rolebridge-pam@ (the peer must be root, or `expected_uid`) and sends
  // `request`. Errors: kUnavailable, nobody listens there; kPermissionDenied, somebody else does;
  // kInvalidArgument, the request is not of the shape that protocol.h gives.
  static Result<Conversation> Begin(const std::string& socket_path, const StartRequest& request,
                                    uid_t expected_uid = 0);

  // The next step, or nothing while PAM is still busy (or the person has yet to answer) after
  // `patience`. A process that crashed, closed or broke the protocol is an outcome kUnavailable
  // with the detail "process_ended" or "protocol_error". After an outcome: that one again.
  std::optional<Step> Poll(std::chrono::milliseconds patience);

  // Answers the prompts of the last step: one secret for each kEchoOff and kEchoOn, in order.
  // Errors: kInvalidArgument, a wrong number of them, an empty one, one over 511 bytes or with a
  // NUL (nothing was sent, the person may be asked again); kUnavailable, the process is gone.
  Result<void> Answer(std::vector<SecretString> answers);

  // To wait for the next step beside others: readable means that Poll has one. -1 after the end.
  int fd() const { return channel_.fd(); }

 private:
  explicit Conversation(Channel channel) : channel_(std::move(channel)) {}
  Step StepOf(std::string_view message);
  Step End(Outcome outcome);

  Channel channel_;
  size_t answers_wanted_ = 0;
  std::optional<Outcome> outcome_;
};

}  // namespace rolebridge::pam
