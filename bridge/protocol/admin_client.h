#pragma once

#include <string>
#include <utility>
#include <variant>

#include "bridge/base/channel.h"
#include "bridge/base/result.h"
#include "bridge/protocol/admin.h"
#include "bridge/protocol/issuer_client.h"

namespace rolebridge::protocol {

// What the command rolebridge asks the issuer through; one connection a question.
//
// Errors of every call: kNotFound, nobody listens; kUnavailable, it may not be opened or ended
// meanwhile; kDeadlineExceeded, no answer in time; kInvalidArgument, an answer that is none.
class AdminClient {
 public:
  // Every directory that `tests:` ask may take its time.
  static constexpr std::chrono::seconds kReplyTimeout{80};

  explicit AdminClient(std::string path) : path_(std::move(path)) {}

  Result<Answer<ReloadReply>> Reload(ReloadRequest request) {
    return Ask<ReloadReply>(AdminRequestType::kReload, request);
  }
  Result<Answer<ListSessionsReply>> ListSessions(ListSessionsRequest request) {
    return Ask<ListSessionsReply>(AdminRequestType::kListSessions, request);
  }
  Result<Answer<EndSessionsReply>> EndSessions(EndSessionsRequest request) {
    return Ask<EndSessionsReply>(AdminRequestType::kEndSessions, request);
  }

 private:
  template <typename Reply, typename Request>
  Result<Answer<Reply>> Ask(AdminRequestType type, Request& request) {
    const Result<SecretString> message = EncodeMessage(static_cast<uint8_t>(type), request);
    if (!message) return message.error();
    Result<Channel> channel = Channel::Connect(path_);
    if (!channel) return channel.error();
    const Result<void> sent = channel->Send(message->Reveal(), std::chrono::seconds(5));
    if (!sent) return sent.error();
    const Result<SecretString> reply = channel->Receive(kMaxAdminReply, kReplyTimeout);
    if (!reply) return reply.error();
    const auto reply_type =
        static_cast<AdminRequestType>(static_cast<uint8_t>(reply->Reveal().front()));
    if (reply_type == AdminRequestType::kRefused) return Decode<Reply, Refusal>(*reply);
    if (reply_type == type) return Decode<Reply, Reply>(*reply);
    return Error{ErrorCode::kInvalidArgument, "rolebridge-issuer answered something else"};
  }

  template <typename Reply, typename Message>
  static Result<Answer<Reply>> Decode(const SecretString& bytes) {
    Result<Message> message = DecodeMessage<Message>(bytes.Reveal());
    if (!message) return message.error();
    return Answer<Reply>(*std::move(message));
  }

  const std::string path_;
};

}  // namespace rolebridge::protocol
