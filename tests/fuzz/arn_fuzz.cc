#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include "bridge/aws/attributes.h"

// security.md M2, M3: whatever the directory holds, what comes out is a subset of what the
// configuration names.
namespace {

using rolebridge::TracedText;
using rolebridge::aws::RolePair;
using rolebridge::aws::RoleRules;

// A template as an administrator writes it; "" is where a value from the directory stands.
using Template = std::array<const char*, 7>;

constexpr std::array<Template, 5> kTemplates = {
    Template{"arn:aws:iam::123412341234:role/", "",
             ",arn:aws:iam::123412341234:saml-provider/rolebridge", nullptr},
    Template{"arn:aws:iam::123412341234:role/team/app-", "", "-", "",
             ",arn:aws:iam::123412341234:saml-provider/rolebridge", nullptr},
    Template{"arn:aws:iam::123412341234:saml-provider/rolebridge,arn:aws:iam::123412341234:role/",
             "", nullptr},
    Template{"arn:aws:iam::", "", ":role/Admin,arn:aws:iam::", "", ":saml-provider/rolebridge",
             nullptr},
    Template{"", ",", "", nullptr},
};

TracedText Render(const Template& parts, FuzzedDataProvider& data) {
  TracedText text;
  for (const char* part : parts) {
    if (part == nullptr) break;
    const bool from_directory = *part == '\0';
    text.pieces.push_back({.text = from_directory ? data.ConsumeRandomLengthString(4096) : part,
                           .from_directory = from_directory,
                           .source = from_directory ? "fuzz" : ""});
  }
  return text;
}

void Require(bool holds) {
  if (!holds) std::abort();
}

bool HasSeparator(const std::string& text) {
  return text.find_first_of(std::string(",:/ *?\0", 7)) != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  const size_t which = data.ConsumeIntegralInRange<size_t>(0, kTemplates.size() - 1);
  const bool trust_arn = data.ConsumeBool();
  const RoleRules rules = {.allowed_accounts = {"123412341234", "567856785678"},
                           .allowed_roles = {"Admin", "app-*", "Read*"}};
  const TracedText text = Render(kTemplates[which], data);
  const auto pair = rolebridge::aws::CheckRole(text, rules, trust_arn);
  if (!pair) {
    Require(!pair.error().message.empty());
    return 0;
  }
  const std::string& account = pair->role.account();
  Require(account == "123412341234" || (which == 3 && account == "567856785678"));
  Require(pair->provider.account() == account);
  Require(pair->role.partition() == "aws" && pair->provider.partition() == "aws");
  Require(pair->provider.name() == "rolebridge");
  Require(pair->role.path() == (which == 1 ? "/team/" : "/"));
  Require(!HasSeparator(pair->role.name()));
  // What is sent reads as exactly this pair again.
  const auto again = rolebridge::aws::ParseRolePair(pair->Text());
  Require(again.has_value() && *again == *pair);
  return 0;
}
