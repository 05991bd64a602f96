#pragma once

#include "bridge/config/draft.h"

namespace rolebridge::config {

// Every key that a configuration may have: the whole grammar, one row a key.
SectionType<Draft> ConfigSection();

// Sections that several files may fill together, each name once.
bool IsMergedByName(std::string_view section);

}  // namespace rolebridge::config
