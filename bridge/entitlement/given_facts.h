#pragma once

#include <optional>
#include <vector>

#include "bridge/config/config.h"
#include "bridge/mapping/facts.h"
#include "bridge/mapping/time_box.h"

namespace rolebridge::entitlement {

// What templates see: the facts that were read, with the application, with what `grants:` gives to
// the groups among them, and without the values whose time is over.
class GivenFacts {
 public:
  GivenFacts(const config::Config& config, const config::Application& application,
             mapping::Facts facts);

  const mapping::Facts& facts() const { return facts_; }
  const std::vector<mapping::EndedValue>& ended() const { return ended_; }

 private:
  mapping::Facts facts_;
  std::vector<mapping::EndedValue> ended_;
};

}  // namespace rolebridge::entitlement
