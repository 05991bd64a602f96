#include "bridge/issuer/conversations.h"

#include <algorithm>

namespace rolebridge::issuer {
LoginPtr Conversations::Begin(const std::string& username, const std::string& client_address,
                              const Limits& limits) {
  auto login = std::make_shared<Login>();
  login->id = RandomHex(random_, 32);
  login->username = username;
  login->client_address = client_address;
  login->began = login->last_input = clock_.SinceBoot();
  const std::lock_guard lock(mutex_);
  ForgetExpired();
  if (!MakeRoom(client_address, limits)) return nullptr;
  logins_.emplace(login->id, login);
  return login;
}

// The oldest conversation that waits for its person goes first: a stranger who types only names
// must not hold all the places (security.md T9).
bool Conversations::MakeRoom(const std::string& client_address, const Limits& limits) {
  const auto from_here =
      static_cast<size_t>(std::count_if(logins_.begin(), logins_.end(), [&](const auto& entry) {
        return entry.second->client_address == client_address;
      }));
  const bool address_is_full = from_here >= limits.conversations_per_address;
  if (!address_is_full && logins_.size() < limits.conversations) return true;
  auto oldest = logins_.end();
  for (auto it = logins_.begin(); it != logins_.end(); ++it) {
    if (!it->second->is_waiting_for_person) continue;
    if (address_is_full && it->second->client_address != client_address) continue;
    if (oldest == logins_.end() || it->second->last_input < oldest->second->last_input) oldest = it;
  }
  if (oldest == logins_.end()) return false;
  logins_.erase(oldest);
  return true;
}

LoginPtr Conversations::Find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ForgetExpired();
  const auto found = logins_.find(id);
  return found == logins_.end() ? nullptr : found->second;
}

void Conversations::Forget(const std::string& id) {
  const std::lock_guard lock(mutex_);
  logins_.erase(id);
}

void Conversations::AwaitPerson(Login& login) {
  const std::lock_guard lock(mutex_);
  login.is_waiting_for_person = true;
}

void Conversations::NoteInput(Login& login) {
  const std::lock_guard lock(mutex_);
  login.last_input = clock_.SinceBoot();
  login.is_waiting_for_person = false;
}

void Conversations::BeginChange(Login& login) {
  const std::lock_guard lock(mutex_);
  std::erase_if(logins_, [&](const auto& entry) {
    const Login& other = *entry.second;
    return other.is_change && other.username == login.username && other.id != login.id;
  });
  login.is_change = true;
  login.deadlines = pam::kDeadlinesOfChange;
  login.began = clock_.SinceBoot();
}

size_t Conversations::size() const {
  const std::lock_guard lock(mutex_);
  return logins_.size();
}

void Conversations::ForgetExpired() {
  const BootTime now = clock_.SinceBoot();
  std::erase_if(logins_, [&](const auto& entry) {
    const Login& login = *entry.second;
    return now - login.began >= login.deadlines.login ||
           (login.is_waiting_for_person && now - login.last_input >= login.deadlines.answer);
  });
}

}  // namespace rolebridge::issuer
