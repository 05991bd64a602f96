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
  std::filesystem::remove_all(folder_);
}

void PamPeer::Serve() {
  while (true) {
    UniqueFd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) return;
    Channel channel(std::move(socket));
    script_(channel);
  }
}

}  // namespace rolebridge::testing
