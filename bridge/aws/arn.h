#pragma once

#include <string>
#include <string_view>

#include "bridge/base/result.h"

namespace rolebridge::aws {

// arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME in the pattern of aws-saml.md 2.2; it has no comma
// and no space, and is no AWSReservedSSO_ role (R24). Once it exists it is valid.
class RoleArn {
 public:
  // Errors: kInvalidArgument, with what is wrong.
  static Result<RoleArn> Parse(std::string_view text);
  const std::string& text() const { return text_; }
  const std::string& partition() const { return partition_; }
  const std::string& account() const { return account_; }  // 12 digits
  const std::string& path() const { return path_; }        // "/" or "/team/"
  const std::string& name() const { return name_; }
  bool operator==(const RoleArn&) const = default;
  auto operator<=>(const RoleArn&) const = default;

 private:
  RoleArn() = default;
  std::string text_, partition_, account_, path_, name_;
};

// arn:PARTITION:iam::ACCOUNT:saml-provider/NAME.
class SamlProviderArn {
 public:
  static Result<SamlProviderArn> Parse(std::string_view text);
  const std::string& text() const { return text_; }
  const std::string& partition() const { return partition_; }
  const std::string& account() const { return account_; }
  const std::string& name() const { return name_; }
  bool operator==(const SamlProviderArn&) const = default;
  auto operator<=>(const SamlProviderArn&) const = default;

 private:
  SamlProviderArn() = default;
  std::string text_, partition_, account_, name_;
};

// What one value of the Role attribute is: two ARNs of one account and partition (R25).
struct RolePair {
  RoleArn role;
  SamlProviderArn provider;
  // "role,provider": the order that every client takes (aws-saml.md 2.2).
  std::string Text() const { return role.text() + "," + provider.text(); }
  bool operator==(const RolePair&) const = default;
};

// `text`: both ARNs in either order, joined by one comma.
Result<RolePair> ParseRolePair(std::string_view text);

// True where `name` matches `pattern`, in which * is any run of characters and ? any one.
bool MatchesPattern(std::string_view name, std::string_view pattern);

}  // namespace rolebridge::aws
