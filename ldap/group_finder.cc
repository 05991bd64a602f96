#include "ldap/group_finder.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <utility>

#include "bridge/base/ascii.h"
#include "ldap/filter.h"

namespace rolebridge::ldap {
namespace {

// What groups of the name layout can be in: memberUid holds people alone.
constexpr const char* kMember = "member";

// Filters that find what one of `parts` finds; in each at most `most` of them, and no more bytes
// than kFilterBytesPerSearch.
std::vector<std::string> Batched(std::vector<std::string> parts, size_t most) {
  std::vector<std::string> filters;
  std::vector<std::string> batch;
  size_t bytes = 0;
  for (std::string& part : parts) {
    const bool is_full = batch.size() == most || bytes + part.size() > kFilterBytesPerSearch;
    if (is_full && !batch.empty()) {
      filters.push_back(AnyOf(std::exchange(batch, {})));
      bytes = 0;
    }
    bytes += part.size();
    batch.push_back(std::move(part));
  }
  filters.push_back(AnyOf(batch));
  return filters;
}

constexpr const char* kSid = "objectSid";
constexpr const char* kToken = "tokenGroups";
constexpr const char* kPrimaryGroup = "primaryGroupID";
// [MS-ADTS] 2.2.12, GROUP_TYPE_SECURITY_ENABLED: the others are lists of mail addresses, which
// Windows gives nothing by, and whose owners often let everybody join.
constexpr uint32_t kIsForSecurity = 0x80000000;

Error NotShown(const Entry& entry, const char* attribute) {
  return {
      ErrorCode::kInvalidArgument,
      "ldap: '" + entry.dn + "' shows no usable " + attribute +
          "; the bind account must be allowed to read it (docs/directories/active-directory.md)"};
}

Result<Sid> SidOf(const Entry& entry) {
  const auto& values = ValuesOf(entry, kSid);
  const auto sid = values.size() == 1 ? Sid::Parse(values.front()) : std::nullopt;
  if (!sid) return NotShown(entry, kSid);
  return *sid;
}

Result<Sid> PrimaryGroupOf(const Entry& person) {
  const auto sid = SidOf(person);
  if (!sid) return sid.error();
  const auto& values = ValuesOf(person, kPrimaryGroup);
  if (values.size() != 1) return NotShown(person, kPrimaryGroup);
  const std::string& text = values.front();
  uint32_t rid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rid);
  if (error != std::errc() || end != text.data() + text.size()) {
    return NotShown(person, kPrimaryGroup);
  }
  return sid->InSameDomain(rid);
}

}  // namespace

// One Find under way.
struct GroupFinder::Search {
  Connection& connection;
  Deadline deadline;
  Ways ways;
  std::vector<DroppedValue>& dropped;
  std::set<std::string> seen = {};  // texts of Dns: a copy of one is a dozen allocations
  std::vector<FoundGroup> found = {};
};

Result<std::vector<FoundGroup>> GroupFinder::Find(Connection& connection, const Entry& person,
                                                  std::string_view username, Ways ways,
                                                  Deadline deadline,
                                                  std::vector<DroppedValue>& dropped) const {
  Search search{connection, deadline, ways, dropped};
  auto direct = FindDirect(search, person, username);
  if (!direct) return direct.error();
  size_t depth = 1;
  if (const auto taken = Take(search, *std::move(direct), depth); !taken) return taken.error();
  if (IsActiveDirectory()) {
    if (ways == Ways::kKnown && settings_.groups.nested) {
      if (const auto ordered = OrderByWays(search, person); !ordered) return ordered.error();
    }
    return std::move(search.found);
  }
  size_t next = 0;  // the first of the level that is followed now
  while (settings_.groups.nested && next < search.found.size()) {
    std::vector<Holder> level;
    for (; next < search.found.size(); ++next) level.push_back({&search.found[next].entry, next});
    auto above = FindAbove(search, level);
    if (!above) return above.error();
    if (const auto taken = Take(search, *std::move(above), ++depth); !taken) return taken.error();
  }
  return std::move(search.found);
}

// security.md L11: what is known already is not followed again, and what is too deep is refused.
Result<void> GroupFinder::Take(Search& search, std::vector<Candidate> candidates,
                               size_t depth) const {
  for (Candidate& candidate : candidates) {
    auto dn = DnBelowBase(candidate.entry, search.dropped);
    if (!dn) continue;
    if (!search.seen.insert(dn->text()).second) continue;
    if (depth > kMaximumNesting) {
      return Error{ErrorCode::kInvalidArgument, "ldap: the group '" + candidate.entry.dn +
                                                    "' is nested deeper than " +
                                                    std::to_string(kMaximumNesting) +
                                                    " groups; let fewer groups hold each other"};
    }
    if (search.found.size() == settings_.groups_per_person) return TooManyGroups();
    search.found.push_back({std::move(candidate.entry), *std::move(dn), candidate.through});
  }
  return {};
}

