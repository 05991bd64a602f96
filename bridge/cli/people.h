#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/config/config.h"
#include "bridge/mapping/facts.h"
#include "ldap/directory.h"

namespace rolebridge::cli {

// For what goes over everybody in the directory: each person by the same search and code as at
// issuing.

// Adds the canonical user names of everybody whom a login could name. Errors: the directory's.
Result<void> ListPeople(const config::Config& config, ldap::Directory& directory,
                        std::vector<std::string>& usernames);

// What templates see of a person; nothing where they have no entry, or one that may not be used.
// Errors: the directory's, but for kNotFound.
Result<std::optional<mapping::Facts>> ReadPerson(ldap::Directory& directory,
                                                 const std::string& username);

// Calls `visit` for each name once, several at a time and in no order; the first error ends it.
// `progress`: where it is told how far we are; null: nowhere.
Result<void> ForEachPerson(const std::vector<std::string>& usernames, std::ostream* progress,
                           const std::function<Result<void>(const std::string&)>& visit);

}  // namespace rolebridge::cli
