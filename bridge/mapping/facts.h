#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rolebridge::mapping {

// Everything a template can name, read before any template is rendered. Attributes stand under
// their template names; a directory attribute is always a list, and one that is absent is not in
// the map.
using AttributeValues = std::map<std::string, std::vector<std::string>>;

// An entry of `accounts:`. All of it is the administrator's text.
struct Account {
  std::string alias;
  std::string id;                       // 12 digits
  std::string partition = "aws";        // as in its ARNs
  std::string provider = "rolebridge";  // the name of the SAML provider in it
  std::string name;                     // for people; the alias where it is not set
  std::map<std::string, std::string> tags;
};

struct User {
  std::string username;  // the name that PAM confirmed, canonical
  std::string dn;
  AttributeValues attributes;
  std::set<std::string> unreadable;  // attributes that are there, and nobody can tell what they say
};

struct Group {
  std::string name;
  std::string dn;  // normalised
  AttributeValues attributes;
  std::set<std::string> unreadable;  // as in User
};

struct Facts {
  User user;
  std::vector<Group> groups;  // Evaluate() sorts by name (bytes), then DN; any order comes in
  std::map<std::string, std::string> application;  // slug, name
  std::string client_address;
  std::chrono::sys_seconds instant{};  // of this very request
  size_t assurance = 0;                // index into the configured levels, lowest first
};

}  // namespace rolebridge::mapping
