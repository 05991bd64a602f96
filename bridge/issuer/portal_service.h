#pragma once

#include <variant>

#include "bridge/config/config.h"
#include "bridge/issuer/audit.h"
#include "bridge/issuer/metrics.h"
#include "bridge/issuer/person_reader.h"
#include "bridge/protocol/protocol.h"
#include "bridge/store/session_store.h"

namespace rolebridge::issuer {

// describe and end_session: what a person sees of what is open to them.
class PortalService {
 public:
  using Reply = std::variant<protocol::DescribeReply, protocol::Refusal>;

  PortalService(const config::Config& config, const PersonReader& people,
                store::SessionStore& sessions, Audit& audit, Metrics& metrics, const Clock& clock);

  // Everything that is open, or the one application asked for, read live. Nothing at all is a
  // refusal, on record with the groups that were seen.
  Reply Describe(protocol::DescribeRequest& request) const;

  protocol::EndSessionReply EndSession(protocol::EndSessionRequest& request) const;

 private:
  uint32_t ExpiresIn(const store::Session& session) const;

  const config::Config& config_;
  const PersonReader& people_;
  store::SessionStore& sessions_;
  Audit& audit_;
  Metrics& metrics_;
  const Clock& clock_;
};

}  // namespace rolebridge::issuer
