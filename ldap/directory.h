#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "ldap/settings.h"

namespace rolebridge::ldap {

// Values under their template names, in byte order; what the entry lacks is not in the map.
using AttributeValues = std::map<std::string, std::vector<std::string>>;

// Why an entry must not pass though it is there (security.md L10).
enum class AccountState { kActive, kDisabled, kLocked, kExpired };

struct Person {
  std::string dn;  // normalised
  std::string
      unique_id;  // entryUUID, nsUniqueId or objectGUID (hex); what a session remembers (U7)
  std::optional<uint32_t> uid_number;
  AccountState account_state = AccountState::kActive;
  std::string account_reason;  // the attribute and value behind a state that is not kActive
  AttributeValues attributes;
};

struct Group {
  std::string name;
  std::string dn;  // normalised
  AttributeValues attributes;
  // The names of the groups through which the person is in this one, beginning with the one that
  // holds the person. Only where FindWithWays was asked; empty: the person is in it directly.
  std::vector<std::string> through = {};
};

// A value that was left out, for the audit event and `rolebridge check --online`.
struct DroppedValue {
  std::string entry;      // group name or user DN
  std::string attribute;  // LDAP attribute
  std::string reason;
};

struct Lookup {
  Person person;
  std::vector<Group> groups;  // in no particular order
  std::vector<DroppedValue> dropped;
};

// The directory, read live at every call (design.md promise 2). Safe to call from several threads:
// each call borrows a connection of a small pool, and one that failed is closed, never reused.
class Directory {
 public:
  // `password`: the bind password, already read from its file. `clock`: account expiry is judged
  // against its Now(). `notice`: who is told of servers that fail.
  // Errors: kInvalidArgument, the settings cannot work (a filter, a DN, a URI); nothing is
  // connected yet.
  static Result<std::unique_ptr<Directory>> Create(Settings settings, SecretString password,
                                                   const Clock& clock, ServerNotice notice = {});
  virtual ~Directory() = default;

  // The entry of `username` (canonical; it is compared with the entry's own login attribute) and
  // every group that it is in. One consistent answer within settings.lookup_timeout.
  // Errors: kNotFound, no entry, or none whose login attribute is that name; kAmbiguous, two (the
  // message names both); kUnavailable and kDeadlineExceeded, the directory; kResourceExhausted,
  // more groups than the limit; kInvalidArgument, the answer was partial or malformed (size limit,
  // referral), or groups are nested deeper than kMaximumNesting.
  virtual Result<Lookup> Find(std::string_view username) = 0;

  // The same, and of each group that came by nesting the way to it (Group::through). It costs a
  // search for each group: for whoever explains, not for whoever issues.
  virtual Result<Lookup> FindWithWays(std::string_view username) { return Find(username); }

  // Every group below groups.base, with its attributes, one by one; for `check --online`. False
  // from `visit` ends it.
  virtual Result<void> ForEachGroup(const std::function<bool(const Group&)>& visit,
                                    std::vector<DroppedValue>& dropped) = 0;

  // The login names of everybody below users.base, as the directory writes them, one by one; for
  // what goes over all people. False from `visit` ends it.
  virtual Result<void> ForEachUsername(
      const std::function<bool(const std::string& username)>& visit) = 0;

  // The servers as they are known at this moment; nothing is asked for it.
  virtual std::vector<ServerHealth> Servers() const { return {}; }

  // Connects, binds and reads the two bases: what `check --online` and readiness ask.
  virtual Result<void> Probe() = 0;

  // Whether its root says that it is an Active Directory; for `check --online`.
  virtual Result<bool> IsActiveDirectory() { return false; }
};

}  // namespace rolebridge::ldap
