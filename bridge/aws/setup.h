#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bridge/aws/arn.h"
#include "bridge/aws/trust_policy.h"

namespace rolebridge::aws {

struct SetupRole {
  RoleArn role;
  std::chrono::seconds max_session_duration{3600};  // 3600 to 43200
};

// A SAML provider and the roles that trust it.
struct SetupProvider {
  SamlProviderArn provider;
  SignIn sign_in;
  std::vector<SetupRole> roles;  // no two names that are one ignoring case
};

// The AWS side of one application in one account. An account is one deployment.
struct AccountSetup {
  std::string account;      // 12 digits
  std::string label;        // for people, any text
  std::string application;  // its slug
  std::string metadata;     // our document, XML
  std::vector<SetupProvider> providers;
};

// Text that makes it: the provider and its roles, without permissions policies, which only the
// administrator knows. Each refuses to work in another account. Every value is quoted by the rules
// of its language; `label` stands in comments and descriptions alone.
std::string WriteCloudFormation(const AccountSetup& setup);  // JSON
std::string WriteTerraform(const AccountSetup& setup);       // HCL, as `terraform fmt` has it
std::string WriteCliScript(const AccountSetup& setup);       // sh, with the commands `aws iam`

}  // namespace rolebridge::aws
