#pragma once

#include <chrono>
#include <ostream>
#include <string>
#include <vector>

#include "bridge/aws/arn.h"
#include "bridge/aws/trust_policy.h"
#include "bridge/base/clock.h"
#include "bridge/base/result.h"
#include "bridge/config/config.h"
#include "ldap/directory.h"

namespace rolebridge::cli {

// A role that somebody may come to have by an application, and the longest session that a response
// for it asks for (0: it asks for none).
struct NamedRole {
  aws::RolePair pair;
  std::chrono::seconds duration{0};
};

struct NamedRoles {
  std::vector<NamedRole> roles;       // each pair once, by account, then text
  size_t groups = 0;                  // that were read
  size_t people = 0;                  // who were read
  std::vector<std::string> warnings;  // what is not in `roles`, and why
};

// The roles that the directory names: what each group gives by itself, which nobody may be in yet,
// what is given without any, and what each person gets, by several groups at once or by something
// of their own. All at the lowest level of assurance and from no address. `progress` as in
// ForEachPerson(). Errors: the directory's.
Result<NamedRoles> FindNamedRoles(const config::Config& config,
                                  const config::Application& application,
                                  ldap::Directory& directory, SysSeconds now,
                                  std::ostream* progress = nullptr);

// What the application sends to the provider, as far as a trust policy can look at it.
aws::SignIn SignInFor(const config::Application& application, const aws::SamlProviderArn& provider);

}  // namespace rolebridge::cli
