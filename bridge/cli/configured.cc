#include "bridge/cli/configured.h"

#include <utility>

#include "bridge/config/config_loader.h"
#include "bridge/issuer/open_directory.h"

namespace rolebridge::cli {

Result<config::Config> ReadConfigured(const std::string& path) {
  config::LoadResult loaded = config::LoadConfig(path);
  if (loaded.config) return *std::move(loaded.config);
  std::string text = "'" + path + "' has mistakes:";
  for (const config::Mistake& mistake : loaded.mistakes) {
    text += "\n" + config::ToString(mistake);
  }
  return Error{ErrorCode::kInvalidArgument, text};
}

Result<Configured> OpenConfigured(const std::string& path, const Clock& clock) {
  Result<config::Config> config = ReadConfigured(path);
  if (!config) return config.error();
  auto directory = issuer::OpenDirectory(*config, clock);
  if (!directory) return directory.error();
  return Configured{*std::move(config), *std::move(directory)};
}

}  // namespace rolebridge::cli
