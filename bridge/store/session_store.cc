#include "bridge/store/session_store.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

#include "bridge/crypto/crypto.h"

namespace rolebridge::store {
namespace {

// How far the store may lag behind on when a session was last used.
constexpr auto kUseLag = std::chrono::minutes(1);

// "mfa=1732650000 hardware=1732650100"; names of levels are words of letters, digits, - and _.
std::string TextOf(const std::vector<Proof>& steps) {
  std::string text;
  for (const Proof& proof : steps) {
    text += (text.empty() ? "" : " ") + proof.level + "=" +
            std::to_string(proof.instant.time_since_epoch().count());
  }
  return text;
}

// What can't be read was proved never.
std::vector<Proof> StepsIn(const std::string& text) {
  std::vector<Proof> steps;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) continue;
    int64_t instant = 0;
    const char* const end = word.data() + word.size();
    const auto [stopped, failed] = std::from_chars(word.data() + equals + 1, end, instant);
    if (failed != std::errc() || stopped != end) continue;
    steps.push_back({word.substr(0, equals), SysSeconds(std::chrono::seconds(instant))});
  }
  return steps;
}

// 64 hexadecimal digits.
SecretString NewIdentifier(Random& random) {
  std::string identifier = RandomHex(random, 32);
  SecretString secret(identifier);
  WipeString(identifier);
  return secret;
}

}  // namespace

Result<std::unique_ptr<SessionStore>> SessionStore::Open(Store& store, SessionBounds bounds,
                                                         std::string boot_id, const Clock& clock,
                                                         Random& random) {
  std::unique_ptr<SessionStore> sessions(
      new SessionStore(store, bounds, std::move(boot_id), clock, random));
  if (Result<void> loaded = sessions->Load(); !loaded) return loaded.error();
  return sessions;
}

void SessionStore::SetBounds(SessionBounds bounds) {
  const std::lock_guard lock(mutex_);
  bounds_ = bounds;
}

Result<void> SessionStore::Load() {
  return store_.Read([this](Database& database) {
    return database.ForEach(
        "SELECT hash, username, uid, assurance, client_address, authn_instant, session_index,"
        " unique_id, boot_id, created_since_boot, created, last_used_since_boot, last_used, steps"
        " FROM sessions",
        [this](const Row& row) {
          const std::string hash = row.Bytes(0);
          std::optional<Session> session = SessionIn(row);
          if (session && !IsOver(*session) && sessions_.size() < bounds_.sessions) {
            const BootTime last_used = session->last_used;
            if (row.Bytes(8) != boot_id_)
              store_.Post("session times " + hash, Times(hash, *session));
            sessions_.emplace(hash, Held{*std::move(session), last_used, {}});
          } else {
            store_.Post("session end " + hash, Removal(hash), Store::Loss::kNever);
          }
          return true;
        });
  });
}

std::optional<Session> SessionStore::SessionIn(const Row& row) const {
  Session session{.username = row.Bytes(1),
                  .assurance = row.Bytes(3),
                  .client_address = row.Bytes(4),
                  .authn_instant = SysSeconds(std::chrono::seconds(row.Integer(5))),
                  .session_index = row.Bytes(6),
                  .unique_id = row.Bytes(7),
                  .steps = StepsIn(row.Bytes(13))};
  if (!row.IsNull(2)) session.uid = static_cast<uint32_t>(row.Integer(2));
  const bool same_boot = !boot_id_.empty() && row.Bytes(8) == boot_id_;
  if (same_boot) {
    session.created = BootTime(row.Integer(9));
    session.last_used = BootTime(row.Integer(11));
    return session;
  }
  const auto age = clock_.Now() - SysSeconds(std::chrono::seconds(row.Integer(10)));
  const auto idle = clock_.Now() - SysSeconds(std::chrono::seconds(row.Integer(12)));
  if (age < age.zero() || idle < idle.zero()) return std::nullopt;
  session.created = clock_.SinceBoot() - age;
  session.last_used = clock_.SinceBoot() - idle;
  return session;
}

Result<SecretString> SessionStore::Create(Session session, const Commit& commit) {
  SecretString secret = NewIdentifier(random_);
  session.created = session.last_used = clock_.SinceBoot();
  const std::string hash = crypto::Sha256(secret.Reveal());
  std::optional<std::string> oldest;
  {
    const std::lock_guard lock(mutex_);
    ForgetEnded();
    oldest = OldestBeyondLimit(session.username);
    if (sessions_.size() - (oldest ? 1 : 0) >= bounds_.sessions) {
      return Error{ErrorCode::kResourceExhausted, "limits.sessions is reached"};
    }
  }
  std::vector<Change> changes = {Insertion(hash, session)};
  if (oldest) changes.push_back(Removal(*oldest));
  if (Result<void> stored = commit(std::move(changes)); !stored) return stored.error();
  const std::lock_guard lock(mutex_);
  if (oldest) sessions_.erase(*oldest);
  sessions_.emplace(hash, Held{session, session.last_used, {}});
  return secret;
}

