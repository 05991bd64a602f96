#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::issuer {

// The very same name and password again within a minute: a double click, or a client that retries
// in a loop (aws-saml.md 8.4). It costs one attempt, here and in the lock-out of a PAM module. Only
// keyed digests are kept, under a key of this process. Safe to call from several threads.
class RepeatedAttempts {
 public:
  enum class Standing {
    kNew,
    kUnderWay,  // asked a moment ago, and not answered yet
    kFailed,    // a moment ago; the answer would be the same
  };

  RepeatedAttempts(const Clock& clock, Random& random);

  // What is known of this attempt; a new one is under way from here on.
  Standing Begin(std::string_view username, const SecretString& secret, std::string& digest);
  void Fail(const std::string& digest);
  void Forget(const std::string& digest);

 private:
  struct Attempt {
    BootTime at{};
    bool has_failed = false;
  };

  const Clock& clock_;
  SecretString key_;
  std::mutex mutex_;
  std::map<std::string, Attempt> attempts_;
};

}  // namespace rolebridge::issuer
