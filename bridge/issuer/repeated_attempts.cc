#include "bridge/issuer/repeated_attempts.h"

#include "bridge/crypto/crypto.h"

namespace rolebridge::issuer {
namespace {

constexpr auto kKept = std::chrono::minutes(1);
constexpr size_t kMaxAttempts = 10'000;

}  // namespace

RepeatedAttempts::RepeatedAttempts(const Clock& clock, Random& random)
    : clock_(clock), key_(SecretString::OfSize(32)) {
  random.Fill({reinterpret_cast<unsigned char*>(key_.MutableReveal()), key_.size()});
}

RepeatedAttempts::Standing RepeatedAttempts::Begin(std::string_view username,
                                                   const SecretString& secret,
                                                   std::string& digest) {
  std::string text(username);
  text.append(1, '\0').append(secret.Reveal());
  digest = crypto::HmacSha256(key_, text);
  WipeString(text);
  const std::lock_guard lock(mutex_);
  const BootTime now = clock_.SinceBoot();
  std::erase_if(attempts_, [&](const auto& entry) { return now - entry.second.at >= kKept; });
  const auto found = attempts_.find(digest);
  if (found != attempts_.end()) {
    return found->second.has_failed ? Standing::kFailed : Standing::kUnderWay;
  }
  // With more than that within a minute nobody is helped by it.
  if (attempts_.size() < kMaxAttempts) attempts_.emplace(digest, Attempt{now, false});
  return Standing::kNew;
}

void RepeatedAttempts::Fail(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  const auto found = attempts_.find(digest);
  if (found != attempts_.end()) found->second.has_failed = true;
}

void RepeatedAttempts::Forget(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  attempts_.erase(digest);
}

}  // namespace rolebridge::issuer
