#include "bridge/issuer/promise.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "bridge/entitlement/entitlement.h"
#include "bridge/issuer/applications.h"
#include "bridge/issuer/person_reader.h"
#include "bridge/issuer/response_draft.h"
#include "bridge/issuer/username.h"

namespace rolebridge::issuer {
namespace {

using entitlement::Entitlement;

Error Broken(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

Result<PersonView> PersonOf(const config::Config& config, const config::Test& test,
                            ldap::Directory* directory) {
  if (!test.is_live) {
    PersonView person;
    person.facts.user = {test.user, "uid=" + test.user, test.attributes};
    person.facts.groups = test.groups;
    return person;
  }
  if (directory == nullptr) {
    return Error{ErrorCode::kUnavailable, "'" + test.user + "' is somebody of the directory"};
  }
  const auto username = CanonicalUsername(test.user, config.usernames);
  if (!username) return Broken("'" + test.user + "' is nobody's name here");
  const Result<ldap::Lookup> lookup = directory->Find(*username);
  if (!lookup) return lookup.error();
  if (lookup->person.account_state != ldap::AccountState::kActive) {
    return Error{ErrorCode::kPermissionDenied,
                 "the directory says: " + lookup->person.account_reason};
  }
  return PersonView{.facts = FactsOf(*username, *lookup), .dropped = lookup->dropped};
}

std::vector<std::string> RolesOf(const Entitlement& entitlement) {
  std::vector<std::string> arns;
  for (const entitlement::Role& role : entitlement.roles) arns.push_back(role.pair.role.text());
  std::sort(arns.begin(), arns.end());
  arns.erase(std::unique(arns.begin(), arns.end()), arns.end());
  return arns;
}

// "; missing a, b"
std::string Difference(const char* word, const std::vector<std::string>& these,
                       const std::vector<std::string>& those) {
  std::vector<std::string> only;
  std::set_difference(these.begin(), these.end(), those.begin(), those.end(),
                      std::back_inserter(only));
  std::string text;
  for (const std::string& arn : only) text += (text.empty() ? "" : ", ") + arn;
  return text.empty() ? "" : std::string("; ") + word + " " + text;
}

}  // namespace

Result<void> CheckPromise(const config::Config& config, const config::Test& test,
                          ldap::Directory* directory, const Clock& clock) {
  const config::Application* const application = FindApplication(config, test.application);
  if (application == nullptr) return Broken("there is no application '" + test.application + "'");
  Result<PersonView> person = PersonOf(config, test, directory);
  if (!person) {
    const bool is_refused = person.error().code == ErrorCode::kPermissionDenied;
    if (is_refused && test.is_refused) return {};
    return person.error();
  }
  person->facts.client_address = test.client_address;
  person->facts.assurance = test.assurance;
  person->facts.instant = test.at.value_or(clock.Now());
  const Entitlement entitlement = entitlement::Evaluate(config, *application, person->facts);
  const auto objection = ObjectionBeforehand(config, *application, entitlement, *person);
  const std::vector<std::string> roles = RolesOf(entitlement);
  if (test.is_refused) {
    if (objection) return {};
    return Broken("is to be refused, and would get in" + Difference("with", roles, {}));
  }
  if (objection) return Broken("would be refused: " + objection->why);
  if (roles == test.roles) return {};
  return Broken("gives other roles" + Difference("missing", test.roles, roles) +
                Difference("too many", roles, test.roles));
}

}  // namespace rolebridge::issuer
