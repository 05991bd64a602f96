#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bridge/base/wire.h"
#include "bridge/protocol/admin.h"
#include "bridge/protocol/protocol.h"

namespace {

using namespace rolebridge;            // NOLINT: what this is about
using namespace rolebridge::protocol;  // NOLINT

// There is one way to write a message, so what was read and is written again is the same bytes.
template <typename... Messages>
void ReadAsEach(std::string_view bytes) {
  const auto read = [&]<typename Message>(Message*) {
    Result<Message> message = DecodeMessage<Message>(bytes);
    if (!message) return;
    const Result<SecretString> written =
        EncodeMessage(static_cast<uint8_t>(bytes.front()), *message);
    if (!written || written->Reveal() != bytes) std::abort();
  };
  (read(static_cast<Messages*>(nullptr)), ...);
}

}  // namespace

// Each message of both of the issuer's sockets and both directions, whatever its type byte says.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadAsEach<SettingsRequest, SettingsReply, BeginLoginRequest, AnswerRequest, LoginReply,
             DescribeRequest, DescribeReply, IssueRequest, IssueReply, EndSessionRequest,
             EndSessionReply, MetadataRequest, MetadataReply, StatusRequest, StatusReply,
             MetricsRequest, MetricsReply, Refusal>(bytes);
  ReadAsEach<ReloadRequest, ReloadReply, ListSessionsRequest, ListSessionsReply, EndSessionsRequest,
             EndSessionsReply>(bytes);
  return 0;
}
