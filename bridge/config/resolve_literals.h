#pragma once

#include <string>
#include <vector>

#include "bridge/config/draft.h"
#include "bridge/config/resolve.h"

namespace rolebridge::config {

// What is wrong with an application's attributes and NameID before anybody logs in: the text around
// a template's {{ }} alone can never be what AWS takes, or its tags cannot stand together. `drafts`
// holds the entries of `mappings:`, `path` is the application's. A mapping that two applications
// use is reported once.
void CheckLiterals(const std::string& path, const std::vector<Named<MappingDraft>>& drafts,
                   const ApplicationDraft& draft, const Application& application, Reports& reports);

}  // namespace rolebridge::config
