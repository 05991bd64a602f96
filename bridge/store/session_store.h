#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::store {

// Somebody who logged in here. Made only where a PAM conversation that the issuer itself relayed
// ended well.
struct Session {
  std::string username;         // canonical, as PAM left it
  std::optional<uint32_t> uid;  // of that name on this host
  size_t assurance = 0;         // index into the configured levels
  SysSeconds authn_instant{};   // when PAM said yes
  std::string session_index;    // what relying parties see of it
  std::string unique_id;  // the directory entry it was first seen with (U7); empty before that
  BootTime created{};
  BootTime last_used{};
};

struct SessionBounds {
  std::chrono::seconds lifetime;
  std::chrono::seconds idle;
  size_t sessions;
  size_t sessions_per_user;
};

// The sessions of this node, in memory: a restart ends them. Holds SHA-256 of each identifier,
// never the identifier. Safe to call from several threads.
class SessionStore {
 public:
  SessionStore(SessionBounds bounds, const Clock& clock, Random& random)
      : bounds_(bounds), clock_(clock), random_(random) {}

  // A new identifier of 64 hexadecimal digits. Beyond sessions_per_user the person's oldest one
  // ends. Errors: kResourceExhausted, no more sessions on this node.
  Result<SecretString> Create(Session session);

  // The session, used now; nothing where it is unknown, idle or at its end.
  std::optional<Session> Use(std::string_view identifier);

  // Remembers which entry it is; false where another one is remembered already (U7).
  bool BindEntry(std::string_view identifier, const std::string& unique_id);

  // True where there was one.
  bool End(std::string_view identifier);

  // One response more for this session: false where it had `maximum` within the last minute (C5).
  bool CountResponse(std::string_view identifier, size_t maximum);

  size_t size() const;

 private:
  struct Held {
    Session session;
    std::vector<BootTime> responses;  // of the last minute
  };
  bool IsOver(const Session& session) const;
  void EndOldestOf(const std::string& username);
  void ForgetEnded();
  Held* Find(std::string_view identifier);

  const SessionBounds bounds_;
  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::map<std::string, Held> sessions_;  // by SHA-256 of the identifier
};

}  // namespace rolebridge::store