Result<std::vector<GroupFinder::Candidate>> GroupFinder::FindDirect(
    Search& search, const Entry& person, std::string_view username) const {
  std::set<std::string> names;
  switch (settings_.groups.membership) {
    case Membership::kMemberUid:
      // Also as the entry spells it: memberUid is compared with its case.
      names.emplace(username);
      for (const std::string& name : ValuesOf(person, settings_.users.login_attribute)) {
        const bool is_it =
            (settings_.users.fold_case ? LowerAscii(name) : name) == std::string(username);
        if (is_it) names.insert(name);
      }
      break;
    case Membership::kMember:
      names.insert(person.dn);
      break;
    case Membership::kMemberOf: {
      const Holder holder{&person, std::nullopt};
      return ReadMemberOf(search, {&holder, 1});
    }
    case Membership::kActiveDirectory:
      return settings_.groups.nested ? ReadToken(search, person)
                                     : FindSecurityGroups(search, person);
  }
  std::vector<std::string> filters;
  for (const std::string& name : names) filters.push_back(EqualityFilter(MemberAttribute(), name));
  auto answers = SearchGroups(search, {AnyOf(filters)});
  if (!answers) return answers.error();
  std::vector<Candidate> groups;
  for (Entry& entry : answers->front()) groups.push_back({std::move(entry), std::nullopt});
  return groups;
}

Result<std::vector<GroupFinder::Candidate>> GroupFinder::FindAbove(
    Search& search, std::span<const Holder> level) const {
  switch (settings_.groups.membership) {
    case Membership::kMemberUid:
    case Membership::kMember:
    case Membership::kActiveDirectory:
      return SearchHolding(search, level);
    case Membership::kMemberOf:
      return ReadMemberOf(search, level);
  }
  return Error{ErrorCode::kInternal, "ldap: unknown membership"};
}

// The groups that hold one of `level`, by one search, or as few as the bounds allow.
Result<std::vector<GroupFinder::Candidate>> GroupFinder::SearchHolding(
    Search& search, std::span<const Holder> level) const {
  const bool is_by_name = settings_.groups.membership == Membership::kMemberUid;
  const std::string attribute = is_by_name ? kMember : MemberAttribute();
  const size_t most = search.ways == Ways::kKnown ? 1 : kGroupsPerSearch;
  std::vector<std::string> parts;
  for (const Holder& holder : level) parts.push_back(EqualityFilter(attribute, holder.entry->dn));
  const std::vector<std::string> filters = Batched(std::move(parts), most);
  auto answers = SearchGroups(search, filters);
  if (!answers) return answers.error();
  std::vector<Candidate> groups;
  for (size_t i = 0; i < answers->size(); ++i) {
    const auto through = most == 1 ? level[i].place : std::nullopt;
    for (Entry& entry : (*answers)[i]) groups.push_back({std::move(entry), through});
  }
  return groups;
}

// The groups that hold the person, and the primary one, which holds nobody by name.
Result<std::vector<GroupFinder::Candidate>> GroupFinder::FindSecurityGroups(
    Search& search, const Entry& person) const {
  const auto primary = PrimaryGroupOf(person);
  if (!primary) return primary.error();
  const std::string filter =
      AllOf({BitsFilter("groupType", kIsForSecurity),
             AnyOf({EqualityFilter(kMember, person.dn), EqualityFilter(kSid, primary->bytes())})});
  auto answers = SearchGroups(search, {filter});
  if (!answers) return answers.error();
  std::vector<Candidate> groups;
  for (Entry& entry : answers->front()) groups.push_back({std::move(entry), std::nullopt});
  return groups;
}

// The server computes it, for one entry at a time.
Result<std::vector<GroupFinder::Candidate>> GroupFinder::ReadToken(Search& search,
                                                                   const Entry& person) const {
  const auto who = SidOf(person);
  if (!who) return who.error();
  const auto found = search.connection.Search({.base = person.dn,
                                               .scope = SearchScope::kBase,
                                               .filter = PresenceFilter("objectClass"),
                                               .attributes = {kToken, kSid},
                                               .maximum_entries = 1},
                                              search.deadline);
  if (!found) return found.error();
  if (found->empty()) return NotShown(person, kToken);
  const auto whose = SidOf(found->front());
  // The name may have gone to somebody else meanwhile.
  if (!whose || *whose != *who) return NotShown(person, kSid);
  const auto& values = ValuesOf(found->front(), kToken);
  // Everybody has a primary group: an empty token is one that was not shown, or that a server
  // without a global catalog did not make.
  if (values.empty()) return NotShown(person, kToken);
  if (values.size() > kMaximumMemberOfValues) return TooManyGroups();
  std::set<Sid> sids;
  for (const std::string& value : values) {
    const auto sid = Sid::Parse(value);
    if (!sid) return NotShown(person, kToken);
    sids.insert(*sid);
  }
  return SearchBySids(search, sids);
}

