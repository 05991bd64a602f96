#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/secret_string.h"
#include "bridge/protocol/protocol.h"

namespace rolebridge::web {

// What travels through the browser and back: sealed with the issuer's sealing keys, so that it can
// neither be read nor changed there, and written as base64url, so that it can stand in a query.

// An AuthnRequest between its arrival (perhaps cross-site, without our cookie) and the answer
// (security.md B3).
struct SignOnRequest {
  static constexpr std::chrono::minutes kLifetime{10};

  std::string slug;
  protocol::RequestFacts facts;
  std::string relay_state;
  SysSeconds expires{};
  // With ForceAuthn: SHA-256 in hex of the session that was made after the request came (I6).
  std::string fresh_session;
};

// A conversation under way. Opens only for the browser whose login cookie it was sealed for.
struct ConversationState {
  std::string conversation;
  std::string username;  // as it was typed, to be shown
  std::string next;      // an allowed one, see next_path.h
  std::string level;     // of a step-up; empty: a login
};

// `keys`: the first seals, all open.
std::string SealSignOnRequest(const std::vector<SecretString>& keys, SignOnRequest request,
                              Random& random);
// Nothing where it was changed, sealed for another application, or is too old.
std::optional<SignOnRequest> OpenSignOnRequest(const std::vector<SecretString>& keys,
                                               std::string_view sealed, std::string_view slug,
                                               SysSeconds now);

std::string SealConversation(const std::vector<SecretString>& keys, ConversationState state,
                             std::string_view login_cookie, Random& random);
std::optional<ConversationState> OpenConversation(const std::vector<SecretString>& keys,
                                                  std::string_view sealed,
                                                  std::string_view login_cookie);

}  // namespace rolebridge::web
