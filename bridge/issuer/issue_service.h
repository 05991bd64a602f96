#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <variant>

#include "bridge/config/config.h"
#include "bridge/entitlement/entitlement.h"
#include "bridge/issuer/audit.h"
#include "bridge/issuer/clock_guard.h"
#include "bridge/issuer/metrics.h"
#include "bridge/issuer/person_reader.h"
#include "bridge/issuer/response_rate.h"
#include "bridge/protocol/protocol.h"
#include "bridge/saml/signer.h"
#include "bridge/store/seen_requests.h"
#include "bridge/store/session_store.h"

namespace rolebridge::issuer {

// issue: the one place where a response comes into being.
//
// In this order, and each step refuses rather than repairs: session, application, the relying
// party's request, clock, rate, directory (live), mappings and policies, the role asked for, the
// response as values, AWS's rules, signature, size, audit record; then, and only then, it leaves.
// Safe to call from several threads.
class IssueService {
 public:
  using Reply = std::variant<protocol::IssueReply, protocol::Refusal>;

  IssueService(const config::Config& config, const PersonReader& people, const saml::Signer& signer,
               store::SessionStore& sessions, store::SeenRequests& seen_requests, Audit& audit,
               ClockGuard& clock_guard, ResponseRate& rate, Metrics& metrics, const Clock& clock,
               Random& random, const SecretString& name_id_key);

  Reply Issue(protocol::IssueRequest& request);

 private:
  struct Draft;  // what is known of a response so far

  std::variant<Draft, Refused> Prepare(protocol::IssueRequest& request,
                                       const store::Session& session);
  std::optional<Refused> CheckRequest(const config::Application& application,
                                      const protocol::IssueRequest& request,
                                      const store::Session& session);
  std::optional<Refused> CheckLevel(Draft& draft, const protocol::RequestFacts& request) const;
  std::optional<Refused> CheckRates(std::string_view session_identifier);
  std::variant<saml::Response, Refused> Compose(const Draft& draft,
                                                const protocol::IssueRequest& request,
                                                const store::Session& session);
  std::optional<Refused> ChooseRole(Draft& draft, const std::string& arn);
  saml::NameId NameIdFor(const Draft& draft);
  Reply Release(const Draft& draft, const saml::Response& response, protocol::IssueRequest& request,
                const store::Session& session);

  const config::Config& config_;
  const PersonReader& people_;
  const saml::Signer& signer_;
  store::SessionStore& sessions_;
  store::SeenRequests& seen_requests_;
  Audit& audit_;
  ClockGuard& clock_guard_;
  ResponseRate& rate_;
  Metrics& metrics_;
  const Clock& clock_;
  Random& random_;
  const SecretString& name_id_key_;

  std::atomic<uint64_t> signed_{0};
};

}  // namespace rolebridge::issuer
