#pragma once

#include <vector>

#include "bridge/config/draft.h"

namespace rolebridge::config {

struct Reports {
  std::vector<mapping::Mistake> mistakes;
  std::vector<mapping::Mistake> warnings;
};

// Adds `mistake` unless the same is said of the same place: what two applications share is judged
// once for each.
void AddOnce(std::vector<mapping::Mistake>& mistakes, mapping::Mistake mistake);

// Makes a Config of what was read: parses templates, follows names, fills in defaults and presets,
// and reports what is wrong only together. `complete`: reading found no mistake, so that what is
// not there was left out, and not refused.
Config Resolve(const Draft& draft, bool complete, Reports& reports);

}  // namespace rolebridge::config
