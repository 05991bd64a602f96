#include "tests/support/pam_peer.h"

#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

namespace rolebridge::testing {

PamPeer::PamPeer(Script script) : script_(std::move(script)) {
  char folder[] = "/tmp/rolebridge-pam-peer-XXXXXX";
  folder_ = mkdtemp(folder);
  path_ = folder_ + "/pam.sock";
  listener_ = *ListenSeqpacket(path_, std::nullopt);
  thread_ = std::thread([this] { Serve(); });
}

PamPeer::~PamPeer() {
  shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
  for (Login& login : logins_) {
    shutdown(login.connection.get(), SHUT_RDWR);  // nobody waits for a login that nobody ends
    login.thread.join();
  }
  std::filesystem::remove_all(folder_);
}

void PamPeer::Serve() {
  while (true) {
    UniqueFd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) return;
    // A process each, as the real one: a login that waits keeps no other waiting.
    UniqueFd connection(dup(socket.get()));
    std::thread thread([this, end = std::move(socket), raw = connection.get()]() mutable {
      Channel channel(std::move(end));
      script_(channel);
      shutdown(raw, SHUT_RDWR);
    });
    logins_.push_back({std::move(connection), std::move(thread)});
  }
}

}  // namespace rolebridge::testing
