#pragma once

#include <map>
#include <string>
#include <vector>

namespace rolebridge::mapping {

// Everything a template can name, read before any template is rendered. Attributes stand under
// their template names; a directory attribute is always a list, and one that is absent is not in
// the map.
using AttributeValues = std::map<std::string, std::vector<std::string>>;

struct User {
  std::string username;  // the name that PAM confirmed, canonical
  std::string dn;
  AttributeValues attributes;
};

struct Group {
  std::string name;
  std::string dn;  // normalised
  AttributeValues attributes;
};

struct Facts {
  User user;
  std::vector<Group> groups;  // Evaluate() sorts by name (bytes), then DN; any order comes in
  std::map<std::string, std::string> application;  // slug, name
  std::string client_address;
  size_t assurance = 0;  // index into the configured levels, lowest first
};

}  // namespace rolebridge::mapping
