#pragma once

#include <utility>
#include <vector>

#include "ldap/directory.h"

namespace rolebridge::cli {

// A directory that has groups and nothing else.
class GroupsOnly final : public ldap::Directory {
 public:
  explicit GroupsOnly(std::vector<ldap::Group> groups) : groups_(std::move(groups)) {}

  Result<ldap::Lookup> Find(std::string_view) override {
    return Error{ErrorCode::kNotFound, "no entry"};
  }
  Result<void> ForEachGroup(const std::function<bool(const ldap::Group&)>& visit,
                            std::vector<ldap::DroppedValue>& dropped) override {
    for (const ldap::Group& group : groups_) {
      if (!visit(group)) break;
    }
    dropped = dropped_values;
    return outcome;
  }
  Result<void> ForEachUsername(const std::function<bool(const std::string&)>&) override {
    return {};
  }
  Result<void> Probe() override { return {}; }

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

}  // namespace rolebridge::cli
