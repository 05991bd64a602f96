#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/aws/partition.h"
#include "bridge/config/config.h"

namespace rolebridge::issuer {

// Null where there is none.
const config::Application* FindApplication(const config::Config& config, std::string_view slug);

// The part of AWS that the application's preset names; null without a preset.
const aws::Partition* PartitionOf(const config::Application& application);

// Whether one of its mappings gives AWS roles.
bool SendsRoles(const config::Application& application);

// The hosts that its RelayState may point to (aws-saml.md 3.5).
std::vector<std::string> RelayStateHosts(const config::Application& application);

}  // namespace rolebridge::issuer