Result<SecretString> SessionStore::StepUp(std::string_view identifier, Proof proof,
                                          const Commit& commit) {
  const Error gone{ErrorCode::kNotFound, "the session is over"};
  const std::string old_hash = crypto::Sha256(identifier);
  SecretString secret = NewIdentifier(random_);
  const std::string hash = crypto::Sha256(secret.Reveal());
  Session session;
  {
    const std::lock_guard lock(mutex_);
    const Held* const held = Find(old_hash);
    if (held == nullptr) return gone;
    session = held->session;
  }
  std::erase_if(session.steps, [&](const Proof& earlier) { return earlier.level == proof.level; });
  session.steps.push_back(std::move(proof));
  session.last_used = clock_.SinceBoot();
  const Result<void> stored = commit({Removal(old_hash), Insertion(hash, session)});
  if (!stored) return stored.error();
  const std::lock_guard lock(mutex_);
  // Ended meanwhile, it must not come back.
  const auto old = sessions_.find(old_hash);
  if (old == sessions_.end()) {
    store_.Post("session end " + hash, Removal(hash), Store::Loss::kNever);
    return gone;
  }
  if (session.unique_id.empty() && !old->second.session.unique_id.empty()) {
    session.unique_id = old->second.session.unique_id;
    PostEntry(hash, session.unique_id);
  }
  const BootTime last_used = session.last_used;
  Held held{std::move(session), last_used, std::move(old->second.responses)};
  sessions_.erase(old);
  sessions_.emplace(hash, std::move(held));
  return secret;
}

std::optional<Session> SessionStore::Use(std::string_view identifier) {
  const std::string hash = crypto::Sha256(identifier);
  const std::lock_guard lock(mutex_);
  Held* const held = Find(hash);
  if (held == nullptr) return std::nullopt;
  Session& session = held->session;
  session.last_used = clock_.SinceBoot();
  if (session.last_used - held->stored_last_used >= kUseLag) {
    store_.Post("session times " + hash, Times(hash, session));
    held->stored_last_used = session.last_used;
  }
  return session;
}

bool SessionStore::BindEntry(std::string_view identifier, const std::string& unique_id) {
  const std::string hash = crypto::Sha256(identifier);
  const std::lock_guard lock(mutex_);
  Held* const held = Find(hash);
  if (held == nullptr) return false;
  std::string& bound = held->session.unique_id;
  if (bound.empty() && !unique_id.empty()) {
    bound = unique_id;
    PostEntry(hash, unique_id);
  }
  return bound == unique_id;
}

void SessionStore::PostEntry(const std::string& hash, const std::string& unique_id) {
  store_.Post("session entry " + hash, [hash, unique_id](Database& database) {
    return database.Execute("UPDATE sessions SET unique_id = ? WHERE hash = ?", unique_id,
                            Blob{hash});
  });
}

Result<bool> SessionStore::End(std::string_view identifier, const Commit& commit) {
  const std::string hash = crypto::Sha256(identifier);
  {
    const std::lock_guard lock(mutex_);
    if (sessions_.erase(hash) == 0) return false;
  }
  if (Result<void> stored = commit({Removal(hash)}); !stored) {
    store_.Post("session end " + hash, Removal(hash), Store::Loss::kNever);
    return stored.error();
  }
  return true;
}

std::vector<Session> SessionStore::List(std::string_view username, std::string_view after,
                                        size_t maximum) const {
  const std::lock_guard lock(mutex_);
  std::vector<const Session*> found;
  for (const auto& [hash, held] : sessions_) {
    const Session& session = held.session;
    if (!username.empty() && session.username != username) continue;
    if (session.session_index > after && !IsOver(session)) found.push_back(&session);
  }
  const size_t count = std::min(found.size(), maximum);
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count), found.end(),
                    [](const Session* one, const Session* other) {
                      return one->session_index < other->session_index;
                    });
  std::vector<Session> page;
  for (size_t i = 0; i < count; ++i) page.push_back(*found[i]);
  return page;
}

