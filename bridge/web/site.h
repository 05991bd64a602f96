#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/protocol/issuer_client.h"
#include "bridge/web/csrf_token.h"
#include "bridge/web/pages.h"
#include "bridge/web/static_files.h"
#include "bridge/web/tls_end.h"

namespace rolebridge::web {

// What the issuer's settings mean for a request.
struct WebSettings {
  explicit WebSettings(protocol::SettingsReply settings)
      : reply(std::move(settings)), csrf(reply.sealing_keys), origin(OriginOf(reply.url)) {}

  const protocol::ApplicationSettings* FindApplication(std::string_view slug) const;

  protocol::SettingsReply reply;
  CsrfTokens csrf;
  std::string origin;  // what our own forms send as Origin
};

// The settings in force; replaced as a whole after a reload of the issuer's configuration, while a
// request keeps those that it began with.
class CurrentSettings {
 public:
  explicit CurrentSettings(protocol::SettingsReply settings) { Replace(std::move(settings)); }

  std::shared_ptr<const WebSettings> Get() const;
  void Replace(protocol::SettingsReply settings);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const WebSettings> settings_;
};

// What every handler works with; made once, in main().
struct Site {
  protocol::IssuerApi& issuer;
  const CurrentSettings& settings;
  const Pages& pages;
  const std::vector<StaticFile>& static_files;
  const Clock& clock;
  Random& random;
  const TlsEnd& tls_end;
};

}  // namespace rolebridge::web
