#include "bridge/issuer/request_table.h"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "bridge/issuer/applications.h"
#include "bridge/issuer/settings.h"

namespace rolebridge::issuer {
namespace {

using protocol::Reason;
using protocol::Refusal;
using protocol::RequestType;

template <typename Message>
std::optional<SecretString> Encode(RequestType type, Message& message) {
  Result<SecretString> bytes = EncodeMessage(static_cast<uint8_t>(type), message);
  if (!bytes) return std::nullopt;
  return *std::move(bytes);
}

template <typename Reply>
std::optional<SecretString> Encode(RequestType type, std::variant<Reply, Refusal> reply) {
  if (Refusal* refusal = std::get_if<Refusal>(&reply)) {
    return Encode(RequestType::kRefused, *refusal);
  }
  return Encode(type, std::get<Reply>(reply));
}

bool IsHexId(std::string_view text) {
  return text.size() == 16 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// The address becomes PAM_RHOST, which modules resolve: numeric or nothing (security.md P6).
bool IsNumericAddress(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool IsSound(const protocol::Context& context) {
  return context.version == protocol::kVersion && IsHexId(context.request_id) &&
         IsNumericAddress(context.client_address);
}

// Decodes, checks what every request has, and hands over to `handler`.
template <typename Request, typename Handler>
std::optional<SecretString> Serve(std::string_view message, Handler handler) {
  Result<Request> request = DecodeMessage<Request>(message);
  if (!request || !IsSound(request->context)) return std::nullopt;
  return handler(*request);
}

protocol::StatusReply StatusOf(const Services& services) {
  const State& state = services.state;
  protocol::StatusReply reply{.config_hash = services.config.hash};
  if (state.clock_guard.Objection(services.config.require_synchronised_clock)) {
    reply.why_not = "clock";
  } else if (services.published_keys.front().not_after <= state.clock.Now()) {
    reply.why_not = "certificate";
  } else if (!state.store.Probe()) {
    reply.why_not = "store";
  } else if (!services.login.CanReachPam()) {
    reply.why_not = "pam";
  } else if (!services.directory.Probe()) {
    reply.why_not = "directory";
  } else {
    reply.ready = true;
  }
  return reply;
}

protocol::MetricsReply MetricsOf(const Services& services) {
  const State& state = services.state;
  return {state.metrics.Text({.sessions = state.sessions.size(),
                              .conversations = state.conversations.size(),
                              .certificates = EndsOf(services.published_keys),
                              .config_hash = services.config.hash,
                              .directory_servers = services.directory.Servers()})};
}

std::variant<protocol::MetadataReply, Refusal> MetadataOf(const Services& services,
                                                          const std::string& slug) {
  if (FindApplication(services.config, slug) == nullptr) {
    return Refusal{Reason::kUnknownApplication, ""};
  }
  Result<std::string> document = services.metadata(slug);
  if (!document) return Refusal{Reason::kUnavailable, ""};
  return protocol::MetadataReply{*std::move(document)};
}

}  // namespace

std::optional<SecretString> RequestTable::Answer(std::string_view message) const {
  if (message.empty()) return std::nullopt;
  const auto type = static_cast<RequestType>(static_cast<uint8_t>(message.front()));
  const size_t longest =
      type == RequestType::kAnswer ? protocol::kMaxAnswerRequest : protocol::kMaxRequest;
  if (message.size() > longest) return std::nullopt;
  switch (type) {
    case RequestType::kSettings:
      return Serve<protocol::SettingsRequest>(message, [&](auto&) {
        protocol::SettingsReply reply = SettingsFor(services_.config, services_.state.keys.sealing);
        return Encode(type, reply);
      });
    case RequestType::kBeginLogin:
      return Serve<protocol::BeginLoginRequest>(
          message, [&](auto& request) { return Encode(type, services_.login.Begin(request)); });
    case RequestType::kAnswer:
      return Serve<protocol::AnswerRequest>(
          message, [&](auto& request) { return Encode(type, services_.login.Answer(request)); });
    case RequestType::kDescribe:
      return Serve<protocol::DescribeRequest>(
          message, [&](auto& request) { return Encode(type, services_.portal.Describe(request)); });
    case RequestType::kIssue:
      return Serve<protocol::IssueRequest>(
          message, [&](auto& request) { return Encode(type, services_.issue.Issue(request)); });
    case RequestType::kEndSession:
      return Serve<protocol::EndSessionRequest>(message, [&](auto& request) {
        protocol::EndSessionReply reply = services_.portal.EndSession(request);
        return Encode(type, reply);
      });
    case RequestType::kMetadata:
      return Serve<protocol::MetadataRequest>(message, [&](auto& request) {
        return Encode(type, MetadataOf(services_, request.application));
      });
    case RequestType::kStatus:
      return Serve<protocol::StatusRequest>(message, [&](auto&) {
        protocol::StatusReply reply = StatusOf(services_);
        return Encode(type, reply);
      });
    case RequestType::kMetrics:
      return Serve<protocol::MetricsRequest>(message, [&](auto&) {
        protocol::MetricsReply reply = MetricsOf(services_);
        return Encode(type, reply);
      });
    case RequestType::kRefused:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace rolebridge::issuer
