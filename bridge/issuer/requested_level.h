#pragma once

#include <optional>

#include "bridge/config/config.h"
#include "bridge/protocol/protocol.h"

namespace rolebridge::issuer {

// The level of assurance, as an index, that an answer to a RequestedAuthnContext has to state (SAML
// Core 3.3.2.2.1): the highest that fits and that `current` proves, or else the lowest that fits,
// which then has to be proved first. Nothing where no configured level fits. Requests that ask for
// nothing, or for "unspecified", get `current`.
std::optional<size_t> RequestedLevel(const config::Config& config,
                                     const protocol::RequestFacts& request, size_t current);

}  // namespace rolebridge::issuer
