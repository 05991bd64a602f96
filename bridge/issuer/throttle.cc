#include "bridge/issuer/throttle.h"

#include <algorithm>
#include <new>
#include <span>
#include <type_traits>

#include "bridge/base/random.h"
#include "bridge/crypto/crypto.h"
#include "bridge/mapping/network.h"

namespace rolebridge::issuer {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kWindow = minutes(15);  // failures older than that count no more
constexpr auto kLongestPause = minutes(15);
constexpr auto kFirstPause = seconds(30);
constexpr auto kNodePause = seconds(1);

// After the last failure that is free, each doubles the wait.
seconds PauseAfter(uint32_t beyond) {
  seconds pause = kFirstPause;
  for (uint32_t i = 0; i < beyond && pause < kLongestPause; ++i) pause *= 2;
  return std::min<seconds>(pause, kLongestPause);
}

}  // namespace

std::string NetworkOf(const std::string& address, size_t prefix4, size_t prefix6) {
  const std::optional<mapping::Address> parsed = mapping::Address::Parse(address);
  if (!parsed) return address;
  const std::span<const unsigned char> bytes(parsed->bytes);
  return parsed->is_v4 ? "4/" + ToHex(bytes.first(prefix4 / 8))
                       : "6/" + ToHex(bytes.first(prefix6 / 8));
}

Throttle::Throttle(store::ThrottleTable table, const Limits& limits, const SecretString& key,
                   const Clock& clock)
    : table_(table), key_(key), clock_(clock), limits_(limits) {
  // Zeros of the kernel's, which take no memory until somebody fails: 2.5 MB for most of the time.
  static_assert(std::is_trivially_destructible_v<Slot> && std::is_aggregate_v<Slot>);
  for (Slots& slots : slots_) {
    slots.reset(static_cast<Slot*>(std::calloc(kPlaces * kSlots, sizeof(Slot))));
    if (!slots) throw std::bad_alloc();
  }
}

Result<std::unique_ptr<Throttle>> Throttle::Open(store::ThrottleTable table, const Limits& limits,
                                                 const SecretString& key, const Clock& clock) {
  std::unique_ptr<Throttle> throttle(new Throttle(table, limits, key, clock));
  if (Result<void> loaded = throttle->Load(); !loaded) return loaded.error();
  return throttle;
}

Result<void> Throttle::Load() {
  return table_.ForEach([this](const store::ThrottleCount& count) {
    if (count.kind >= kKinds || count.slot >= kPlaces * kSlots) return;
    // A clock that was set back meanwhile makes nobody wait longer than one that was not.
    const seconds age = std::max(clock_.Now() - count.last, seconds(0));
    slots_.at(count.kind)[count.slot] = {count.failures, clock_.SinceBoot() - age};
  });
}

void Throttle::SetLimits(const Limits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

std::optional<seconds> Throttle::Reserve(const LoginAttempt& attempt) {
  const std::lock_guard lock(mutex_);
  const std::vector<Bucket> buckets = BucketsOf(attempt);
  const BootTime now = clock_.SinceBoot();
  BootTime allowed = now;
  for (const Bucket& bucket : buckets) {
    if (!bucket.holds_up) continue;
    // Others may share one of its places, hardly both: the sooner one is nearer to the truth.
    BootTime sooner = BootTime::max();
    for (const size_t index : bucket.slots) {
      sooner = std::min(sooner, AllowedAt(SlotAt(bucket.kind, index), bucket, now));
    }
    allowed = std::max(allowed, sooner);
  }
  if (allowed > now) return std::chrono::ceil<seconds>(allowed - now);
  for (const Bucket& bucket : buckets) Change(bucket, 1, false);
  return std::nullopt;
}

void Throttle::Succeed(const LoginAttempt& attempt) {
  const std::lock_guard lock(mutex_);
  for (const Bucket& bucket : BucketsOf(attempt)) {
    Change(bucket, -1, bucket.kind == Kind::kName || bucket.kind == Kind::kDevice);
  }
}

void Throttle::GiveBack(const LoginAttempt& attempt) {
  const std::lock_guard lock(mutex_);
  for (const Bucket& bucket : BucketsOf(attempt)) Change(bucket, -1, false);
}

std::vector<Throttle::Bucket> Throttle::BucketsOf(const LoginAttempt& attempt) const {
  const bool is_stranger = attempt.device.empty();
  std::vector<Bucket> buckets = {
      BucketOf(Kind::kAddress, NetworkOf(attempt.client_address, 32, 64),
               limits_.login_failures_per_address, is_stranger),
      BucketOf(Kind::kNetwork, NetworkOf(attempt.client_address, 24, 48),
               limits_.login_failures_per_network, is_stranger),
      BucketOf(Kind::kNode, "", limits_.login_failures_per_node, is_stranger)};
  if (!is_stranger) {
    buckets.push_back(BucketOf(Kind::kDevice, attempt.username + " " + attempt.device,
                               limits_.login_failures_per_name, true));
  } else if (!attempt.username.empty()) {
    buckets.push_back(
        BucketOf(Kind::kName, attempt.username, limits_.login_failures_per_name, true));
  }
  return buckets;
}

Throttle::Bucket Throttle::BucketOf(Kind kind, const std::string& text, uint32_t limit,
                                    bool holds_up) const {
  const auto number = static_cast<size_t>(kind);
  const std::string digest =
      crypto::HmacSha256(key_, static_cast<char>('0' + number) + (" " + text));
  Bucket bucket{.kind = kind, .slots = {}, .limit = limit, .holds_up = holds_up};
  for (size_t place = 0; place < kPlaces; ++place) {
    size_t hash = 0;
    for (size_t i = 0; i < 4; ++i) {
      hash = hash << 8U | static_cast<unsigned char>(digest[4 * place + i]);
    }
    bucket.slots.at(place) = place * kSlots + hash % kSlots;
  }
  return bucket;
}

BootTime Throttle::AllowedAt(const Slot& slot, const Bucket& bucket, BootTime now) {
  if (slot.failures < bucket.limit || now - slot.last >= kWindow) return now;
  // Growing, this one would let strangers shut the door for everybody.
  if (bucket.kind == Kind::kNode) return slot.last + kNodePause;
  return slot.last + PauseAfter(slot.failures - bucket.limit);
}

void Throttle::Change(const Bucket& bucket, int by, bool clears) {
  const BootTime now = clock_.SinceBoot();
  for (const size_t index : bucket.slots) {
    Slot& slot = SlotAt(bucket.kind, index);
    if (now - slot.last >= kWindow) slot.failures = 0;
    if (by > 0) {
      ++slot.failures;
      slot.last = now;
    } else if (slot.failures > 0) {
      slot.failures = clears ? 0 : slot.failures - 1;
    }
    table_.Save({.kind = static_cast<uint32_t>(bucket.kind),
                 .slot = static_cast<uint32_t>(index),
                 .failures = slot.failures,
                 .last = clock_.Now() - std::chrono::ceil<seconds>(now - slot.last)});
  }
}

}  // namespace rolebridge::issuer