Result<std::vector<GroupFinder::Candidate>> GroupFinder::SearchBySids(
    Search& search, const std::set<Sid>& sids) const {
  std::vector<std::string> parts;
  for (const Sid& sid : sids) parts.push_back(EqualityFilter(kSid, sid.bytes()));
  auto answers = SearchGroups(search, Batched(std::move(parts), kGroupsPerSearch));
  if (!answers) return answers.error();
  std::vector<Candidate> groups;
  for (auto& answer : *answers) {
    for (Entry& entry : answer) {
      const auto sid = SidOf(entry);
      if (!sid) return sid.error();
      if (sids.count(*sid) == 0) {
        return Error{ErrorCode::kInvalidArgument,
                     "ldap: the server sent '" + entry.dn + "', which was not asked for"};
      }
      groups.push_back({std::move(entry), std::nullopt});
    }
  }
  return groups;
}

// A token does not say how its groups came into it. Goes up from the person as for any directory,
// and puts the groups found into that order; none comes in by it. Those that are left over have
// their way through groups that are not below the base.
Result<void> GroupFinder::OrderByWays(Search& search, const Entry& person) const {
  std::map<Dn, FoundGroup> left;
  for (FoundGroup& group : search.found) {
    const Dn dn = group.dn;
    left.emplace(dn, std::move(group));
  }
  search.found.clear();
  auto candidates = FindSecurityGroups(search, person);
  for (size_t next = 0; candidates && !candidates->empty();) {
    for (const Candidate& candidate : *candidates) {
      const auto dn = Dn::Parse(candidate.entry.dn);
      const auto group = dn ? left.find(*dn) : left.end();
      if (group == left.end()) continue;
      group->second.through = candidate.through;
      search.found.push_back(std::move(group->second));
      left.erase(group);
    }
    std::vector<Holder> level;
    for (; next < search.found.size(); ++next) level.push_back({&search.found[next].entry, next});
    if (level.empty()) break;
    candidates = SearchHolding(search, level);
  }
  if (!candidates) return candidates.error();
  for (auto& [dn, group] : left) {
    group.is_way_known = false;
    search.found.push_back(std::move(group));
  }
  return {};
}

Result<std::vector<std::vector<Entry>>> GroupFinder::SearchGroups(
    Search& search, const std::vector<std::string>& filters) const {
  std::vector<SearchRequest> requests;
  for (const std::string& filter : filters) {
    requests.push_back({.base = settings_.groups.base,
                        .filter = filter,
                        .attributes = GroupAttributes(),
                        .maximum_entries = settings_.groups_per_person});
  }
  auto answers = search.connection.SearchAll(requests, search.deadline);
  if (!answers && answers.error().code == ErrorCode::kResourceExhausted) return TooManyGroups();
  return answers;
}

// The groups that the holders' entries name, those below groups.base.
Result<std::vector<GroupFinder::Candidate>> GroupFinder::ReadMemberOf(
    Search& search, std::span<const Holder> holders) const {
  auto named = NamesOfGroups(search, holders);
  if (!named) return named.error();
  auto groups = SearchNamed(search, *named);
  if (!groups) return groups.error();
  if (const auto read = ReadNamed(search, *named, *groups); !read) return read.error();
  return groups;
}

Result<GroupFinder::Named> GroupFinder::NamesOfGroups(Search& search,
                                                      std::span<const Holder> holders) const {
  const std::string attribute = MemberAttribute();
  Named named;
  for (const Holder& holder : holders) {
    const auto& names = ValuesOf(*holder.entry, attribute);
    if (names.size() > kMaximumMemberOfValues) return TooManyGroups();
    for (const std::string& name : names) {
      auto dn = Dn::Parse(name);
      if (!dn) {
        search.dropped.push_back({holder.entry->dn, attribute, "a value that is no DN"});
        continue;
      }
      if (!dn->IsWithin(base_) || search.seen.contains(dn->text())) continue;
      named.emplace(*std::move(dn), Name{name, holder});
      if (named.size() > settings_.groups_per_person) return TooManyGroups();
    }
  }
  return named;
}

