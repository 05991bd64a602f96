#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "ldap/connection.h"
#include "ldap/directory.h"
#include "ldap/dn.h"
#include "ldap/settings.h"
#include "ldap/sid.h"

namespace rolebridge::ldap {

// A group that a person is in.
struct FoundGroup {
  Entry entry;
  Dn dn;
  // The place, in the list that this is in, of the group through which it was found. None: the
  // person is in it directly, or nobody asked (Ways).
  std::optional<size_t> through;
  // False: by a way that leads through something outside of the base.
  bool is_way_known = true;
};

// Whether it is to be known through which group another one was found. A server does not say which
// of the names in a filter was met, so to know it takes a search for each.
enum class Ways { kUnknown, kKnown };

// Finds the groups of people: those that hold them, and, where settings.groups.nested, those that
// hold these, level by level. One that was found already is not followed again, so cycles end.
//
// From a level to the next it is one search, whose filter names all groups of the level (several,
// under way together, where there are more than kGroupsPerSearch); so for the groups that memberOf
// names, which are all there is to ask for where the server has resolved nesting itself. Lists of
// members are searched and never read.
//
// Active Directory is asked for tokenGroups instead: the groups that it would put into the person's
// own token, nesting and primary group resolved ([MS-ADTS] 3.1.1.4.5.19); one read, and one search
// by their objectSid.
class GroupFinder {
 public:
  // `settings` outlives this. `base`: settings.groups.base.
  GroupFinder(const Settings& settings, Dn base) : settings_(settings), base_(std::move(base)) {}

  // The groups of `person`, whose canonical name is `username`; each once, those that hold the
  // person first. What is not below the base, or names what can't be read, goes to `dropped`.
  // Errors: kResourceExhausted, more than settings.groups_per_person; kInvalidArgument, nested
  // deeper than kMaximumNesting; those of Connection::Search.
  Result<std::vector<FoundGroup>> Find(Connection& connection, const Entry& person,
                                       std::string_view username, Ways ways, Deadline deadline,
                                       std::vector<DroppedValue>& dropped) const;

  // The DN of a group's entry; none, with the reason in `dropped`, where it is not below the base.
  std::optional<Dn> DnBelowBase(const Entry& entry, std::vector<DroppedValue>& dropped) const;

  // What a person's entry must be asked for.
  std::vector<std::string> PersonAttributes() const;
  // What a group's entry is asked for.
  std::vector<std::string> GroupAttributes() const;
  // What finds every group below the base that Find could find.
  std::string AllGroupsFilter() const;

 private:
  // An entry whose groups are looked for, and its place among the groups found: none, the person.
  struct Holder {
    const Entry* entry;
    std::optional<size_t> place;
  };
  // A group that may be known already.
  struct Candidate {
    Entry entry;
    std::optional<size_t> through;
  };
  // A group that memberOf names.
  struct Name {
    std::string spelled;  // as it does
    Holder by;
  };
  using Named = std::map<Dn, Name>;  // those below the base that are not known yet
  struct Search;

  Result<std::vector<Candidate>> FindDirect(Search& search, const Entry& person,
                                            std::string_view username) const;
  Result<std::vector<Candidate>> FindAbove(Search& search, std::span<const Holder> level) const;
  Result<std::vector<Candidate>> SearchHolding(Search& search, std::span<const Holder> level) const;
  Result<std::vector<Candidate>> ReadMemberOf(Search& search,
                                              std::span<const Holder> holders) const;
  Result<Named> NamesOfGroups(Search& search, std::span<const Holder> holders) const;
  Result<std::vector<Candidate>> SearchNamed(Search& search, Named& named) const;
  Result<void> ReadNamed(Search& search, const Named& named, std::vector<Candidate>& groups) const;
  Result<std::vector<Candidate>> FindSecurityGroups(Search& search, const Entry& person) const;
  Result<std::vector<Candidate>> ReadToken(Search& search, const Entry& person) const;
  Result<std::vector<Candidate>> SearchBySids(Search& search, const std::set<Sid>& sids) const;
  Result<void> OrderByWays(Search& search, const Entry& person) const;
  Result<std::vector<std::vector<Entry>>> SearchGroups(
      Search& search, const std::vector<std::string>& filters) const;
  Result<void> Take(Search& search, std::vector<Candidate> candidates, size_t depth) const;
  // The attribute that says who is in which group.
  std::string MemberAttribute() const;
  bool IsActiveDirectory() const {
    return settings_.groups.membership == Membership::kActiveDirectory;
  }
  Error TooManyGroups() const;

  const Settings& settings_;
  const Dn base_;
};

}  // namespace rolebridge::ldap
