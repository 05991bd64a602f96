#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bridge/config/config.h"
#include "bridge/mapping/facts.h"
#include "bridge/protocol/protocol.h"
#include "bridge/store/session_store.h"
#include "ldap/directory.h"

namespace rolebridge::issuer {

// A refusal with two texts: `refusal` goes to the person, `why` to the audit record only.
struct Refused {
  protocol::Refusal refusal;
  std::string why;
  std::vector<std::string> groups;  // as far as they were seen
};

// A person as the directory knows them at this moment.
struct PersonView {
  mapping::Facts facts;        // all but `application`
  std::string unique_id;       // of the entry
  SysSeconds authn_instant{};  // when the level in `facts` was proved
  std::string display_name;
  std::vector<ldap::DroppedValue> dropped;
};

// What templates see of a looked-up person.
mapping::Facts FactsOf(const std::string& username, const ldap::Lookup& lookup);

// What a session counts for at this moment.
struct Assurance {
  size_t level = 0;      // index into the configured levels
  SysSeconds instant{};  // when it was proved, or one above it
};

// The highest level that the session proved, or one above it, within the level's `valid`. Nothing
// where not even the lowest holds any more, or where a reload took the levels away.
std::optional<Assurance> CurrentAssurance(const config::Config& config,
                                          const store::Session& session, SysSeconds now);

// When exactly that level was last proved; nothing where only one above it was.
std::optional<SysSeconds> ProofOf(const config::Config& config, const store::Session& session,
                                  size_t level);

// Reads the person of a session, live, and checks that they are still who logged in: the entry that
// the session was bound to (security.md U7), the uid that PAM's side resolved (U6), an account that
// may be used (L10).
class PersonReader {
 public:
  PersonReader(const config::Config& config, ldap::Directory& directory,
               store::SessionStore& sessions, const Clock& clock)
      : config_(config), directory_(directory), sessions_(sessions), clock_(clock) {}

  std::variant<PersonView, Refused> Read(std::string_view session_identifier,
                                         const store::Session& session,
                                         const protocol::Context& context) const;

 private:
  const config::Config& config_;
  ldap::Directory& directory_;
  store::SessionStore& sessions_;
  const Clock& clock_;
};

}  // namespace rolebridge::issuer
