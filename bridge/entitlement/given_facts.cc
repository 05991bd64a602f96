#include "bridge/entitlement/given_facts.h"

#include <utility>

namespace rolebridge::entitlement {

GivenFacts::GivenFacts(const config::Config& config, const config::Application& application,
                       mapping::Facts facts)
    : facts_(std::move(facts)) {
  facts_.application = {{"slug", application.slug}, {"name", application.name}};
  for (mapping::Group& group : facts_.groups) {
    const auto granted = config.grants.find(group.name);
    if (granted != config.grants.end()) group.attributes[config::kGrants] = granted->second;
  }
  if (mapping::HasTimeBox(facts_)) mapping::RemoveEnded(facts_, ended_);
}

}  // namespace rolebridge::entitlement
