#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bridge/config/config_loader.h"
#include "bridge/issuer/service.h"
#include "bridge/issuer/state.h"

namespace rolebridge::issuer {

// The service in force, which a reload replaces. Safe to call from several threads.
class CurrentService {
 public:
  // Reads the configuration, as it is at that moment.
  using Reader = std::function<config::LoadResult()>;

  CurrentService(std::shared_ptr<const Service> first, Reader read, const State& state)
      : read_(std::move(read)), state_(state), service_(std::move(first)) {}

  std::shared_ptr<const Service> Get() const;

  struct Outcome {
    bool is_taken = false;
    std::string config_hash;            // of what is in force now
    std::vector<std::string> problems;  // why it was not taken: all of them, each with its place
    std::vector<std::string> warnings;  // it was, and yet
    std::string gist;  // of problems that tell of people, for everybody's eyes; else empty
  };

  // All or nothing (security.md Y6): the new configuration is read, its keys and secrets loaded,
  // its `tests:` asked, the directory included, and the reload put on record, before anything of it
  // is in force; else the old one stays. `by`: who wanted it, for the record.
  Outcome Reload(const std::string& by);

 private:
  Outcome Try(const std::string& by);
  void Install(std::shared_ptr<const Service> service);

  const Reader read_;
  const State state_;
  std::mutex reloading_;  // one at a time
  mutable std::mutex mutex_;
  std::shared_ptr<const Service> service_;
};

// The bounds of sessions that the configuration asks for.
store::SessionBounds SessionBoundsOf(const config::Config& config);

}  // namespace rolebridge::issuer
