#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/entitlement/entitlement.h"
#include "bridge/issuer/audit.h"
#include "bridge/issuer/metrics.h"
#include "bridge/issuer/person_reader.h"
#include "bridge/protocol/protocol.h"

namespace rolebridge::issuer {

// A stable word for the audit record.
std::string_view NameOf(protocol::Reason reason);

// Puts `refused` on record and hands back what the person is told. `user` may be empty.
protocol::Refusal RecordRefusal(Audit& audit, Metrics& metrics, const protocol::Context& context,
                                std::string_view user, std::string_view application,
                                const Refused& refused);

// "a; b; c"
std::string Join(const std::vector<std::string>& texts);

std::vector<std::string> GroupNames(const mapping::Facts& facts);

// What of the directory and of the mappings was left out, and why, as one text for the record.
std::string DroppedText(const std::vector<ldap::DroppedValue>& values,
                        const entitlement::Entitlement& entitlement);

// What follows from a policy that does not hold.
Refused RefusedBy(const mapping::Policy& policy, const mapping::Verdict& verdict);

// Why nothing may be issued although the person is known: a policy, a required value, a budget.
// Nothing where all is well.
std::optional<Refused> ObjectionOf(const entitlement::Entitlement& entitlement,
                                   const config::Application& application,
                                   const PersonView& person);

}  // namespace rolebridge::issuer
