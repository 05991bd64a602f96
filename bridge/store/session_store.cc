#include "bridge/store/session_store.h"

#include <algorithm>

#include "bridge/crypto/crypto.h"

namespace rolebridge::store {

Result<SecretString> SessionStore::Create(Session session) {
  std::string identifier = RandomHex(random_, 32);
  SecretString secret(identifier);
  WipeString(identifier);
  session.created = session.last_used = clock_.SinceBoot();
  const std::lock_guard lock(mutex_);
  ForgetEnded();
  EndOldestOf(session.username);
  if (sessions_.size() >= bounds_.sessions) {
    return Error{ErrorCode::kResourceExhausted, "limits.sessions is reached"};
  }
  sessions_.emplace(crypto::Sha256(secret.Reveal()), Held{std::move(session), {}});
  return secret;
}

std::optional<Session> SessionStore::Use(std::string_view identifier) {
  const std::lock_guard lock(mutex_);
  Held* const held = Find(identifier);
  if (held == nullptr) return std::nullopt;
  held->session.last_used = clock_.SinceBoot();
  return held->session;
}

bool SessionStore::BindEntry(std::string_view identifier, const std::string& unique_id) {
  const std::lock_guard lock(mutex_);
  Held* const held = Find(identifier);
  if (held == nullptr) return false;
  if (held->session.unique_id.empty()) held->session.unique_id = unique_id;
  return held->session.unique_id == unique_id;
}

bool SessionStore::End(std::string_view identifier) {
  const std::lock_guard lock(mutex_);
  return sessions_.erase(crypto::Sha256(identifier)) > 0;
}

bool SessionStore::CountResponse(std::string_view identifier, size_t maximum) {
  const std::lock_guard lock(mutex_);
  Held* const held = Find(identifier);
  if (held == nullptr) return false;
  const BootTime now = clock_.SinceBoot();
  std::erase_if(held->responses, [&](BootTime at) { return now - at >= std::chrono::minutes(1); });
  if (held->responses.size() >= maximum) return false;
  held->responses.push_back(now);
  return true;
}

size_t SessionStore::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

bool SessionStore::IsOver(const Session& session) const {
  const BootTime now = clock_.SinceBoot();
  return now - session.created >= bounds_.lifetime || now - session.last_used >= bounds_.idle;
}

SessionStore::Held* SessionStore::Find(std::string_view identifier) {
  const auto found = sessions_.find(crypto::Sha256(identifier));
  if (found == sessions_.end()) return nullptr;
  if (!IsOver(found->second.session)) return &found->second;
  sessions_.erase(found);
  return nullptr;
}

void SessionStore::EndOldestOf(const std::string& username) {
  auto oldest = sessions_.end();
  size_t count = 0;
  for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
    if (it->second.session.username != username) continue;
    ++count;
    if (oldest == sessions_.end() || it->second.session.created < oldest->second.session.created) {
      oldest = it;
    }
  }
  if (count >= bounds_.sessions_per_user) sessions_.erase(oldest);
}

void SessionStore::ForgetEnded() {
  std::erase_if(sessions_, [&](const auto& entry) { return IsOver(entry.second.session); });
}

}  // namespace rolebridge::store
