#pragma once

#include <vector>

#include "bridge/config/draft.h"

namespace rolebridge::config {

struct Reports {
  std::vector<mapping::Mistake> mistakes;
  std::vector<mapping::Mistake> warnings;
};

// Makes a Config of what was read: parses templates, follows names, fills in defaults and presets,
// and reports what is wrong only together. `complete`: reading found no mistake, so that what is
// not there was left out, and not refused.
Config Resolve(const Draft& draft, bool complete, Reports& reports);

}  // namespace rolebridge::config
