#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bridge/config/config.h"
#include "bridge/mapping/facts.h"
#include "bridge/mapping/time_box.h"

namespace rolebridge::entitlement {

// What templates can name of an application.
std::map<std::string, std::string> ApplicationFacts(const config::Application& application);

// What templates see: the facts that were read, with the application, with what `grants:` gives to
// the groups among them, and without the values whose time is over. `facts` outlives it, and is
// copied only where something of that changes it.
class GivenFacts {
 public:
  GivenFacts(const config::Config& config, const config::Application& application,
             const mapping::Facts& facts);

  const mapping::Facts& facts() const { return changed_ ? *changed_ : facts_; }
  const std::vector<mapping::EndedValue>& ended() const { return ended_; }

 private:
  const mapping::Facts& facts_;
  std::optional<mapping::Facts> changed_;
  std::vector<mapping::EndedValue> ended_;
};

}  // namespace rolebridge::entitlement
