#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <variant>

#include "bridge/base/result.h"
#include "bridge/protocol/protocol.h"

namespace rolebridge::protocol {

// The answer to a request: what was asked for, or the issuer's refusal.
template <typename Reply>
using Answer = std::variant<Reply, Refusal>;

// What web asks the issuer through. A test hands in its own.
//
// Errors of every call: kUnavailable or kDeadlineExceeded, no issuer answers; kInvalidArgument, it
// answered nonsense (the connection is closed). Safe to call from several threads.
class IssuerApi {
 public:
  virtual ~IssuerApi() = default;
  virtual Result<Answer<SettingsReply>> Settings(SettingsRequest& request) = 0;
  virtual Result<Answer<LoginReply>> BeginLogin(BeginLoginRequest& request) = 0;
  virtual Result<Answer<LoginReply>> AnswerPrompts(AnswerRequest& request) = 0;
  virtual Result<Answer<DescribeReply>> Describe(DescribeRequest& request) = 0;
  virtual Result<Answer<IssueReply>> Issue(IssueRequest& request) = 0;
  virtual Result<Answer<EndSessionReply>> EndSession(EndSessionRequest& request) = 0;
  virtual Result<Answer<MetadataReply>> Metadata(MetadataRequest& request) = 0;
  virtual Result<Answer<StatusReply>> Status(StatusRequest& request) = 0;
  virtual Result<Answer<MetricsReply>> Metrics(MetricsRequest& request) = 0;
};

// The real one: a few connections to the socket at `path`, made when they are needed and again
// after the issuer was restarted. `issuer_uid`: whom the peer must be.
std::unique_ptr<IssuerApi> ConnectToIssuer(std::string path, uid_t issuer_uid);

}  // namespace rolebridge::protocol
