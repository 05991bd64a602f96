#pragma once

#include "bridge/base/secret_string.h"
#include "bridge/config/config.h"
#include "bridge/protocol/protocol.h"

namespace rolebridge::issuer {

// settings: what web may know of the configuration (protocol.h).
protocol::SettingsReply SettingsFor(const config::Config& config, const SecretString& sealing_key);

}  // namespace rolebridge::issuer
