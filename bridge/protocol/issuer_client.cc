#include "bridge/protocol/issuer_client.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "bridge/base/channel.h"

namespace rolebridge::protocol {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kSendTimeout = seconds(5);
constexpr milliseconds kReplyTimeout = seconds(15);
constexpr milliseconds kLoginReplyTimeout = seconds(5);

// An idle connection has nothing to read; an end, or a byte that nobody asked for, makes it
// useless.
bool IsStillQuiet(const Channel& channel) {
  char byte = 0;
  const ssize_t got = recv(channel.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

class IssuerClient final : public IssuerApi {
 public:
  IssuerClient(std::string path, uid_t issuer_uid)
      : path_(std::move(path)), issuer_uid_(issuer_uid) {}

  Result<Answer<SettingsReply>> Settings(SettingsRequest& request) override {
    return Ask<SettingsReply>(RequestType::kSettings, request, kReplyTimeout);
  }
  Result<Answer<LoginReply>> BeginLogin(BeginLoginRequest& request) override {
    return Ask<LoginReply>(RequestType::kBeginLogin, request, kLoginReplyTimeout);
  }
  Result<Answer<LoginReply>> AnswerPrompts(AnswerRequest& request) override {
    return Ask<LoginReply>(RequestType::kAnswer, request, kLoginReplyTimeout);
  }
  Result<Answer<DescribeReply>> Describe(DescribeRequest& request) override {
    return Ask<DescribeReply>(RequestType::kDescribe, request, kReplyTimeout);
  }
  Result<Answer<IssueReply>> Issue(IssueRequest& request) override {
    return Ask<IssueReply>(RequestType::kIssue, request, kReplyTimeout, kMaxIssueReply);
  }
  Result<Answer<EndSessionReply>> EndSession(EndSessionRequest& request) override {
    return Ask<EndSessionReply>(RequestType::kEndSession, request, kReplyTimeout);
  }
  Result<Answer<MetadataReply>> Metadata(MetadataRequest& request) override {
    return Ask<MetadataReply>(RequestType::kMetadata, request, kReplyTimeout);
  }
  Result<Answer<StatusReply>> Status(StatusRequest& request) override {
    return Ask<StatusReply>(RequestType::kStatus, request, kReplyTimeout);
  }
  Result<Answer<MetricsReply>> Metrics(MetricsRequest& request) override {
    return Ask<MetricsReply>(RequestType::kMetrics, request, kReplyTimeout);
  }

 private:
  template <typename Reply, typename Request>
  Result<Answer<Reply>> Ask(RequestType type, Request& request, milliseconds timeout,
                            size_t max_reply = kMaxReply) {
    const Result<SecretString> message = EncodeMessage(static_cast<uint8_t>(type), request);
    if (!message) return message.error();
    Result<Channel> channel = Borrow();
    if (!channel) return channel.error();
    const Result<void> sent = channel->Send(message->Reveal(), kSendTimeout);
    if (!sent) return sent.error();
    const Result<SecretString> reply = channel->Receive(max_reply, timeout);
    if (!reply) return reply.error();
    const std::string_view bytes = reply->Reveal();
    const auto reply_type = static_cast<RequestType>(static_cast<uint8_t>(bytes.front()));
    if (reply_type == RequestType::kRefused) {
      return Decode<Reply, Refusal>(bytes, *std::move(channel));
    }
    if (reply_type != type) {
      return Error{ErrorCode::kInvalidArgument, "the issuer answered something else"};
    }
    return Decode<Reply, Reply>(bytes, *std::move(channel));
  }

  template <typename Reply, typename Message>
  Result<Answer<Reply>> Decode(std::string_view bytes, Channel channel) {
    Result<Message> message = DecodeMessage<Message>(bytes);
    if (!message) return message.error();
    GiveBack(std::move(channel));
    return Answer<Reply>(*std::move(message));
  }

  Result<Channel> Borrow() {
    while (std::optional<Channel> idle = TakeIdle()) {
      if (IsStillQuiet(*idle)) return *std::move(idle);
    }
    Result<Channel> channel = Channel::Connect(path_);
    if (!channel) return channel;
    const Result<uid_t> peer = PeerUid(channel->fd());
    if (!peer) return peer.error();
    if (*peer != issuer_uid_) {
      return Error{ErrorCode::kPermissionDenied, "'" + path_ + "' is served by uid " +
                                                     std::to_string(*peer) + ", not by the issuer"};
    }
    return channel;
  }

  std::optional<Channel> TakeIdle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::nullopt;
    std::optional<Channel> channel(std::move(idle_.back()));
    idle_.pop_back();
    return channel;
  }

  void GiveBack(Channel channel) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(channel));
  }

  const std::string path_;
  const uid_t issuer_uid_;
  std::mutex mutex_;
  std::vector<Channel> idle_;  // never more than there are workers
};

}  // namespace

std::unique_ptr<IssuerApi> ConnectToIssuer(std::string path, uid_t issuer_uid) {
  return std::make_unique<IssuerClient>(std::move(path), issuer_uid);
}

}  // namespace rolebridge::protocol
