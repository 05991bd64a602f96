#include "bridge/entitlement/given_facts.h"

#include <utility>

namespace rolebridge::entitlement {

std::map<std::string, std::string> ApplicationFacts(const config::Application& application) {
  return {{"slug", application.slug}, {"name", application.name}};
}

GivenFacts::GivenFacts(const config::Config& config, const config::Application& application,
                       const mapping::Facts& facts)
    : facts_(facts) {
  auto application_facts = ApplicationFacts(application);
  const bool is_complete = facts.application == application_facts;
  if (is_complete && config.grants.empty() && !mapping::HasTimeBox(facts)) return;
  changed_ = facts;
  changed_->application = std::move(application_facts);
  for (mapping::Group& group : changed_->groups) {
    const auto granted = config.grants.find(group.name);
    if (granted != config.grants.end()) group.attributes[config::kGrants] = granted->second;
  }
  mapping::RemoveEnded(*changed_, ended_);
}

}  // namespace rolebridge::entitlement
