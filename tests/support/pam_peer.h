#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "bridge/base/channel.h"

namespace rolebridge::testing {

// Stands where rolebridge-pam listens and plays one script a connection, in the real protocol: for
// what a real PAM stack can't be made to do at a given moment. Real stacks are tried in tests/pam
// and tests/integration.
class PamPeer {
 public:
  // Plays the peer's side of one login; returning ends the connection.
  using Script = std::function<void(Channel&)>;

  explicit PamPeer(Script script);
  ~PamPeer();
  PamPeer(const PamPeer&) = delete;
  PamPeer& operator=(const PamPeer&) = delete;

  const std::string& path() const { return path_; }

 private:
  struct Login {
    UniqueFd connection;
    std::thread thread;
  };
  void Serve();

  const Script script_;
  std::string folder_;
  std::string path_;
  UniqueFd listener_;
  std::vector<Login> logins_;
  std::thread thread_;  // the only one to touch logins_ until it has ended
};

}  // namespace rolebridge::testing
