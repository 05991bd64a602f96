#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "bridge/base/random.h"
#include "bridge/base/result.h"
#include "bridge/protocol/issuer_client.h"
#include "bridge/web/site.h"

namespace rolebridge::web {

// Asks for the settings until the issuer answers, at most for `patience`; logs that it waits.
// Errors: kDeadlineExceeded, it did not; kInvalidArgument, its settings can't be used.
Result<protocol::SettingsReply> AwaitSettings(protocol::IssuerApi& issuer, Random& random,
                                              std::chrono::milliseconds patience);

// Looks every few seconds whether the issuer has read another configuration, and then replaces the
// settings. What was bound at start (addresses, certificate, limits) stays until the next start.
class SettingsWatch {
 public:
  SettingsWatch(protocol::IssuerApi& issuer, CurrentSettings& settings, Random& random,
                std::chrono::milliseconds interval);

  // One look; what the thread does each time.
  void LookOnce();

 private:
  void Run(const std::stop_token& stop);

  protocol::IssuerApi& issuer_;
  CurrentSettings& settings_;
  Random& random_;
  const std::chrono::milliseconds interval_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace rolebridge::web
