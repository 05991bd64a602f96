#include "ldap/survey.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "bridge/base/ascii.h"
#include "ldap/connection.h"
#include "ldap/dn.h"
#include "ldap/filter.h"

namespace rolebridge::ldap {
namespace {

constexpr const char* kNoAttributes = "1.1";  // RFC 4511 4.5.1.8

// Narrows `base` down, or widens it, so that it holds `name` as well.
class BaseFinder {
 public:
  void Add(const std::string& name) {
    const auto dn = Dn::Parse(name);
    if (!dn || is_hopeless_) return;
    if (!base_) {
      base_ = dn->Parent();
    } else {
      while (base_ && (!dn->IsWithin(*base_) || *dn == *base_)) base_ = base_->Parent();
    }
    is_hopeless_ = !base_;
  }
  std::string base() const { return base_ ? base_->text() : ""; }

 private:
  std::optional<Dn> base_;
  bool is_hopeless_ = false;
};

// RFC 4512 4.2.1: attributeTypes holds "( 1.2.3 NAME 'cn' ..." or "NAME ( 'cn' 'commonName' )".
bool Names(const std::string& description, const std::string& attribute) {
  return LowerAscii(description).find("'" + LowerAscii(attribute) + "'") != std::string::npos;
}

Result<std::set<std::string>> ReadSchema(Connection& connection, const std::string& base,
                                         const std::vector<std::string>& wanted,
                                         Deadline deadline) {
  const auto found = connection.Search({.base = base,
                                        .scope = SearchScope::kBase,
                                        .filter = EqualityFilter("objectClass", "subschema"),
                                        .attributes = {"attributeTypes"},
                                        .maximum_entries = 1,
                                        .may_be_missing = true},
                                       deadline);
  if (!found) return found.error();
  std::set<std::string> known;
  for (const Entry& entry : *found) {
    for (const std::string& description : ValuesOf(entry, "attributeTypes")) {
      for (const std::string& name : wanted) {
        if (Names(description, name)) known.insert(name);
      }
    }
  }
  return known;
}

}  // namespace

std::string CommonBase(const std::vector<std::string>& names) {
  BaseFinder finder;
  for (const std::string& name : names) finder.Add(name);
  return finder.base();
}

Survey::Survey(Settings settings, SecretString password)
    : settings_(std::move(settings)), pool_(settings_, std::move(password)) {}

Deadline Survey::LookupDeadline() const {
  return std::chrono::steady_clock::now() + settings_.lookup_timeout;
}

Result<RootEntry> Survey::ReadRoot(const std::vector<std::string>& wanted) {
  const Deadline deadline = LookupDeadline();
  const auto lease = pool_.Borrow(deadline);
  if (!lease) return lease.error();
  const auto found = (*lease)->Search({.base = "",
                                       .scope = SearchScope::kBase,
                                       .filter = PresenceFilter("objectClass"),
                                       .attributes = {"namingContexts", "defaultNamingContext",
                                                      "supportedCapabilities", "subschemaSubentry"},
                                       .maximum_entries = 1,
                                       .may_be_missing = true},
                                      deadline);
  if (!found) return found.error();
  RootEntry root;
  if (found->empty()) return root;
  const Entry& entry = found->front();
  root.naming_contexts = ValuesOf(entry, "defaultNamingContext");
  if (root.naming_contexts.empty()) root.naming_contexts = ValuesOf(entry, "namingContexts");
  const auto& capabilities = ValuesOf(entry, "supportedCapabilities");
  root.is_active_directory = std::find(capabilities.begin(), capabilities.end(),
                                       kActiveDirectoryCapability) != capabilities.end();
  for (const std::string& schema : ValuesOf(entry, "subschemaSubentry")) {
    auto known = ReadSchema(**lease, schema, wanted, deadline);
    if (!known) return known.error();
    root.known_attributes.merge(*known);
  }
  return root;
}

Result<Census> Survey::Count(const std::string& base, const std::string& attribute,
                             const std::string& value_attribute) {
  if (!IsAttributeName(attribute)) {
    return Error{ErrorCode::kInvalidArgument, "ldap: '" + attribute + "' is no attribute's name"};
  }
  const auto lease = pool_.Borrow(LookupDeadline());
  if (!lease) return lease.error();
  Census census;
  BaseFinder finder;
  const SearchRequest request{
      .base = base,
      .filter = PresenceFilter(attribute),
      .attributes = {value_attribute.empty() ? kNoAttributes : value_attribute},
      .may_be_partial = true};
  const auto visited = (*lease)->ForEach(request, [&](const Entry& entry) {
    census.is_whole = census.entries < kMaximumCounted;
    if (!census.is_whole) return false;
    ++census.entries;
    finder.Add(entry.dn);
    for (const std::string& value : ValuesOf(entry, value_attribute)) {
      if (census.values.size() < kMaximumCensusValues) census.values.insert(value);
    }
    return true;
  });
  if (!visited) return visited.error();
  census.base = finder.base();
  return census;
}

}  // namespace rolebridge::ldap
