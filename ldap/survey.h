#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"
#include "ldap/pool.h"
#include "ldap/settings.h"

namespace rolebridge::ldap {

// What a directory says of itself (RFC 4512 section 5.1).
struct RootEntry {
  // Where its entries begin, as it writes them; where it names a default one (389, AD), that alone.
  std::vector<std::string> naming_contexts;
  bool is_active_directory = false;
  // The names of those attributes of `wanted` that its schema has; nothing where it shows none.
  std::set<std::string> known_attributes;
};

// The entries that one of the usual layouts would have, in short.
struct Census {
  size_t entries = 0;
  std::string base;              // the smallest subtree that holds all of them, without themselves
  std::set<std::string> values;  // of the attribute that was asked for
  bool is_whole = true;          // false: there are more than were counted
};

inline constexpr size_t kMaximumCounted = 100'000;
inline constexpr size_t kMaximumCensusValues = 10'000;

// Looks around in a directory whose layout is not known yet, for `rolebridge init`. For one thread.
class Survey {
 public:
  // Of `settings`: servers, authorities, bind account and times; no bases. Nothing is connected.
  Survey(Settings settings, SecretString password);

  // Errors of both: those of Connection, with what to look at.
  Result<RootEntry> ReadRoot(const std::vector<std::string>& wanted);

  // Those below `base` that have `attribute`, found by the right to search alone where
  // `value_attribute` is empty; else with the values of that one.
  // Errors: also kInvalidArgument, `attribute` is no attribute's name.
  Result<Census> Count(const std::string& base, const std::string& attribute,
                       const std::string& value_attribute = {});

 private:
  Deadline LookupDeadline() const;

  const Settings settings_;
  Pool pool_;
};

// The smallest subtree that holds all of `names`, without themselves; "" where there is none.
// What is no DN does not count.
std::string CommonBase(const std::vector<std::string>& names);

}  // namespace rolebridge::ldap
