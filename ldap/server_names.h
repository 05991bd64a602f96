#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bridge/base/result.h"
#include "ldap/services.h"

namespace rolebridge::ldap {

// The addresses of the servers that ldap.uris means: those that stand there, and those that the DNS
// names for a domain (ldap+srv://, ldaps+srv://), each in its place. For one thread.
class ServerNames {
 public:
  ServerNames(std::vector<std::string> configured, ServiceFinder find);

  // Whether the DNS has a say.
  bool has_services() const { return has_services_; }

  // All that are known. An order that was drawn by weight stays until the DNS names other servers.
  std::vector<std::string> uris() const;

  // Asks the DNS for each domain; what it has no answer for stays as it was before. How long until
  // it is worth asking again: as the records say, from 30 seconds to an hour.
  std::chrono::seconds Refresh();

  // Why there is none, where there is none.
  const Error& failure() const { return failure_; }

 private:
  struct Known {
    std::vector<Service> services;  // sorted
    std::vector<std::string> uris;
  };
  Result<std::chrono::seconds> RefreshOne(const std::string& configured, const ServiceUri& uri);

  const std::vector<std::string> configured_;
  const ServiceFinder find_;
  bool has_services_ = false;
  std::map<std::string, Known> known_;  // by what is configured
  Error failure_{ErrorCode::kUnavailable, "ldap: ldap.uris names no server"};
};

}  // namespace rolebridge::ldap
