#include "bridge/issuer/admin_table.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bridge/issuer/person_reader.h"
#include "bridge/issuer/username.h"
#include "bridge/protocol/admin.h"

namespace rolebridge::issuer {
namespace {

using protocol::AdminRequestType;
using protocol::Reason;
using protocol::Refusal;

template <typename Message>
std::optional<SecretString> Encode(AdminRequestType type, Message& message) {
  Result<SecretString> bytes = EncodeMessage(static_cast<uint8_t>(type), message);
  if (!bytes) return std::nullopt;
  return *std::move(bytes);
}

// Decodes, checks the version, and hands over to `handler`, which makes a reply or a Refusal.
template <typename Request, typename Handler>
std::optional<SecretString> Serve(AdminRequestType type, std::string_view message,
                                  Handler handler) {
  Result<Request> request = DecodeMessage<Request>(message);
  if (!request || request->version != protocol::kVersion) return std::nullopt;
  auto reply = handler(*request);
  if (Refusal* const refusal = std::get_if<Refusal>(&reply)) {
    return Encode(AdminRequestType::kRefused, *refusal);
  }
  return Encode(type, std::get<0>(reply));
}

std::string By(uid_t peer) { return "uid " + std::to_string(peer); }

// What of `texts` goes into a reply; the rest is counted.
std::vector<std::string> Fitting(std::vector<std::string> texts, uint32_t& others) {
  constexpr size_t kMost = 20;
  if (texts.size() > kMost) {
    others += static_cast<uint32_t>(texts.size() - kMost);
    texts.resize(kMost);
  }
  for (std::string& text : texts) text.resize(std::min<size_t>(text.size(), 1024));
  return texts;
}

std::variant<protocol::ReloadReply, Refusal> Reload(CurrentService& current, uid_t peer) {
  CurrentService::Outcome outcome = current.Reload(By(peer));
  protocol::ReloadReply reply{.is_taken = outcome.is_taken,
                              .config_hash = std::move(outcome.config_hash)};
  reply.problems = Fitting(std::move(outcome.problems), reply.others);
  reply.warnings = Fitting(std::move(outcome.warnings), reply.others);
  return reply;
}

// As a login would make it; a name that nobody can have stays as it is and fits nobody.
std::string Canonical(const config::Config& config, const std::string& username) {
  return CanonicalUsername(username, config.usernames).value_or(username);
}

std::variant<protocol::ListSessionsReply, Refusal> ListSessions(
    const config::Config& config, const State& state,
    const protocol::ListSessionsRequest& request) {
  protocol::ListSessionsReply reply;
  const auto level_of = [&](const store::Session& session) {
    const auto current = CurrentAssurance(config, session, state.clock.Now());
    return current ? config.assurance.at(current->level).name : std::string();
  };
  const BootTime now = state.clock.SinceBoot();
  const auto age = [&](BootTime since) {
    return static_cast<uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(now - since).count());
  };
  for (const store::Session& session : state.sessions.List(
           Canonical(config, request.username), request.after, protocol::kSessionsPerPage + 1)) {
    if (reply.sessions.size() == protocol::kSessionsPerPage) {
      reply.has_more = true;
      break;
    }
    reply.sessions.push_back(
        {.session_index = session.session_index,
         .username = session.username,
         .client_address = session.client_address,
         .assurance = level_of(session),
         .authn_instant = static_cast<uint64_t>(session.authn_instant.time_since_epoch().count()),
         .age_seconds = age(session.created),
         .idle_seconds = age(session.last_used)});
  }
  return reply;
}

std::variant<protocol::EndSessionsReply, Refusal> EndSessions(
    const config::Config& config, const State& state, const protocol::EndSessionsRequest& request,
    uid_t peer) {
  if (request.username.empty() == request.session_index.empty()) {
    return Refusal{Reason::kMalformed, "name a person or a session"};
  }
  const std::string username = Canonical(config, request.username);
  const Result<size_t> ended = state.sessions.EndAll(
      username, request.session_index,
      [&](const std::vector<std::string>& indexes, std::vector<store::Change> changes) {
        std::string text;
        for (const std::string& index : indexes) text += (text.empty() ? "" : " ") + index;
        return state.audit.Write({"sessions_ended",
                                  LogPriority::kNotice,
                                  {{"by", By(peer)},
                                   {"user", username},
                                   {"count", std::to_string(indexes.size())},
                                   {"sessions", std::move(text)}}},
                                 std::move(changes));
      });
  if (!ended) return Refusal{Reason::kUnavailable, ended.error().message};
  return protocol::EndSessionsReply{static_cast<uint32_t>(*ended)};
}

}  // namespace

std::optional<SecretString> AdminTable::Answer(std::string_view message, uid_t peer) const {
  if (message.empty() || message.size() > protocol::kMaxAdminRequest) return std::nullopt;
  const auto type = static_cast<AdminRequestType>(static_cast<uint8_t>(message.front()));
  const std::shared_ptr<const Service> service = current_.Get();
  const config::Config& config = service->config();
  switch (type) {
    case AdminRequestType::kReload:
      return Serve<protocol::ReloadRequest>(type, message,
                                            [&](const auto&) { return Reload(current_, peer); });
    case AdminRequestType::kListSessions:
      return Serve<protocol::ListSessionsRequest>(type, message, [&](const auto& request) {
        return ListSessions(config, state_, request);
      });
    case AdminRequestType::kEndSessions:
      return Serve<protocol::EndSessionsRequest>(type, message, [&](const auto& request) {
        return EndSessions(config, state_, request, peer);
      });
    case AdminRequestType::kRefused:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace rolebridge::issuer
