#include "bridge/web/settings_watch.h"

#include <utility>
#include <variant>

#include "bridge/base/log.h"

namespace rolebridge::web {
namespace {

using protocol::Refusal;
using protocol::SettingsReply;
using protocol::StatusReply;

constexpr std::chrono::milliseconds kPause{200};

protocol::Context OwnContext(Random& random) {
  // The issuer takes numeric addresses only (security.md P6); this is about no browser.
  return {.request_id = RandomHex(random, 8), .client_address = "127.0.0.1", .user_agent = ""};
}

Result<SettingsReply> AskSettings(protocol::IssuerApi& issuer, Random& random) {
  protocol::SettingsRequest request{.context = OwnContext(random)};
  auto answer = issuer.Settings(request);
  if (!answer) return answer.error();
  if (std::holds_alternative<Refusal>(*answer)) {
    return Error{ErrorCode::kUnavailable, "the issuer refuses to tell its settings"};
  }
  SettingsReply settings = std::get<SettingsReply>(std::move(*answer));
  if (settings.sealing_keys.empty() || !settings.url.starts_with("http")) {
    return Error{ErrorCode::kInvalidArgument, "the issuer's settings lack a URL or a sealing key"};
  }
  return settings;
}

}  // namespace

Result<SettingsReply> AwaitSettings(protocol::IssuerApi& issuer, Random& random,
                                    std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (bool logged = false;;) {
    Result<SettingsReply> settings = AskSettings(issuer, random);
    if (settings || settings.error().code == ErrorCode::kInvalidArgument) return settings;
    if (!logged) {
      Log(LogPriority::kNotice, "waiting_for_issuer", {{"reason", settings.error().message}});
      logged = true;
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return Error{ErrorCode::kDeadlineExceeded, settings.error().message};
    }
    std::this_thread::sleep_for(kPause);
  }
}

SettingsWatch::SettingsWatch(protocol::IssuerApi& issuer, CurrentSettings& settings, Random& random,
                             std::chrono::milliseconds interval)
    : issuer_(issuer),
      settings_(settings),
      random_(random),
      interval_(interval),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void SettingsWatch::LookOnce() {
  protocol::StatusRequest request{.context = OwnContext(random_)};
  const auto answer = issuer_.Status(request);
  // An issuer that is away is told to whoever asks for something; here it is no event.
  const auto* status = answer ? std::get_if<StatusReply>(&*answer) : nullptr;
  if (status == nullptr || status->config_hash == settings_.Get()->reply.config_hash) return;
  Result<SettingsReply> settings = AskSettings(issuer_, random_);
  if (!settings) {
    Log(LogPriority::kWarning, "settings_not_replaced", {{"reason", settings.error().message}});
    return;
  }
  Log(LogPriority::kNotice, "settings_replaced", {{"config_hash", settings->config_hash}});
  settings_.Replace(std::move(*settings));
}

void SettingsWatch::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, interval_, [] { return false; });
    if (!stop.stop_requested()) LookOnce();
  }
}

}  // namespace rolebridge::web
