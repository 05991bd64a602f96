#include "bridge/config/resolve_tests.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "bridge/aws/attributes.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::config {
namespace {

using mapping::DidYouMean;
using mapping::OneOf;
using mapping::Quote;

using Values = std::vector<Named<std::vector<std::string>>>;

// The index of `wanted` among `known`; a mistake otherwise.
std::optional<size_t> Find(const Located<std::string>& wanted, const std::string& path,
                           const char* what, const std::vector<std::string_view>& known,
                           Reports& reports) {
  const auto found = std::find(known.begin(), known.end(), wanted.value);
  if (found != known.end()) return static_cast<size_t>(found - known.begin());
  reports.mistakes.push_back({wanted.position, path + ": there is no " + std::string(what) + " " +
                                                   Quote(wanted.value) + "; there is " +
                                                   OneOf(known) + DidYouMean(wanted.value, known)});
  return std::nullopt;
}

mapping::AttributeValues AttributesOf(const Values& values) {
  mapping::AttributeValues attributes;
  for (const Named<std::vector<std::string>>& named : values) {
    attributes.emplace(named.name, named.value);
  }
  return attributes;
}

std::string WhatIsWrongWith(const TestDraft& draft) {
  if (draft.roles.has_value() == draft.refused) {
    return "says not what is expected; give it either 'roles' or 'refused: true'";
  }
  if (!draft.groups && !draft.attributes.empty()) {
    return "has attributes of a made-up user; give it 'groups', too";
  }
  return "";
}

bool SendsRoles(const Config& config, const std::string& slug) {
  return std::any_of(config.applications.begin(), config.applications.end(),
                     [&](const Application& application) {
                       return application.slug == slug && application.Makes(aws::kRole);
                     });
}

// An attribute that no template can name would let a test hold for a wrong reason.
void CheckNames(const Values& values, const ldap::AttributeNames& known, const std::string& path,
                Reports& reports) {
  std::vector<std::string_view> names;
  for (const auto& [name, attribute] : known) names.push_back(name);
  for (const Named<std::vector<std::string>>& value : values) {
    if (known.count(value.name) > 0) continue;
    reports.mistakes.push_back(
        {value.position, path + ": there is no attribute " + Quote(value.name) +
                             (names.empty() ? "" : "; there is " + OneOf(names)) +
                             DidYouMean(value.name, names)});
  }
}

Test TestOf(const TestDraft& draft) {
  Test test{.name = draft.name,
            .position = draft.position,
            .user = draft.user,
            .is_live = !draft.groups,
            .attributes = AttributesOf(draft.attributes),
            .application = draft.application.value,
            .client_address = draft.client,
            .at = draft.at,
            .roles = draft.roles.value_or(std::vector<std::string>{}),
            .is_refused = draft.refused};
  std::sort(test.roles.begin(), test.roles.end());
  if (!draft.groups) return test;
  for (const auto& group : *draft.groups) {
    test.groups.push_back({group.name, "cn=" + group.name, AttributesOf(group.value)});
  }
  return test;
}

}  // namespace

void ResolveTests(const std::vector<TestDraft>& drafts, Reports& reports, Config& config) {
  std::vector<std::string_view> slugs, levels;
  for (const Application& application : config.applications) slugs.push_back(application.slug);
  for (const AssuranceLevel& level : config.assurance) levels.push_back(level.name);
  for (size_t i = 0; i < drafts.size(); ++i) {
    const TestDraft& draft = drafts[i];
    const std::string path = "tests[" + std::to_string(i) + "]";
    const std::string wrong = WhatIsWrongWith(draft);
    if (!wrong.empty()) reports.mistakes.push_back({draft.position, path + ": " + wrong});
    if (draft.roles && draft.roles->empty() && SendsRoles(config, draft.application.value)) {
      reports.mistakes.push_back(
          {draft.position, path + ": whoever has no role there is refused; write 'refused: true'"});
    }
    CheckNames(draft.attributes, config.ldap.users.attributes, path + ".attributes", reports);
    if (draft.groups) {
      for (const auto& group : *draft.groups) {
        CheckNames(group.value, config.ldap.groups.attributes, path + ".groups." + group.name,
                   reports);
      }
    }
    Test test = TestOf(draft);
    if (!draft.application.value.empty()) {
      Find(draft.application, path + ".application", "application", slugs, reports);
    }
    if (draft.assurance) {
      test.assurance =
          Find(*draft.assurance, path + ".assurance", "level", levels, reports).value_or(0);
    }
    config.tests.push_back(std::move(test));
  }
}

}  // namespace rolebridge::config
