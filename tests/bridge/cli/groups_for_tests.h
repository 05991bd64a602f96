#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ldap/directory.h"

namespace rolebridge::cli {

// A directory that has groups, and people where somebody puts them in.
class GroupsOnly final : public ldap::Directory {
 public:
  explicit GroupsOnly(std::vector<ldap::Group> groups) : groups_(std::move(groups)) {}

  Result<ldap::Lookup> Find(std::string_view username) override {
    const auto found = people.find(std::string(username));
    if (found == people.end()) return Error{ErrorCode::kNotFound, "no entry"};
    return found->second;
  }
  Result<void> ForEachGroup(const std::function<bool(const ldap::Group&)>& visit,
                            std::vector<ldap::DroppedValue>& dropped) override {
    for (const ldap::Group& group : groups_) {
      if (!visit(group)) break;
    }
    dropped = dropped_values;
    return outcome;
  }
  Result<void> ForEachUsername(const std::function<bool(const std::string&)>& visit) override {
    for (const auto& [name, lookup] : people) {
      if (!visit(name)) break;
    }
    return {};
  }
  Result<void> Probe() override { return {}; }

  std::map<std::string, Result<ldap::Lookup>> people;
  Result<void> outcome;
  std::vector<ldap::DroppedValue> dropped_values;

 private:
  std::vector<ldap::Group> groups_;
};

inline ldap::Group AwsGroup(const std::string& name, const std::string& account,
                            const std::string& role) {
  return {.name = name,
          .dn = "cn=" + name + ",ou=groups,dc=example,dc=org",
          .attributes = {{"aws_account", {account}}, {"aws_role", {role}}}};
}

inline ldap::Lookup Member(std::vector<ldap::Group> groups) {
  ldap::Lookup lookup;
  lookup.groups = std::move(groups);
  return lookup;
}

}  // namespace rolebridge::cli
