#pragma once

#include <string>

#include "bridge/config/draft.h"
#include "bridge/config/resolve.h"

namespace rolebridge::config {

// What an application may say and probably does not mean: the directory alone names its roles
// though every one is allowed, two people can meet in one session name, source identity or NameID
// (security.md M5), or an attribute that people write themselves decides (M6). `path` is the
// application's. What two applications use is reported once.
void WarnOfApplication(const std::string& path, const Draft& draft,
                       const ApplicationDraft& application_draft, const Application& application,
                       Reports& reports);

}  // namespace rolebridge::config
