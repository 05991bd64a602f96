#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "bridge/store/store.h"

namespace rolebridge::store {

// That somebody proved a level of assurance, and when.
struct Proof {
  std::string level;  // its name
  SysSeconds instant{};
};

// Somebody who logged in here. Made only where a PAM conversation that the issuer itself relayed
// ended well.
struct Session {
  std::string username;         // canonical, as PAM left it
  std::optional<uint32_t> uid;  // of that name on this host
  std::string assurance;        // name of the level that was proved
  std::string client_address;   // where the login came from, as web said
  SysSeconds authn_instant{};   // when PAM said yes
  std::string session_index;    // what relying parties see of it
  std::string unique_id;     // the directory entry it was first seen with (U7); empty before that
  std::vector<Proof> steps;  // what was proved since, the latest for each level
  BootTime created{};
  BootTime last_used{};
};

struct SessionBounds {
  std::chrono::seconds lifetime;
  std::chrono::seconds idle;
  size_t sessions;
  size_t sessions_per_user;
};

// The sessions of this node: in memory for speed, in the store so that a restart ends none. Holds
// SHA-256 of each identifier, never the identifier. Safe to call from several threads.
//
// On the same boot of the machine sessions go on by its boot clock. After a reboot the wall clock
// says how old they are; one that would be younger than nothing then ends.
class SessionStore {
 public:
  // Loads what is not over. `boot_id`: of this boot of the machine; empty where it can't be told.
  // Errors: kUnavailable, the store can't be read.
  static Result<std::unique_ptr<SessionStore>> Open(Store& store, SessionBounds bounds,
                                                    std::string boot_id, const Clock& clock,
                                                    Random& random);

  // From now on, for those that are there too.
  void SetBounds(SessionBounds bounds);

  // A new identifier of 64 hexadecimal digits. Beyond sessions_per_user the person's oldest one
  // ends. `commit` puts the changes on the disk, together with what else belongs to them.
  // Errors: kResourceExhausted, no more sessions on this node; else those of `commit`.
  using Commit = std::function<Result<void>(std::vector<Change> changes)>;
  Result<SecretString> Create(Session session, const Commit& commit);

  // The same session with one proof more, under a new identifier; the old one is over (security.md
  // B2). Errors: kNotFound, there is none any more; else those of `commit`.
  Result<SecretString> StepUp(std::string_view identifier, Proof proof, const Commit& commit);

  // The session, used now; nothing where it is unknown, idle or at its end.
  std::optional<Session> Use(std::string_view identifier);

  // Remembers which entry it is; false where another one is remembered already (U7).
  bool BindEntry(std::string_view identifier, const std::string& unique_id);

  // False where there was none. Errors: those of `commit`: it is over here and now, and the store
  // hears of it with the next commit that succeeds; a restart before that would bring it back.
  Result<bool> End(std::string_view identifier, const Commit& commit);

  // Those of `username`, or everybody's where that is empty, in the order of their indexes: the
  // first `maximum` after the index `after`.
  std::vector<Session> List(std::string_view username, std::string_view after,
                            size_t maximum) const;

  // Ends those of `username`, or the one of `session_index`; how many. `commit` is told their
  // indexes, and not called where there is none. Errors: as with End.
  using CommitOf = std::function<Result<void>(const std::vector<std::string>& session_indexes,
                                              std::vector<Change> changes)>;
  Result<size_t> EndAll(std::string_view username, std::string_view session_index,
                        const CommitOf& commit);

  // One response more for this session: false where it had `maximum` within the last minute (C5).
  bool CountResponse(std::string_view identifier, size_t maximum);

  // Puts down when each was last used; else a restart takes that to be up to a minute earlier.
  void Flush();

  size_t size() const;

 private:
  struct Held {
    Session session;
    BootTime stored_last_used{};
    std::vector<BootTime> responses;  // of the last minute
  };
  using Sessions = std::map<std::string, Held>;

  SessionStore(Store& store, SessionBounds bounds, std::string boot_id, const Clock& clock,
               Random& random)
      : store_(store),
        boot_id_(std::move(boot_id)),
        clock_(clock),
        random_(random),
        bounds_(bounds) {}
  Result<void> Load();
  std::optional<Session> SessionIn(const Row& row) const;
  Change Insertion(const std::string& hash, const Session& session) const;
  Change Removal(const std::string& hash) const;
  Change Times(const std::string& hash, const Session& session) const;
  SysSeconds WallTime(BootTime instant) const;

  void PostEntry(const std::string& hash, const std::string& unique_id);
  bool IsOver(const Session& session) const;
  std::optional<std::string> OldestBeyondLimit(const std::string& username) const;
  void Forget(Sessions::iterator session);
  void ForgetEnded();
  Held* Find(const std::string& hash);

  Store& store_;
  const std::string boot_id_;
  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;  // of what follows
  SessionBounds bounds_;
  Sessions sessions_;  // by SHA-256 of the identifier
};

}  // namespace rolebridge::store
