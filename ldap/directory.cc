#include "ldap/directory.h"

#include <ldap.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "bridge/base/ascii.h"
#include "bridge/base/c_ptr.h"
#include "bridge/base/random.h"
#include "ldap/account_state.h"
#include "ldap/attribute_description.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/group_finder.h"
#include "ldap/pool.h"
#include "ldap/services.h"
#include "ldap/sid.h"

namespace rolebridge::ldap {
namespace {

using UrlParts = CPtr<LDAPURLDesc, ldap_free_urldesc>;
using Values = std::vector<std::string>;

constexpr const char* kNoAttributes = "1.1";  // RFC 4511 4.5.1.8
// Of one name there is one entry. Of two, whoever mends it wants to know which.
constexpr size_t kEntriesNamed = 2;
// In place of a group's name.
constexpr const char* kUnknownWay = "something outside of ldap.groups.base";
constexpr const char* kEntryIdAttributes[] = {"entryUUID", "nsUniqueId", "objectGUID"};

bool HasControlByte(std::string_view value) {
  return std::any_of(value.begin(), value.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Why a value is left out (security.md L9 and section 3); null where it is not.
const char* ReasonToDrop(const std::string& value) {
  if (value.size() > kMaximumValueBytes) return "longer than 4096 bytes";
  if (!IsText(value)) {
    return "not UTF-8, or a NUL byte in it: of binary values only identifiers of Active Directory "
           "can be mapped";
  }
  if (HasControlByte(value)) return "a control character in it";
  return nullptr;
}

std::optional<std::string> SidText(std::string_view bytes) {
  const auto sid = Sid::Parse(bytes);
  if (!sid) return std::nullopt;
  return sid->Text();
}

// The text of a binary value, for those attributes that have one way to be written.
struct BinaryAttribute {
  std::string_view name;  // in lower case
  std::optional<std::string> (*text)(std::string_view bytes);
  const char* complaint;
};
constexpr BinaryAttribute kBinaryAttributes[] = {
    {"objectguid", GuidText, "not the 16 bytes of a GUID"},
    {"ms-ds-consistencyguid", GuidText, "not the 16 bytes of a GUID"},
    {"objectsid", SidText, "not the bytes of a SID"},
    {"sidhistory", SidText, "not the bytes of a SID"},
};

const BinaryAttribute* FindBinary(std::string_view attribute) {
  const std::string name = LowerAscii(attribute);
  for (const BinaryAttribute& one : kBinaryAttributes) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

// The values of `attribute` that can be used, in byte order.
Values CleanValues(const Entry& entry, const std::string& shown_entry, const std::string& attribute,
                   std::vector<DroppedValue>& dropped) {
  const Values& all = ValuesOf(entry, attribute);
  // Half of the values must not pass for all of them.
  if (all.size() > kMaximumValues) {
    dropped.push_back({shown_entry, attribute, "more than 1000 values; none is used"});
    return {};
  }
  const BinaryAttribute* const binary = FindBinary(attribute);
  Values clean;
  for (const std::string& value : all) {
    if (binary != nullptr) {
      const auto text = binary->text(value);
      if (text) clean.push_back(*text);
      if (!text) dropped.push_back({shown_entry, attribute, binary->complaint});
      continue;
    }
    const char* const reason = ReasonToDrop(value);
    if (reason == nullptr) clean.push_back(value);
    if (reason != nullptr) dropped.push_back({shown_entry, attribute, reason});
  }
  std::sort(clean.begin(), clean.end());
  return clean;
}

AttributeValues ReadAttributes(const Entry& entry, const std::string& shown_entry,
                               const AttributeNames& names, std::vector<DroppedValue>& dropped) {
  AttributeValues attributes;
  for (const auto& [template_name, attribute] : names) {
    Values values = CleanValues(entry, shown_entry, attribute, dropped);
    if (!values.empty()) attributes[template_name] = std::move(values);
  }
  return attributes;
}

void AppendAttributes(const AttributeNames& names, std::vector<std::string>& list) {
  for (const auto& [template_name, attribute] : names) list.push_back(attribute);
}

Error WrongSetting(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

Result<void> CheckUri(const std::string& uri, bool is_anonymous) {
  if (ParseServiceUri(uri) && !is_anonymous) return {};
  LDAPURLDesc* raw = nullptr;
  const bool parsed = ldap_url_parse(uri.c_str(), &raw) == LDAP_URL_SUCCESS;
  const UrlParts url(raw);
  const bool is_local = uri.starts_with("ldapi://");
  const bool is_remote = uri.starts_with("ldap://") || uri.starts_with("ldaps://");
  if (!parsed || (!is_local && !is_remote) || uri.find_first_of(" ,") != std::string::npos) {
    return WrongSetting("ldap.uris: '" + uri +
                        "' is no address of a directory; write it like ldaps://ldap.example.org");
  }
  if (is_remote && (raw->lud_host == nullptr || *raw->lud_host == '\0')) {
    return WrongSetting("ldap.uris: '" + uri + "' names no host");
  }
  const bool has_more = (raw->lud_dn != nullptr && *raw->lud_dn != '\0') ||
                        raw->lud_filter != nullptr || raw->lud_attrs != nullptr ||
                        raw->lud_exts != nullptr;
  if (has_more) {
    return WrongSetting("ldap.uris: '" + uri + "': only scheme, host and port belong here");
  }
  if (is_remote && is_anonymous) {
    return WrongSetting("ldap.bind.dn: needed for '" + uri +
                        "'; only ldapi:// is read without an account");
  }
  return {};
}

Result<void> CheckAttributeNames(const std::string& key, const AttributeNames& names) {
  for (const auto& [template_name, attribute] : names) {
    if (!IsAttributeDescription(attribute)) {
      return WrongSetting(key + "." + template_name + ": '" + attribute +
                          "' is no LDAP attribute's name; use letters, digits and '-', and "
                          "options like ;lang-de");
    }
  }
  return {};
}

// security.md L6: an empty password, or a file that holds a line end alone, is no password.
bool IsBlank(std::string_view password) {
  return password.find_first_not_of("\r\n") == std::string_view::npos;
}

Result<void> CheckBind(const Bind& bind, const SecretString& password) {
  if (bind.mechanism != Bind::Mechanism::kSimple || bind.is_anonymous()) return {};
  if (const auto dn = Dn::Parse(bind.dn); !dn) {
    return WrongSetting("ldap.bind.dn: " + dn.error().message);
  }
  if (IsBlank(password.Reveal())) {
    return WrongSetting("ldap.bind.password_file: '" + bind.password_file +
                        "' is empty; a bind without a password proves nothing");
  }
  return {};
}

Result<void> CheckAccount(const Settings& settings, const SecretString& password) {
  const bool is_anonymous = settings.bind.is_anonymous();
  for (const std::string& uri : settings.uris) {
    if (const auto checked = CheckUri(uri, is_anonymous); !checked) return checked;
  }
  for (const std::string& part : settings.ignored_references) {
    if (const auto dn = Dn::Parse(part); !dn) {
      return WrongSetting("ldap.ignored_references: " + dn.error().message);
    }
  }
  if (settings.uris.empty()) return WrongSetting("ldap.uris: at least one address is needed");
  return CheckBind(settings.bind, password);
}

Result<void> CheckNames(const Settings& settings) {
  const std::pair<const char*, const std::string*> single[] = {
      {"ldap.users.login_attribute", &settings.users.login_attribute},
      {"ldap.groups.name_attribute", &settings.groups.name_attribute}};
  for (const auto& [key, name] : single) {
    if (!IsAttributeName(*name)) {
      return WrongSetting(std::string(key) + ": '" + *name + "' is no LDAP attribute's name");
    }
  }
  const std::string& member = settings.groups.member_attribute;
  if (!member.empty() && !IsAttributeName(member)) {
    return WrongSetting("ldap.groups.member_attribute: '" + member +
                        "' is no LDAP attribute's name");
  }
  if (const auto checked = CheckAttributeNames("ldap.users.attributes", settings.users.attributes);
      !checked) {
    return checked;
  }
  return CheckAttributeNames("ldap.groups.attributes", settings.groups.attributes);
}

class LdapDirectory final : public Directory {
 public:
  LdapDirectory(Settings settings, SecretString password, const Clock& clock, ServerNotice notice,
                FilterTemplate user_filter, Dn user_base, Dn group_base)
      : settings_(std::move(settings)),
        clock_(clock),
        user_filter_(std::move(user_filter)),
        user_base_(std::move(user_base)),
        finder_(settings_, std::move(group_base)),
        pool_(settings_, std::move(password), SystemServiceFinder(), std::move(notice)) {}

  Result<Lookup> Find(std::string_view username) override { return Find(username, Ways::kUnknown); }
  Result<Lookup> FindWithWays(std::string_view username) override {
    return Find(username, Ways::kKnown);
  }
  Result<void> ForEachGroup(const std::function<bool(const Group&)>& visit,
                            std::vector<DroppedValue>& dropped) override;
  Result<void> ForEachUsername(
      const std::function<bool(const std::string& username)>& visit) override;
  std::vector<ServerHealth> Servers() const override { return pool_.Servers(); }
  Result<void> Probe() override;
  Result<bool> IsActiveDirectory() override;

 private:
  Deadline LookupDeadline() const {
    return std::chrono::steady_clock::now() + settings_.lookup_timeout;
  }
  Result<Lookup> Find(std::string_view username, Ways ways);
  Result<Lookup> FindOn(Connection& connection, std::string_view username, Ways ways,
                        Deadline deadline) const;
  Result<Entry> FindEntry(Connection& connection, std::string_view username,
                          Deadline deadline) const;
  Result<Person> ReadPerson(const Entry& entry, const Dn& dn, Lookup& lookup) const;
  std::string ReadUniqueId(const Entry& entry) const;
  std::optional<Group> ReadGroup(const Entry& entry, const Dn& dn,
                                 std::vector<DroppedValue>& dropped) const;
  std::optional<std::string> GroupName(const Entry& entry, const Dn& dn,
                                       std::vector<DroppedValue>& dropped) const;
  std::vector<std::string> UserAttributes() const;
  std::string Canonical(const std::string& value) const {
    return settings_.users.fold_case ? LowerAscii(value) : value;
  }

  const Settings settings_;
  const Clock& clock_;
  const FilterTemplate user_filter_;
  const Dn user_base_;
  const GroupFinder finder_;
  Pool pool_;
};

Result<Lookup> LdapDirectory::Find(std::string_view username, Ways ways) {
  // Whatever the caller let pass: a longer name is nobody's (security.md U1).
  if (username.empty() || username.size() > 256 || !IsText(username)) {
    return Error{ErrorCode::kNotFound, "ldap: not a user name"};
  }
  const Deadline deadline = LookupDeadline();
  return pool_.With(deadline, [&](Connection& connection) {
    return FindOn(connection, username, ways, deadline);
  });
}

Result<Lookup> LdapDirectory::FindOn(Connection& connection, std::string_view username, Ways ways,
                                     Deadline deadline) const {
  const auto entry = FindEntry(connection, username, deadline);
  if (!entry) return entry.error();
  const auto dn = Dn::Parse(entry->dn);
  // A server that answers with something else than what was asked is not believed in the rest.
  if (!dn || !dn->IsWithin(user_base_)) {
    return Error{ErrorCode::kInvalidArgument,
                 "ldap: the entry '" + entry->dn + "' is not below ldap.users.base"};
  }
  Lookup lookup;
  auto person = ReadPerson(*entry, *dn, lookup);
  if (!person) return person.error();
  lookup.person = *std::move(person);

  const auto found = finder_.Find(connection, *entry, username, ways, deadline, lookup.dropped);
  if (!found) return found.error();
  std::vector<Values> onward;  // the way to what lies beyond each group found
  for (const FoundGroup& one : *found) {
    auto group = ReadGroup(one.entry, one.dn, lookup.dropped);
    Values way = ways == Ways::kKnown && one.through ? onward[*one.through] : Values();
    if (!one.is_way_known) way = {kUnknownWay};
    onward.push_back(way);
    onward.back().push_back(group ? group->name : one.dn.text());
    if (!group) continue;
    group->through = std::move(way);
    lookup.groups.push_back(*std::move(group));
  }
  return lookup;
}

Result<Entry> LdapDirectory::FindEntry(Connection& connection, std::string_view username,
                                       Deadline deadline) const {
  const SearchRequest request{.base = settings_.users.base,
                              .filter = user_filter_.Render(username),
                              .attributes = UserAttributes(),
                              .maximum_entries = kEntriesNamed};
  auto found = connection.Search(request, deadline);
  if (!found) return found.error();
  if (found->size() > 1) {
    return Error{ErrorCode::kAmbiguous, "ldap: more than one entry matches " + request.filter +
                                            ": '" + (*found)[0].dn + "' and '" + (*found)[1].dn +
                                            "'"};
  }
  if (found->empty()) {
    return Error{ErrorCode::kNotFound,
                 "ldap: no entry below '" + request.base + "' matches " + request.filter};
  }
  // U4: the server's matching is looser than ours; the entry itself must say that name.
  Entry& entry = found->front();
  const Values& names = ValuesOf(entry, settings_.users.login_attribute);
  const bool says_the_name = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return Canonical(name) == username;
  });
  if (!says_the_name) {
    return Error{ErrorCode::kNotFound, "ldap: the entry '" + entry.dn + "' matches, but no '" +
                                           settings_.users.login_attribute +
                                           "' of it is exactly that name"};
  }
  return std::move(entry);
}

Result<Person> LdapDirectory::ReadPerson(const Entry& entry, const Dn& dn, Lookup& lookup) const {
  Person person;
  person.dn = dn.text();
  person.unique_id = ReadUniqueId(entry);
  const Values& numbers = ValuesOf(entry, "uidNumber");
  for (const std::string& number : numbers) {
    uint32_t uid = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), uid);
    if (error != std::errc() || end != number.data() + number.size() || numbers.size() > 1) {
      return Error{ErrorCode::kInvalidArgument,
                   "ldap: '" + entry.dn + "' does not hold one uidNumber from 0 to 4294967295"};
    }
    person.uid_number = uid;
  }
  auto verdict = JudgeAccount(entry, settings_, clock_.Now());
  person.account_state = verdict.state;
  person.account_reason = std::move(verdict.reason);
  person.attributes = ReadAttributes(entry, person.dn, settings_.users.attributes, lookup.dropped);
  return person;
}

std::string LdapDirectory::ReadUniqueId(const Entry& entry) const {
  for (const char* const attribute : kEntryIdAttributes) {
    const Values& values = ValuesOf(entry, attribute);
    if (values.size() != 1 || values.front().size() > 64) continue;
    const std::string& value = values.front();
    if (std::string_view(attribute) != "objectGUID") return LowerAscii(value);
    return ToHex({reinterpret_cast<const unsigned char*>(value.data()), value.size()});
  }
  return {};
}

std::optional<Group> LdapDirectory::ReadGroup(const Entry& entry, const Dn& dn,
                                              std::vector<DroppedValue>& dropped) const {
  auto name = GroupName(entry, dn, dropped);
  if (!name) return std::nullopt;
  Group group;
  group.name = *std::move(name);
  group.dn = dn.text();
  group.attributes = ReadAttributes(entry, group.name, settings_.groups.attributes, dropped);
  return group;
}

// Of several names the one that stands in the DN: whoever may add a second name to a group of
// theirs must not make it look like another.
std::optional<std::string> LdapDirectory::GroupName(const Entry& entry, const Dn& dn,
                                                    std::vector<DroppedValue>& dropped) const {
  const std::string& attribute = settings_.groups.name_attribute;
  Values names = CleanValues(entry, dn.text(), attribute, dropped);
  if (names.size() == 1) return names.front();
  const auto in_dn = dn.RdnValue(LowerAscii(attribute));
  for (std::string& name : names) {
    if (in_dn && FoldValue(name) == *in_dn) return std::move(name);
  }
  dropped.push_back({dn.text(), attribute,
                     names.empty() ? "the group has no name; it is left out"
                                   : "several names, none of them in the DN; it is left out"});
  return std::nullopt;
}

std::vector<std::string> LdapDirectory::UserAttributes() const {
  // Most are operational, so that each must be asked for by name.
  std::vector<std::string> names(kAccountStateAttributes.begin(), kAccountStateAttributes.end());
  names.push_back(settings_.users.login_attribute);
  names.push_back("uidNumber");
  for (const char* const attribute : kEntryIdAttributes) names.push_back(attribute);
  for (std::string& name : finder_.PersonAttributes()) names.push_back(std::move(name));
  AppendAttributes(settings_.users.attributes, names);
  return names;
}

Result<void> LdapDirectory::ForEachGroup(const std::function<bool(const Group&)>& visit,
                                         std::vector<DroppedValue>& dropped) {
  const auto lease = pool_.Borrow(LookupDeadline());
  if (!lease) return lease.error();
  const SearchRequest request{.base = settings_.groups.base,
                              .filter = finder_.AllGroupsFilter(),
                              .attributes = finder_.GroupAttributes()};
  return (*lease)->ForEach(request, [&](const Entry& entry) {
    const auto dn = finder_.DnBelowBase(entry, dropped);
    if (!dn) return true;
    const auto group = ReadGroup(entry, *dn, dropped);
    return !group || visit(*group);
  });
}

Result<void> LdapDirectory::ForEachUsername(
    const std::function<bool(const std::string& username)>& visit) {
  const auto lease = pool_.Borrow(LookupDeadline());
  if (!lease) return lease.error();
  std::string filter = PresenceFilter(settings_.users.login_attribute);
  // There computers and groups have a login name as well.
  if (settings_.groups.membership == Membership::kActiveDirectory) {
    filter = AllOf({EqualityFilter("objectCategory", "person"),
                    EqualityFilter("objectClass", "user"), filter});
  }
  const SearchRequest request{.base = settings_.users.base,
                              .filter = filter,
                              .attributes = {settings_.users.login_attribute}};
  return (*lease)->ForEach(request, [&](const Entry& entry) {
    const Values& names = ValuesOf(entry, settings_.users.login_attribute);
    return std::all_of(names.begin(), names.end(), visit);
  });
}

Result<void> LdapDirectory::Probe() {
  const Deadline deadline = LookupDeadline();
  const std::pair<const char*, const std::string*> bases[] = {
      {"ldap.users.base", &settings_.users.base}, {"ldap.groups.base", &settings_.groups.base}};
  return pool_.With(deadline, [&](Connection& connection) -> Result<void> {
    for (const auto& [key, base] : bases) {
      const auto found = connection.Search({.base = *base,
                                            .scope = SearchScope::kBase,
                                            .filter = PresenceFilter("objectClass"),
                                            .attributes = {kNoAttributes},
                                            .maximum_entries = 1,
                                            .may_be_missing = true},
                                           deadline);
      if (!found) return found.error();
      if (found->empty()) {
        return Error{ErrorCode::kNotFound, std::string(key) + ": '" + *base +
                                               "' is not there, or " + settings_.bind.Words() +
                                               " may not read it"};
      }
    }
    return {};
  });
}

Result<bool> LdapDirectory::IsActiveDirectory() {
  const Deadline deadline = LookupDeadline();
  return pool_.With(deadline, [&](Connection& connection) -> Result<bool> {
    const auto found = connection.Search({.base = "",
                                          .scope = SearchScope::kBase,
                                          .filter = PresenceFilter("objectClass"),
                                          .attributes = {"supportedCapabilities"},
                                          .maximum_entries = 1,
                                          .may_be_missing = true},
                                         deadline);
    if (!found) return found.error();
    if (found->empty()) return false;
    const Values& capabilities = ValuesOf(found->front(), "supportedCapabilities");
    return std::count(capabilities.begin(), capabilities.end(), kActiveDirectoryCapability) > 0;
  });
}

}  // namespace

Result<std::unique_ptr<Directory>> Directory::Create(Settings settings, SecretString password,
                                                     const Clock& clock, ServerNotice notice) {
  if (const auto checked = CheckAccount(settings, password); !checked) return checked.error();
  if (const auto checked = CheckNames(settings); !checked) return checked.error();
  auto filter = FilterTemplate::Parse(settings.users.filter);
  if (!filter) return WrongSetting("ldap.users.filter: " + filter.error().message);
  auto user_base = Dn::Parse(settings.users.base);
  if (!user_base) return WrongSetting("ldap.users.base: " + user_base.error().message);
  auto group_base = Dn::Parse(settings.groups.base);
  if (!group_base) return WrongSetting("ldap.groups.base: " + group_base.error().message);
  if (settings.pool_size == 0) return WrongSetting("ldap: the pool needs room for one connection");
  return std::unique_ptr<Directory>(std::make_unique<LdapDirectory>(
      std::move(settings), std::move(password), clock, std::move(notice), *std::move(filter),
      *std::move(user_base), *std::move(group_base)));
}

}  // namespace rolebridge::ldap
