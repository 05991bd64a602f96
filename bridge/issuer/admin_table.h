#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

#include "bridge/base/secret_string.h"
#include "bridge/issuer/current_service.h"
#include "bridge/issuer/state.h"

namespace rolebridge::issuer {

// The switch of the second socket: requests of protocol/admin.h to their replies. Safe to call from
// several threads.
class AdminTable {
 public:
  AdminTable(CurrentService& current, const State& state) : current_(current), state_(state) {}

  // `peer`: the uid of who asks. Nothing where the message is no request: the connection is to be
  // ended.
  std::optional<SecretString> Answer(std::string_view message, uid_t peer) const;

 private:
  CurrentService& current_;
  const State& state_;
};

}  // namespace rolebridge::issuer
