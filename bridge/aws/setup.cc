#include "bridge/aws/setup.h"

#include <nlohmann/json.hpp>

#include "bridge/aws/characters.h"
#include "bridge/aws/quote.h"

namespace rolebridge::aws {
namespace {

using nlohmann::ordered_json;

constexpr char kNoPermissions[] =
    "The roles come without permissions: attach policies to each yourself.";

// `name` with everything but letters and digits written as `escape` and two digits, and so `escape`
// itself: two names never become one.
std::string Identifier(std::string_view name, char escape) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string identifier;
  for (const char c : name) {
    if (IsLetterOrDigit(c) && c != escape) {
      identifier += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    identifier += escape;
    identifier += kHex[octet / 16];
    identifier += kHex[octet % 16];
  }
  return identifier;
}

std::string Heading(const AccountSetup& setup) {
  return "AWS account " + setup.account + " (" + Quoted(setup.label) + "), application '" +
         Quoted(setup.application) + "' of rolebridge.";
}

// ---- CloudFormation ----

// CloudFormation takes letters and digits alone as the name of a resource.
constexpr char kLogicalEscape = 'Z';

ordered_json TrustPolicyWith(const ordered_json& provider, const SignIn& sign_in) {
  ordered_json policy = ordered_json::parse(WriteTrustPolicy(sign_in), nullptr, false);
  policy["Statement"][0]["Principal"]["Federated"] = provider;
  return policy;
}

void AddProvider(const SetupProvider& provider, const std::string& metadata,
                 ordered_json& resources) {
  const std::string id = "SamlProvider" + Identifier(provider.provider.name(), kLogicalEscape);
  resources[id] = {
      {"Type", "AWS::IAM::SAMLProvider"},
      {"Condition", "IsTheAccount"},
      {"Properties", {{"Name", provider.provider.name()}, {"SamlMetadataDocument", metadata}}}};
  // Ref is the provider's ARN, and lets it be made first.
  const ordered_json trust = TrustPolicyWith({{"Ref", id}}, provider.sign_in);
  for (const SetupRole& role : provider.roles) {
    resources["Role" + Identifier(role.role.name(), kLogicalEscape)] = {
        {"Type", "AWS::IAM::Role"},
        {"Condition", "IsTheAccount"},
        {"Properties",
         {{"RoleName", role.role.name()},
          {"Path", role.role.path()},
          {"MaxSessionDuration", role.max_session_duration.count()},
          {"AssumeRolePolicyDocument", trust}}}};
  }
}

// ---- Terraform ----

std::string HclQuoted(std::string_view text) {
  std::string quoted = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_template = (c == '$' || c == '%') && i + 1 < text.size() && text[i + 1] == '{';
    if (c == '"' || c == '\\') quoted += '\\';
    if (is_template) quoted += c;
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string HclList(const std::vector<std::string>& values) {
  std::string list = "[";
  for (const std::string& value : values) {
    list += (list.size() == 1 ? "" : ", ") + HclQuoted(value);
  }
  return list + "]";
}

void AddTerraformProvider(const SetupProvider& provider, const AccountSetup& setup,
                          std::string& text) {
  const std::string id = Identifier(provider.provider.name(), '_');
  text += "\nresource \"aws_iam_saml_provider\" \"rolebridge_" + id +
          "\" {\n"
          "  name                   = " +
          HclQuoted(provider.provider.name()) +
          "\n"
          "  saml_metadata_document = " +
          HclQuoted(setup.metadata) +
          "\n\n"
          "  lifecycle {\n"
          "    precondition {\n"
          "      condition     = data.aws_caller_identity.rolebridge.account_id == " +
          HclQuoted(setup.account) +
          "\n"
          "      error_message = " +
          HclQuoted("This is for AWS account " + setup.account + ".") +
          "\n"
          "    }\n"
          "  }\n"
          "}\n\n"
          "locals {\n"
          "  rolebridge_trust_" +
          id +
          " = jsonencode({\n"
          "    Version = \"2012-10-17\"\n"
          "    Statement = [{\n"
          "      Effect    = \"Allow\"\n"
          "      Principal = { Federated = aws_iam_saml_provider.rolebridge_" +
          id +
          ".arn }\n"
          "      Action    = " +
          HclList(ActionsFor(provider.sign_in)) +
          "\n"
          "      Condition = { StringEquals = {\n"
          "        \"SAML:aud\" = " +
          HclList(provider.sign_in.acs_urls) +
          "\n"
          "        \"SAML:iss\" = " +
          HclQuoted(provider.sign_in.entity_id) +
          "\n"
          "      } }\n"
          "    }]\n"
          "  })\n"
          "}\n";
  for (const SetupRole& role : provider.roles) {
    text += "\nresource \"aws_iam_role\" \"rolebridge_" + Identifier(role.role.name(), '_') +
            "\" {\n"
            "  name                 = " +
            HclQuoted(role.role.name()) +
            "\n"
            "  path                 = " +
            HclQuoted(role.role.path()) +
            "\n"
            "  max_session_duration = " +
            std::to_string(role.max_session_duration.count()) +
            "\n"
            "  assume_role_policy   = local.rolebridge_trust_" +
            id + "\n}\n";
  }
}

// ---- aws iam ----

// One word for a shell, whatever stands in it.
std::string ShellQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

void AddCliProvider(const SetupProvider& provider, std::string& text) {
  const std::string arn = ShellQuoted(provider.provider.text());
  text += "\n# SAML provider " + provider.provider.name() +
          "\n"
          "if aws iam get-saml-provider --saml-provider-arn=" +
          arn +
          " >/dev/null 2>&1; then\n"
          "  aws iam update-saml-provider --saml-provider-arn=" +
          arn +
          " --saml-metadata-document=\"$metadata\"\n"
          "else\n"
          "  aws iam create-saml-provider --name=" +
          ShellQuoted(provider.provider.name()) +
          " --saml-metadata-document=\"$metadata\"\n"
          "fi\n"
          "trust=" +
          ShellQuoted(WriteTrustPolicy(provider.sign_in)) + "\n";
  for (const SetupRole& role : provider.roles) {
    text += "make_role " + ShellQuoted(role.role.name()) + " " + ShellQuoted(role.role.path()) +
            " " + std::to_string(role.max_session_duration.count()) + "\n";
  }
}

// With "=", so that a name that begins with a dash is no option.
constexpr char kCliFunctions[] = R"(set -eu
export AWS_PAGER=

# make_role NAME PATH SECONDS
make_role() {
  if ! aws iam get-role --role-name="$1" >/dev/null 2>&1; then
    aws iam create-role --role-name="$1" --path="$2" --assume-role-policy-document="$trust" \
      --max-session-duration="$3"
  elif [ "${UPDATE_ROLES:-no}" = yes ]; then
    aws iam update-assume-role-policy --role-name="$1" --policy-document="$trust"
    aws iam update-role --role-name="$1" --max-session-duration="$3"
  else
    printf 'role %s is there already and was left as it is\n' "$1" >&2
  fi
}
)";

}  // namespace

std::string WriteCloudFormation(const AccountSetup& setup) {
  ordered_json resources = ordered_json::object();
  for (const SetupProvider& provider : setup.providers) {
    AddProvider(provider, setup.metadata, resources);
  }
  const ordered_json is_the_account = {
      {"Fn::Equals", {{{"Ref", "AWS::AccountId"}}, setup.account}}};
  const ordered_json document = {{"AWSTemplateFormatVersion", "2010-09-09"},
                                 {"Description", Heading(setup) + " " + kNoPermissions},
                                 {"Conditions", {{"IsTheAccount", is_the_account}}},
                                 {"Resources", resources}};
  return document.dump(2, ' ', /*ensure_ascii=*/true, ordered_json::error_handler_t::replace) +
         "\n";
}

std::string WriteTerraform(const AccountSetup& setup) {
  std::string text = "# " + Heading(setup) +
                     "\n"
                     "# An account is a deployment of its own, with a state of its own.\n"
                     "# " +
                     kNoPermissions +
                     "\n\n"
                     "data \"aws_caller_identity\" \"rolebridge\" {}\n";
  for (const SetupProvider& provider : setup.providers) AddTerraformProvider(provider, setup, text);
  return text;
}

std::string WriteCliScript(const AccountSetup& setup) {
  std::string text =
      "#!/bin/sh\n# " + Heading(setup) +
      "\n"
      "# Run it with credentials of that account. Roles that are there are left as they are;\n"
      "# UPDATE_ROLES=yes gives them this trust policy and this maximum session duration.\n"
      "# " +
      kNoPermissions + "\n" + kCliFunctions +
      "\n"
      "account=$(aws sts get-caller-identity --query Account --output text)\n"
      "if [ \"$account\" != " +
      ShellQuoted(setup.account) +
      " ]; then\n"
      "  printf 'these credentials are of account %s, and this is for %s\\n' \"$account\" " +
      ShellQuoted(setup.account) +
      " >&2\n"
      "  exit 1\n"
      "fi\n\n"
      "metadata=" +
      ShellQuoted(setup.metadata) + "\n";
  for (const SetupProvider& provider : setup.providers) AddCliProvider(provider, text);
  return text;
}

}  // namespace rolebridge::aws
