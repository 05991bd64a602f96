#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/c_ptr.h"
#include "bridge/base/clock.h"
#include "bridge/base/limits.h"
#include "bridge/base/secret_string.h"
#include "bridge/store/throttle_table.h"

namespace rolebridge::issuer {

// Who tries to log in as whom. The name is canonical, and whether it exists plays no part.
struct LoginAttempt {
  std::string username;        // empty: one that nobody can have
  std::string client_address;  // numeric
  // Of the device token that came along and was ours for this very name; empty without. Failures of
  // strangers do not hold up a device on which the person has logged in before (security.md T3).
  std::string device;
};

// Failures of logins, counted per name (or name and device), address, network and node; beyond a
// limit of each, one try per pause, which doubles up to 15 minutes (for the node: a second,
// always). Nothing locks for good: a stranger can make somebody wait, and never shut them out; and
// who comes with a device of their own waits for nobody's failures but those. (security.md T1 to
// T4, T7)
//
// Counts stand in arrays of fixed size at places that a secret key decides, two for each, of which
// the lower count holds: no flood of names fills the memory or wipes a count. Each change is posted
// to the store, so that a restart forgets none. Safe to call from several threads.
class Throttle {
 public:
  // Errors: kUnavailable, the store can't be read.
  static Result<std::unique_ptr<Throttle>> Open(store::ThrottleTable table, const Limits& limits,
                                                const SecretString& key, const Clock& clock);

  // From now on, for what was counted already too.
  void SetLimits(const Limits& limits);

  // Before PAM is asked: counts the attempt as failed until it turns out otherwise, so that a
  // hundred at once are a hundred. Or how long to wait, and nothing is counted.
  std::optional<std::chrono::seconds> Reserve(const LoginAttempt& attempt);

  // It succeeded: the name's own count is cleared; the address and its network get back this one
  // attempt alone, since one own login must not launder a thousand guesses.
  void Succeed(const LoginAttempt& attempt);

  // PAM could not be asked: as if it had not been.
  void GiveBack(const LoginAttempt& attempt);

 private:
  enum class Kind : uint8_t { kName, kDevice, kAddress, kNetwork, kNode };
  struct Slot {
    uint32_t failures = 0;
    BootTime last{};
  };
  static constexpr size_t kKinds = 5;
  static constexpr size_t kPlaces = 2;
  // Slots for each place of a kind: several times what the node's limit lets through in a window,
  // so that hardly a key has others in both of its places.
  static constexpr size_t kSlots = 16'384;
  using Slots = CPtr<Slot[], std::free>;

  struct Bucket {
    Kind kind = Kind::kName;
    std::array<size_t, kPlaces> slots{};
    uint32_t limit = 0;
    bool holds_up = true;  // false: it is counted only
  };

  Throttle(store::ThrottleTable table, const Limits& limits, const SecretString& key,
           const Clock& clock);
  Result<void> Load();
  std::vector<Bucket> BucketsOf(const LoginAttempt& attempt) const;  // under mutex_
  Bucket BucketOf(Kind kind, const std::string& text, uint32_t limit, bool holds_up) const;
  Slot& SlotAt(Kind kind, size_t index) { return slots_.at(static_cast<size_t>(kind))[index]; }
  static BootTime AllowedAt(const Slot& slot, const Bucket& bucket, BootTime now);
  void Change(const Bucket& bucket, int by, bool clears);

  store::ThrottleTable table_;
  const SecretString& key_;
  const Clock& clock_;
  std::mutex mutex_;  // of what follows
  Limits limits_;
  std::array<Slots, kKinds> slots_;  // kPlaces * kSlots each
};

// The first `prefix4` bits of an IPv4 address or `prefix6` of an IPv6 one, whole bytes, as a text
// to compare. The text itself where it is no address.
std::string NetworkOf(const std::string& address, size_t prefix4, size_t prefix6);

}  // namespace rolebridge::issuer
