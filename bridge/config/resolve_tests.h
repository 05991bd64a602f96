#pragma once

#include <vector>

#include "bridge/config/draft.h"
#include "bridge/config/resolve.h"

namespace rolebridge::config {

// Fills in `config.tests`; applications and levels are there already.
void ResolveTests(const std::vector<TestDraft>& drafts, Reports& reports, Config& config);

}  // namespace rolebridge::config
