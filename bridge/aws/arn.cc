#include "bridge/aws/arn.h"

#include <algorithm>
#include <array>

#include "bridge/aws/characters.h"
#include "bridge/aws/quote.h"

namespace rolebridge::aws {
namespace {

// aws-saml.md 2.2; a partition that is not here is a misprint.
constexpr std::array<std::string_view, 8> kPartitions = {
    "aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"};

constexpr size_t kMinArn = 20;  // STS: RoleArn, PrincipalArn
constexpr size_t kMaxArn = 2048;
constexpr size_t kMaxPath = 512;

struct Fields {
  std::string_view partition, account, resource;
};

Error Malformed(std::string_view kind, std::string_view text, const std::string& why) {
  return {ErrorCode::kInvalidArgument,
          "'" + Quoted(text) + "' is not a " + std::string(kind) + ": " + why};
}

// Splits arn:PARTITION:iam::ACCOUNT:RESOURCE; empty, and `why` says so, where it is something else.
Fields SplitArn(std::string_view text, std::string& why) {
  std::array<std::string_view, 6> parts;
  std::string_view rest = text;
  for (size_t i = 0; i < 5; ++i) {
    const size_t colon = rest.find(':');
    if (colon == std::string_view::npos) {
      why = "it has fewer than six parts; write arn:aws:iam::ACCOUNT:...";
      return {};
    }
    parts[i] = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  parts[5] = rest;
  if (text.size() < kMinArn || text.size() > kMaxArn) {
    why = "an ARN has 20 to 2048 characters";
  } else if (parts[0] != "arn") {
    why = "it does not start with 'arn:'";
  } else if (std::find(kPartitions.begin(), kPartitions.end(), parts[1]) == kPartitions.end()) {
    why = "'" + Quoted(parts[1]) + "' is no partition; use aws, aws-cn or aws-us-gov";
  } else if (parts[2] != "iam" || !parts[3].empty()) {
    why = "its service is not IAM; write '" + std::string(parts[1]) + ":iam::'";
  } else if (!IsAccountId(parts[4])) {
    why = "its account '" + Quoted(parts[4]) + "' is not 12 digits";
  } else {
    return {.partition = parts[1], .account = parts[4], .resource = parts[5]};
  }
  return {};
}

// Pattern of aws-saml.md 2.2: empty, or one or more visible characters without comma, then a slash.
bool IsPath(std::string_view path) {
  if (path.empty()) return true;
  if (path.size() < 2 || path.size() + 1 > kMaxPath || path.back() != '/') return false;
  return std::all_of(path.begin(), path.end(),
                     [](char c) { return c > ' ' && c < 0x7F && c != ','; });
}

bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && EqualIgnoringCase(text.substr(0, prefix.size()), prefix);
}

}  // namespace

Result<RoleArn> RoleArn::Parse(std::string_view text) {
  std::string why;
  const Fields fields = SplitArn(text, why);
  if (!why.empty()) return Malformed("role ARN", text, why);
  constexpr std::string_view kKind = "role/";
  if (!fields.resource.starts_with(kKind)) {
    return Malformed("role ARN", text, "it does not say ':role/' after the account");
  }
  const std::string_view path_and_name = fields.resource.substr(kKind.size());
  const size_t slash = path_and_name.rfind('/');
  const size_t name_start = slash == std::string_view::npos ? 0 : slash + 1;
  const std::string_view path = path_and_name.substr(0, name_start);
  const std::string_view name = path_and_name.substr(name_start);
  if (!IsPath(path)) {
    return Malformed("role ARN", text,
                     "a path has at most 512 visible characters, no comma, and slashes around it");
  }
  if (name.empty() || name.size() > 64 || !ConsistsOf(name, IsRoleNameCharacter)) {
    return Malformed("role ARN", text,
                     "a role's name is 1 to 64 of [A-Za-z0-9_+=.@-]; a comma separates ARNs (2.2)");
  }
  // IAM keeps role names unique ignoring case, so a spelling of it is the same role.
  if (StartsWithIgnoringCase(name, "AWSReservedSSO_")) {
    return Malformed("role ARN", text,
                     "roles named AWSReservedSSO_ belong to IAM Identity Center and cannot be "
                     "assumed with SAML from here (R24)");
  }
  RoleArn arn;
  arn.text_ = text;
  arn.partition_ = fields.partition;
  arn.account_ = fields.account;
  arn.path_ = "/" + std::string(path);
  arn.name_ = name;
  return arn;
}

Result<SamlProviderArn> SamlProviderArn::Parse(std::string_view text) {
  std::string why;
  const Fields fields = SplitArn(text, why);
  if (!why.empty()) return Malformed("SAML provider ARN", text, why);
  constexpr std::string_view kKind = "saml-provider/";
  if (!fields.resource.starts_with(kKind)) {
    return Malformed("SAML provider ARN", text,
                     "it does not say ':saml-provider/' after the account");
  }
  const std::string_view name = fields.resource.substr(kKind.size());
  if (name.empty() || name.size() > 128 || !ConsistsOf(name, IsProviderNameCharacter)) {
    return Malformed("SAML provider ARN", text, "a provider's name is 1 to 128 of [A-Za-z0-9_.-]");
  }
  SamlProviderArn arn;
  arn.text_ = text;
  arn.partition_ = fields.partition;
  arn.account_ = fields.account;
  arn.name_ = name;
  return arn;
}

Result<RolePair> ParseRolePair(std::string_view text) {
  const size_t comma = text.find(',');
  if (comma == std::string_view::npos || text.find(',', comma + 1) != std::string_view::npos) {
    return Malformed("role", text,
                     "it must be a role ARN and a SAML provider ARN with exactly one comma between "
                     "(2.2)");
  }
  std::string_view role_text = text.substr(0, comma);
  std::string_view provider_text = text.substr(comma + 1);
  if (role_text.find(":saml-provider/") != std::string_view::npos) {
    std::swap(role_text, provider_text);
  }
  Result<RoleArn> role = RoleArn::Parse(role_text);
  if (!role) return role.error();
  Result<SamlProviderArn> provider = SamlProviderArn::Parse(provider_text);
  if (!provider) return provider.error();
  if (role->account() != provider->account() || role->partition() != provider->partition()) {
    return Malformed("role", text,
                     "role and provider must be in the same account and partition (R25)");
  }
  return RolePair{.role = *std::move(role), .provider = *std::move(provider)};
}

bool MatchesPattern(std::string_view name, std::string_view pattern) {
  // Goes back to the last star only, so the cost is bounded by the product of both lengths.
  size_t n = 0;
  size_t p = 0;
  size_t star = std::string_view::npos;
  size_t star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace rolebridge::aws
