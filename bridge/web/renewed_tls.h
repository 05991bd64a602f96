#pragma once

#include <sys/types.h>

#include <array>
#include <ctime>
#include <string>
#include <utility>

#include "bridge/base/result.h"
#include "bridge/web/transport.h"

namespace rolebridge::web {

// Certificate and key that follow their files: whoever renews them writes the files and is done. A
// new pair serves the handshakes from then on; until the two files fit each other (one is written
// before the other) the old one does. For one thread.
class RenewedTls {
 public:
  // Errors: those of TlsContext::Create.
  static Result<RenewedTls> Create(TlsFiles files);

  const TlsContext& context() const { return context_; }

  // Reads the files where they are others than at the last look; logs what came of it.
  void LookOnce();

 private:
  // What tells one state of a file from another.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec changed{};  // its content, or who may read it
  };
  using Stamps = std::array<Stamp, 2>;

  RenewedTls(TlsFiles files, const Stamps& seen, TlsContext context)
      : files_(std::move(files)), seen_(seen), context_(std::move(context)) {}
  static Stamp StampOf(const std::string& path);
  static Stamps StampsOf(const TlsFiles& files);

  TlsFiles files_;
  Stamps seen_;
  TlsContext context_;
};

}  // namespace rolebridge::web
