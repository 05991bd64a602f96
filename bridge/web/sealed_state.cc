#include "bridge/web/sealed_state.h"

#include <algorithm>

#include "bridge/base/base64.h"
#include "bridge/base/wire.h"
#include "bridge/crypto/crypto.h"
#include "bridge/web/next_path.h"

namespace rolebridge::web {
namespace {

constexpr std::string_view kSignOnContext = "rolebridge sign-on request v1";

// For which purpose and browser; part of what is authenticated.
std::string ConversationContext(std::string_view login_cookie) {
  return "rolebridge conversation v1 " + std::string(login_cookie);
}

// RFC 4648 section 5, without padding.
std::string EncodeForUrl(std::string_view bytes) {
  std::string text = EncodeBase64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

Result<std::string> DecodeFromUrl(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) {
    return Error{ErrorCode::kInvalidArgument, "not base64url"};
  }
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  while (standard.size() % 4 != 0) standard.push_back('=');
  return DecodeBase64(standard);
}

template <class A>
void Fields(A& archive, SignOnRequest& request, uint64_t& expires) {
  archive.Text(request.slug, 32);
  request.facts.Fields(archive);
  archive.Text(request.relay_state, 1024);
  archive.Long(expires);
  archive.Text(request.fresh_session, 64);
}

template <class A>
void Fields(A& archive, ConversationState& state) {
  archive.Text(state.conversation, protocol::kIdLength);
  archive.Text(state.username, 256);
  archive.Text(state.next, kMaxNextPath);
  archive.Text(state.level, 64);
}

std::string SealFields(const std::vector<SecretString>& keys, std::string_view context,
                       WireWriter& writer, Random& random) {
  const Result<SecretString> text = writer.Finish();
  // Above a bound: nobody can have let it in; what is returned opens nowhere.
  if (!text) return {};
  return EncodeForUrl(crypto::Seal(keys.front(), context, text->Reveal(), random));
}

std::optional<std::string> OpenFields(const std::vector<SecretString>& keys,
                                      std::string_view context, std::string_view sealed) {
  const Result<std::string> bytes = DecodeFromUrl(sealed);
  if (!bytes) return std::nullopt;
  for (const SecretString& key : keys) {
    if (std::optional<std::string> text = crypto::Open(key, context, *bytes)) return text;
  }
  return std::nullopt;
}

}  // namespace

std::string SealSignOnRequest(const std::vector<SecretString>& keys, SignOnRequest request,
                              Random& random) {
  WireWriter writer;
  auto expires = static_cast<uint64_t>(request.expires.time_since_epoch().count());
  Fields(writer, request, expires);
  return SealFields(keys, kSignOnContext, writer, random);
}

std::optional<SignOnRequest> OpenSignOnRequest(const std::vector<SecretString>& keys,
                                               std::string_view sealed, std::string_view slug,
                                               SysSeconds now) {
  const std::optional<std::string> text = OpenFields(keys, kSignOnContext, sealed);
  if (!text) return std::nullopt;
  WireReader reader(*text);
  SignOnRequest request;
  uint64_t expires = 0;
  Fields(reader, request, expires);
  request.expires = SysSeconds(std::chrono::seconds(static_cast<int64_t>(expires)));
  if (!reader.AtEnd() || request.slug != slug || now >= request.expires) return std::nullopt;
  return request;
}

std::string SealConversation(const std::vector<SecretString>& keys, ConversationState state,
                             std::string_view login_cookie, Random& random) {
  WireWriter writer;
  Fields(writer, state);
  return SealFields(keys, ConversationContext(login_cookie), writer, random);
}

std::optional<ConversationState> OpenConversation(const std::vector<SecretString>& keys,
                                                  std::string_view sealed,
                                                  std::string_view login_cookie) {
  const std::optional<std::string> text =
      OpenFields(keys, ConversationContext(login_cookie), sealed);
  if (!text) return std::nullopt;
  WireReader reader(*text);
  ConversationState state;
  Fields(reader, state);
  if (!reader.AtEnd()) return std::nullopt;
  return state;
}

}  // namespace rolebridge::web