// By what their RDNs say that they hold: hundreds in one search, and no attribute that only some
// servers can search for, like entryDN. What is found is taken out of `named`; a namesake
// elsewhere is not asked for and left out.
Result<std::vector<GroupFinder::Candidate>> GroupFinder::SearchNamed(Search& search,
                                                                     Named& named) const {
  std::vector<std::string> parts;
  for (const auto& [dn, name] : named) {
    const auto held = dn.HeldValue();
    if (held) parts.push_back(EqualityFilter(held->first, held->second));
  }
  if (parts.empty()) return std::vector<Candidate>();
  auto answers = SearchGroups(search, Batched(std::move(parts), kNamesPerSearch));
  if (!answers) return answers.error();
  std::vector<Candidate> groups;
  for (auto& answer : *answers) {
    for (Entry& entry : answer) {
      const auto dn = Dn::Parse(entry.dn);
      const auto asked = dn ? named.find(*dn) : named.end();
      if (asked == named.end()) continue;
      groups.push_back({std::move(entry), asked->second.by.place});
      named.erase(asked);
    }
  }
  return groups;
}

// Those that no search finds, by their names: an index may lack them, or a right to search.
Result<void> GroupFinder::ReadNamed(Search& search, const Named& named,
                                    std::vector<Candidate>& groups) const {
  std::vector<SearchRequest> requests;
  for (const auto& [dn, name] : named) {
    requests.push_back({.base = name.spelled,
                        .scope = SearchScope::kBase,
                        .filter = PresenceFilter("objectClass"),
                        .attributes = GroupAttributes(),
                        .maximum_entries = 1,
                        .may_be_missing = true});
  }
  auto answers = search.connection.SearchAll(requests, search.deadline);
  if (!answers) return answers.error();
  size_t i = 0;
  for (const auto& [dn, name] : named) {
    auto& answer = (*answers)[i++];
    if (answer.empty()) {
      search.dropped.push_back(
          {name.by.entry->dn, MemberAttribute(),
           "names '" + name.spelled + "', which is not there or cannot be read"});
    }
    for (Entry& entry : answer) groups.push_back({std::move(entry), name.by.place});
  }
  return {};
}

std::optional<Dn> GroupFinder::DnBelowBase(const Entry& entry,
                                           std::vector<DroppedValue>& dropped) const {
  auto dn = Dn::Parse(entry.dn);
  if (dn && dn->IsWithin(base_)) return *std::move(dn);
  dropped.push_back({entry.dn.substr(0, kMaximumValueBytes), "dn",
                     "the group is not below ldap.groups.base; it is left out"});
  return std::nullopt;
}

std::vector<std::string> GroupFinder::GroupAttributes() const {
  std::vector<std::string> names{settings_.groups.name_attribute};
  for (const auto& [template_name, attribute] : settings_.groups.attributes) {
    names.push_back(attribute);
  }
  const bool is_by_member_of = settings_.groups.membership == Membership::kMemberOf;
  if (settings_.groups.nested && is_by_member_of) names.push_back(MemberAttribute());
  if (IsActiveDirectory()) names.emplace_back(kSid);
  return names;
}

std::vector<std::string> GroupFinder::PersonAttributes() const {
  switch (settings_.groups.membership) {
    case Membership::kMemberUid:
    case Membership::kMember:
      return {};
    case Membership::kMemberOf:
      return {MemberAttribute()};
    case Membership::kActiveDirectory:
      return {kSid, kPrimaryGroup};
  }
  return {};
}

std::string GroupFinder::AllGroupsFilter() const {
  const std::string filter = PresenceFilter(settings_.groups.name_attribute);
  if (!IsActiveDirectory()) return filter;
  return AllOf(
      {EqualityFilter("objectClass", "group"), BitsFilter("groupType", kIsForSecurity), filter});
}

std::string GroupFinder::MemberAttribute() const {
  if (!settings_.groups.member_attribute.empty()) return settings_.groups.member_attribute;
  switch (settings_.groups.membership) {
    case Membership::kMemberUid:
      return "memberUid";
    case Membership::kMember:
    case Membership::kActiveDirectory:
      return kMember;
    case Membership::kMemberOf:
      return "memberOf";
  }
  return {};
}

Error GroupFinder::TooManyGroups() const {
  return {ErrorCode::kResourceExhausted, "ldap: the person is in more than " +
                                             std::to_string(settings_.groups_per_person) +
                                             " groups; see limits.groups_per_person"};
}

}  // namespace rolebridge::ldap
