#pragma once

#include <string>

#include "bridge/config/draft.h"
#include "bridge/config/resolve.h"

namespace rolebridge::config {

// Fills in what decides over an application's roles beside its mappings: policies, role_settings
// and the value of the NameID. `path`: "applications.aws"; `complete` as in Resolve().
void ResolveRules(const std::string& path, const ApplicationDraft& draft,
                  const mapping::Names& names, bool complete, Reports& reports,
                  Application& application);

}  // namespace rolebridge::config
