#pragma once

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/base/channel.h"
#include "pam/protocol.h"

namespace rolebridge::pam {

// The two ends of a connection between issuer and monitor.
struct SocketPair {
  SocketPair() : SocketPair(Create()) {}
  Channel monitor;
  Channel issuer;

 private:
  explicit SocketPair(std::pair<int, int> fds)
      : monitor(UniqueFd(fds.first)), issuer(UniqueFd(fds.second)) {}
  static std::pair<int, int> Create() {
    int fds[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) std::abort();
    return {fds[0], fds[1]};
  }
};

inline bool SendAnswers(Channel& channel, const std::vector<std::string>& texts) {
  std::vector<SecretString> answers;
  for (const std::string& text : texts) answers.emplace_back(text);
  const Result<SecretString> message = EncodeAnswers(answers);
  return message && channel.Send(message->Reveal(), std::chrono::seconds(5));
}

inline std::string ReceiveBytes(Channel& channel) {
  const auto message = channel.Receive(kMaxMessageBytes, std::chrono::seconds(20));
  return message ? std::string(message->Reveal()) : "";
}

}  // namespace rolebridge::pam
