#include "bridge/issuer/throttle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <span>

#include "bridge/base/random.h"
#include "bridge/crypto/crypto.h"

namespace rolebridge::issuer {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kWindow = minutes(15);  // failures older than that count no more
constexpr auto kLongestPause = minutes(15);
constexpr auto kFirstPause = seconds(30);
constexpr auto kNodePause = seconds(1);

// Slots for each place of a kind: many more than there can be attempts in a window.
constexpr size_t kNames = 65'536;
constexpr size_t kAddresses = 16'384;

size_t SlotsOf(size_t kind) {
  switch (kind) {
    case 0:
    case 1:
      return kNames;
    case 2:
    case 3:
      return kAddresses;
    default:
      return 1;
  }
}

// After the last failure that is free, each doubles the wait.
seconds PauseAfter(uint32_t beyond) {
  seconds pause = kFirstPause;
  for (uint32_t i = 0; i < beyond && pause < kLongestPause; ++i) pause *= 2;
  return std::min<seconds>(pause, kLongestPause);
}

std::string Cut(std::span<const unsigned char> bytes, unsigned prefix) {
  return "/" + ToHex(bytes.first(prefix / 8));
}

}  // namespace

std::string NetworkOf(const std::string& address, unsigned prefix4, unsigned prefix6) {
  in6_addr bytes{};
  const auto* const data = reinterpret_cast<const unsigned char*>(&bytes);
  if (inet_pton(AF_INET, address.c_str(), &bytes) == 1) return "4" + Cut({data, 4}, prefix4);
  if (inet_pton(AF_INET6, address.c_str(), &bytes) == 1) return "6" + Cut({data, 16}, prefix6);
  return address;
}

Throttle::Throttle(store::ThrottleTable table, const Limits& limits, const SecretString& key,
                   const Clock& clock)
    : table_(table), limits_(limits), key_(key), clock_(clock) {
  for (size_t kind = 0; kind < kKinds; ++kind) slots_.at(kind).resize(kPlaces * SlotsOf(kind));
}

Result<std::unique_ptr<Throttle>> Throttle::Open(store::ThrottleTable table, const Limits& limits,
                                                 const SecretString& key, const Clock& clock) {
  std::unique_ptr<Throttle> throttle(new Throttle(table, limits, key, clock));
  if (Result<void> loaded = throttle->Load(); !loaded) return loaded.error();
  return throttle;
}

Result<void> Throttle::Load() {
  return table_.ForEach([this](const store::ThrottleCount& count) {
    if (count.kind >= kKinds || count.slot >= slots_.at(count.kind).size()) return;
    // A clock that was set back meanwhile makes nobody wait longer than one that was not.
    const seconds age = std::max(clock_.Now() - count.last, seconds(0));
    slots_.at(count.kind).at(count.slot) = {count.failures, clock_.SinceBoot() - age};
  });
}

std::optional<seconds> Throttle::Reserve(const LoginAttempt& attempt) {
  const std::vector<Bucket> buckets = BucketsOf(attempt);
  const std::lock_guard lock(mutex_);
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
      {Kind::kNode, {0, 0}, limits_.login_failures_per_node, is_stranger}};
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
    bucket.slots.at(place) = place * SlotsOf(number) + hash % SlotsOf(number);
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
  for (size_t place = 0; place < kPlaces; ++place) {
    const size_t index = bucket.slots.at(place);
    if (place > 0 && index == bucket.slots.front()) break;  // the node has one place
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
