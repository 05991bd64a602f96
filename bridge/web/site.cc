#include "bridge/web/site.h"

#include <utility>

namespace rolebridge::web {

const protocol::ApplicationSettings* WebSettings::FindApplication(std::string_view slug) const {
  for (const protocol::ApplicationSettings& application : reply.applications) {
    if (application.slug == slug) return &application;
  }
  return nullptr;
}

std::shared_ptr<const WebSettings> CurrentSettings::Get() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

void CurrentSettings::Replace(protocol::SettingsReply settings) {
  auto replaced = std::make_shared<const WebSettings>(std::move(settings));
  const std::lock_guard lock(mutex_);
  settings_ = std::move(replaced);
}

}  // namespace rolebridge::web