Result<size_t> SessionStore::EndAll(std::string_view username, std::string_view session_index,
                                    const CommitOf& commit) {
  std::vector<std::string> hashes, indexes;
  std::vector<Change> changes;
  {
    const std::lock_guard lock(mutex_);
    ForgetEnded();
    std::erase_if(sessions_, [&](const auto& entry) {
      const Session& session = entry.second.session;
      const bool is_meant =
          username.empty() ? session.session_index == session_index : session.username == username;
      if (!is_meant) return false;
      hashes.push_back(entry.first);
      indexes.push_back(session.session_index);
      changes.push_back(Removal(entry.first));
      return true;
    });
  }
  if (hashes.empty()) return size_t{0};
  if (Result<void> stored = commit(indexes, std::move(changes)); !stored) {
    for (const std::string& hash : hashes)
      store_.Post("session end " + hash, Removal(hash), Store::Loss::kNever);
    return stored.error();
  }
  return hashes.size();
}

bool SessionStore::CountResponse(std::string_view identifier, size_t maximum) {
  const std::lock_guard lock(mutex_);
  Held* const held = Find(crypto::Sha256(identifier));
  if (held == nullptr) return false;
  const BootTime now = clock_.SinceBoot();
  std::erase_if(held->responses, [&](BootTime at) { return now - at >= std::chrono::minutes(1); });
  if (held->responses.size() >= maximum) return false;
  held->responses.push_back(now);
  return true;
}

void SessionStore::Flush() {
  std::vector<Change> changes;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [hash, held] : sessions_) {
      if (held.session.last_used == held.stored_last_used) continue;
      held.stored_last_used = held.session.last_used;
      changes.push_back(Times(hash, held.session));
    }
  }
  [[maybe_unused]] const Result<void> stored = store_.Commit(std::move(changes));
}

size_t SessionStore::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

Change SessionStore::Insertion(const std::string& hash, const Session& session) const {
  return [hash, session, boot_id = boot_id_, steps = TextOf(session.steps),
          created = WallTime(session.created).time_since_epoch().count(),
          last_used = WallTime(session.last_used).time_since_epoch().count(),
          authn_instant = session.authn_instant.time_since_epoch().count()](Database& database) {
    const std::optional<int64_t> uid = session.uid;
    return database.Execute("INSERT INTO sessions VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                            Blob{hash}, session.username, uid, session.assurance,
                            session.client_address, authn_instant, session.session_index,
                            session.unique_id, boot_id, session.created.count(), created,
                            session.last_used.count(), last_used, steps);
  };
}

Change SessionStore::Removal(const std::string& hash) const {
  return [hash](Database& database) {
    return database.Execute("DELETE FROM sessions WHERE hash = ?", Blob{hash});
  };
}

// By the clock of this boot, whichever it came from.
Change SessionStore::Times(const std::string& hash, const Session& session) const {
  return [hash, boot_id = boot_id_, created = session.created, last_used = session.last_used,
          wall = WallTime(session.last_used)](Database& database) {
    return database.Execute(
        "UPDATE sessions SET boot_id = ?, created_since_boot = ?, last_used_since_boot = ?,"
        " last_used = ? WHERE hash = ?",
        boot_id, created.count(), last_used.count(), wall.time_since_epoch().count(), Blob{hash});
  };
}

SysSeconds SessionStore::WallTime(BootTime instant) const {
  return std::chrono::floor<std::chrono::seconds>(clock_.Now() - (clock_.SinceBoot() - instant));
}

bool SessionStore::IsOver(const Session& session) const {
  const BootTime now = clock_.SinceBoot();
  return now - session.created >= bounds_.lifetime || now - session.last_used >= bounds_.idle;
}

SessionStore::Held* SessionStore::Find(const std::string& hash) {
  const auto found = sessions_.find(hash);
  if (found == sessions_.end()) return nullptr;
  if (!IsOver(found->second.session)) return &found->second;
  Forget(found);
  return nullptr;
}

std::optional<std::string> SessionStore::OldestBeyondLimit(const std::string& username) const {
  auto oldest = sessions_.end();
  size_t count = 0;
  for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
    if (it->second.session.username != username) continue;
    ++count;
    if (oldest == sessions_.end() || it->second.session.created < oldest->second.session.created) {
      oldest = it;
    }
  }
  if (count < bounds_.sessions_per_user) return std::nullopt;
  return oldest->first;
}

void SessionStore::Forget(Sessions::iterator session) {
  store_.Post("session end " + session->first, Removal(session->first), Store::Loss::kNever);
  sessions_.erase(session);
}

void SessionStore::ForgetEnded() {
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    const auto next = std::next(it);
    if (IsOver(it->second.session)) Forget(it);
    it = next;
  }
}

}  // namespace rolebridge::store
